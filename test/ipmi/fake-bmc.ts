import {
  type ChassisStatus,
  getChassisStatus,
  getDeviceId,
  IpmiError,
  type ReadableSensor,
  type SensorReading,
  decodeSdrs,
} from "ipmi-js";
import type { BootTarget } from "../../src/devices/command.ts";
import { boardId } from "../../src/devices/ids.ts";
import type { Bmc, BootSelection, FruContents, IdentifyMode, SdrContents } from "../../src/ipmi/bmc.ts";
import type { BmcBoardServices } from "../../src/ipmi/bmc-board.ts";
import type { BmcDefinition } from "../../src/ipmi/bmc-definition.ts";
import { defaultDiscoveryPolicy } from "../../src/ipmi/bmc-discovery.ts";
import type { BmcEvents } from "../../src/ipmi/bmc-events.ts";
import { defaultLinkPolicy } from "../../src/ipmi/bmc-link.ts";
import { noStore, type InventoryStore } from "../../src/ipmi/inventory-cache.ts";
import { IpmiBackend } from "../../src/ipmi/ipmi-backend.ts";
import { defaultSettlePolicy } from "../../src/ipmi/power.ts";
import { Secret } from "../../src/ipmi/secret.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

/** Base units. @see IPMI 2.0, table 43-15 */
export const units = {
  celsius: 1,
  fahrenheit: 2,
  kelvin: 3,
  volt: 4,
  ampere: 5,
  watt: 6,
  joule: 7,
  cfm: 17,
  rpm: 18,
  hertz: 19,
};

interface SdrParts {
  readonly number: number;
  readonly name?: string;
  readonly unit?: number;
  readonly owner?: number;
  readonly lun?: number;
  readonly entity?: number;
  readonly percent?: boolean;
  /** Byte 21, bits 5:1: rate and relation. */
  readonly unitBits?: number;
  readonly modifier?: number;
}

/** A full sensor record, byte by byte, of an unsigned linear sensor whose value is its raw reading. @see IPMI 2.0, table 43-1 */
export function sdr(parts: SdrParts): Uint8Array {
  const { number, name = `S${number}`, unit = units.celsius, owner = 0x20, lun = 0, entity = 7 } = parts;
  const bytes = new Uint8Array(48 + name.length);
  bytes.set([number, 0, 0x51, 0x01, bytes.length - 5, owner, lun, number, entity, 1, 0x7f, 0x68, 0x01, 0x01]);
  bytes[20] = (parts.unitBits ?? 0) | (parts.percent ? 1 : 0);
  bytes[21] = unit;
  bytes[22] = parts.modifier ?? 0;
  bytes[24] = 1;
  bytes[47] = 0xc0 | name.length;
  bytes.set(new TextEncoder().encode(name), 48);
  return bytes;
}

/** What a silent BMC costs whoever asks it. */
export const TIMEOUT_MS = 4000;

export const timeout = (mayHaveBeenCarriedOut = false) =>
  new IpmiError("timeout", "No answer came within 4 s", { attempts: 4, mayHaveBeenCarriedOut });

/** A BMC without a network. Tests set what it answers. */
export class FakeBmc implements Bmc {
  readonly #clock: Clock;
  /** What it was asked, in order. */
  readonly asked: string[] = [];
  /** Asked and not yet answered, at most, at any time. */
  mostAtOnce = 0;
  #atOnce = 0;
  /** How each question ends: after so long, and with an error where there is one. */
  delayMs = 0;
  failure: ((what: string) => Error | undefined) | undefined;
  isSilent = false;
  isClosed = false;

  deviceId = getDeviceId.reply.decode(
    // As ipmi_sim's README and mkbmc.py have it: firmware 3.45, manufacturer 32473, product 0807h.
    Uint8Array.of(0x20, 0x01, 0x03, 0x45, 0x02, 0xbf, 0xd9, 0x7e, 0x00, 0x07, 0x08),
  );
  stamp = "1";
  records: readonly Uint8Array[] = [
    sdr({ number: 1, name: "CPU Temp" }),
    sdr({ number: 0x10, name: "Fan", unit: units.rpm }),
  ];
  sdrProblems: readonly string[] = [];
  areSdrsComplete = true;
  fru: FruContents = { asset: { board: { manufacturer: "Lanternworks" } }, problems: [] };
  values = new Map<number, number | Exclude<SensorReading, { kind: "analog" }>>([
    [1, 47],
    [0x10, 7200],
  ]);
  status: ChassisStatus = getChassisStatus.reply.decode(Uint8Array.of(0x01, 0x00, 0x00));
  powerW: number | undefined;
  boot: BootSelection = { target: "no_override", device: "no-override", isValid: false };
  /** What the chassis does when it is told to; by default it obeys at once. */
  onControl = (control: "on" | "off" | "cycle") => this.setPower(control !== "off");
  onIdentify: (mode: IdentifyMode) => void = () => undefined;
  onBoot: (target: BootTarget) => void = (target) => {
    this.boot = { target, device: target, isValid: true };
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  setPower(isOn: boolean): void {
    this.status = { ...this.status, isOn };
  }

  countOf(what: string): number {
    return this.asked.filter((each) => each === what).length;
  }

  getDeviceId = () => this.#answer("device-id", () => this.deviceId);
  getSdrStamp = () => this.#answer("stamp", () => this.stamp);
  readSdrs = () => this.#answer("sdrs", () => this.#sdrContents());
  readFru = () => this.#answer("fru", () => this.fru);
  getChassisStatus = () => this.#answer("status", () => this.status);
  controlChassis = (control: "on" | "off" | "cycle") => this.#answer(`power ${control}`, () => this.onControl(control));
  identify = (mode: IdentifyMode) => this.#answer(`identify ${mode}`, () => this.onIdentify(mode));
  readPowerW = () => this.#answer("watts", () => this.powerW);
  getBootSelection = () => this.#answer("boot", () => this.boot);
  setBootTarget = (target: BootTarget) =>
    this.#answer(`boot ${target}`, () => {
      this.onBoot(target);
      return this.boot;
    });
  readSensor = (sensor: ReadableSensor) =>
    this.#answer(`sensor ${sensor.number}`, (): SensorReading => {
      const value = this.values.get(sensor.number) ?? { kind: "unavailable", reason: "not-present" };
      if (typeof value !== "number") return value;
      if (!sensor.analog) throw new Error("the fake has analog sensors alone");
      return { kind: "analog", value, unit: sensor.analog.unit, raw: value & 0xff, state: "ok", states: [] };
    });

  #sdrContents(): SdrContents {
    const { records } = decodeSdrs(this.records);
    return {
      stamp: this.stamp,
      raw: this.records,
      records,
      problems: this.sdrProblems,
      isComplete: this.areSdrsComplete,
    };
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.asked.push("close");
    return Promise.resolve();
  }

  async #answer<T>(what: string, answer: () => T): Promise<T> {
    this.asked.push(what);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      if (this.isSilent) await this.#pass(TIMEOUT_MS);
      else if (this.delayMs > 0) await this.#pass(this.delayMs);
      if (this.isClosed) throw new IpmiError("closed", "The client was closed");
      if (this.isSilent) throw timeout();
      const failure = this.failure?.(what);
      if (failure) throw failure;
      return answer();
    } finally {
      this.#atOnce--;
    }
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}

export const definitionOf = (n: number, more: Partial<BmcDefinition> = {}): BmcDefinition => ({
  board: boardId(0x40000000 + n),
  host: `192.0.2.${n}`,
  port: 623,
  name: `bmc ${n}`,
  username: "u",
  password: new Secret(`password ${n}`),
  privilege: "administrator",
  cipherSuite: "auto",
  ...more,
});

/** Everything that was told, as texts. */
export class EventLog implements BmcEvents {
  readonly lines: string[] = [];

  note(line: string): void {
    this.lines.push(line);
  }
  up(bmc: string): void {
    this.note(`${bmc} up`);
  }
  down(bmc: string, { message }: Error): void {
    this.note(`${bmc} down: ${message}`);
  }
  stillDown(bmc: string, _: Error, nextMs: number): void {
    this.note(`${bmc} still down, next in ${nextMs}`);
  }
  inventoried(bmc: string, sensors: number, source: string): void {
    this.note(`${bmc} has ${sensors} sensors (${source})`);
  }
  damaged(bmc: string, problems: readonly string[]): void {
    this.note(`${bmc}: ${problems.join("; ")}`);
  }
  failed(bmc: string, what: string, { message }: Error): void {
    this.note(`${bmc}: ${what}: ${message}`);
  }
}

export interface Rack {
  readonly backend: IpmiBackend;
  readonly clock: ManualClock;
  /** Of each definition so far, by host, the BMCs that were opened for it. */
  readonly opened: Map<string, FakeBmc[]>;
  readonly events: EventLog;
  readonly bmc: (n?: number) => FakeBmc;
}

export interface RackOptions {
  readonly definitions?: readonly BmcDefinition[];
  readonly clock?: ManualClock;
  readonly store?: InventoryStore;
  readonly queueLimit?: number;
  /** Sets a BMC up before it is asked anything. */
  readonly prepare?: (bmc: FakeBmc, definition: BmcDefinition) => void;
}

/** A back end over fakes. Nothing has been asked yet when it returns. */
export function openRack(options: RackOptions = {}): Rack {
  const { definitions = [definitionOf(1)], clock = new ManualClock(), store = noStore, queueLimit = 8 } = options;
  const opened = new Map<string, FakeBmc[]>();
  const events = new EventLog();
  const services: BmcBoardServices = {
    openBmc(definition) {
      const bmc = new FakeBmc(clock);
      options.prepare?.(bmc, definition);
      opened.set(definition.host, [...(opened.get(definition.host) ?? []), bmc]);
      return bmc;
    },
    store,
    clock,
    random: () => 0.5,
    events,
    link: { ...defaultLinkPolicy, idleMs: 20_000 },
    discovery: defaultDiscoveryPolicy,
    settle: defaultSettlePolicy,
    queueLimit,
  };
  const backend = new IpmiBackend(definitions, services);
  return {
    backend,
    clock,
    opened,
    events,
    bmc: (n = 1) => {
      const bmc = opened.get(`192.0.2.${n}`)?.at(-1);
      if (!bmc) throw new Error(`BMC ${n} was not opened`);
      return bmc;
    },
  };
}

/** A back end whose BMCs have been discovered. */
export async function openKnownRack(options: RackOptions = {}): Promise<Rack> {
  const rack = openRack(options);
  for (let turn = 0; turn < 5; turn++) await settle();
  return rack;
}
