/** What a correct client decodes of a simulated BMC: its expected.json, made by test/support/ipmi-sim/mkbmc.py from its tables. */
import { Type, type Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

const text = Type.String();
const number = Type.Number();

const User = Type.Object({
  id: number,
  enabled: Type.Boolean(),
  name: text,
  password: text,
  /** The highest level: "admin", "operator", "user", "callback". */
  privilege: text,
  /** Sessions at a time. */
  sessions: number,
});

const common = { number, name: text, type: number, entity: Type.Tuple([number, number]) };

/** Keys: lnr, lc, lnc, unc, uc, unr; values converted. */
const thresholds = Type.Record(Type.String(), number);

const FullSensor = Type.Object({
  ...common,
  record: Type.Literal("full"),
  /** The base unit's number (IPMI 2.0 table 43-15). */
  unit: number,
  percent: Type.Boolean(),
  raw: number,
  /** 0 unsigned, 1 one's complement, 2 two's complement. */
  format: number,
  linearization: number,
  m: number,
  b: number,
  bExp: number,
  rExp: number,
  /** False where scanning is off or no sensor is behind the record. */
  readable: Type.Boolean(),
  value: Type.Union([number, Type.Null()]),
  thresholds,
});

const CompactSensor = Type.Object({
  ...common,
  record: Type.Literal("compact"),
  eventType: number,
  /** Numbers of the bits that are set. */
  states: Type.Array(number),
  mask: number,
  share: number,
  /** Of a shared record: sensor number as "0x50" to the numbers of its bits that are set. */
  shared: Type.Optional(Type.Record(Type.String(), Type.Array(number))),
});

const EventOnlySensor = Type.Object({ ...common, record: Type.Literal("event-only"), eventType: number });

const Fru = Type.Object({
  chassis: Type.Union([Type.Null(), Type.Object({ type: number, part: text, serial: text, extra: Type.Array(text) })]),
  board: Type.Union([
    Type.Null(),
    Type.Object({
      mfg: text,
      product: Type.Optional(text),
      serial: text,
      part: text,
      file: text,
      extra: Type.Array(text),
      /** Minutes since 1996-01-01 00:00. */
      minutes: number,
    }),
  ]),
  product: Type.Union([
    Type.Null(),
    Type.Object({
      mfg: text,
      name: text,
      part: text,
      version: text,
      serial: text,
      asset: text,
      file: text,
      extra: Type.Array(text),
    }),
  ]),
});

const Bmc = Type.Object({
  name: text,
  host: text,
  port: number,
  /** 32 hexadecimal digits. */
  guid: text,
  manufacturer: number,
  product: number,
  firmware: text,
  users: Type.Array(User),
  sensors: Type.Array(Type.Union([FullSensor, CompactSensor, EventOnlySensor])),
  /** By FRU device id. */
  fru: Type.Record(Type.String(), Fru),
  /** Record type, and the 13 bytes that follow it. */
  sel: Type.Array(Type.Object({ type: number, bytes: Type.Array(number) })),
});

export type ExpectedBmc = Static<typeof Bmc>;

/** Reads the text of an expected.json; throws where mkbmc.py writes something else than is declared here. */
export function parseExpected(json: string): ExpectedBmc {
  return Value.Parse(Bmc, JSON.parse(json));
}
