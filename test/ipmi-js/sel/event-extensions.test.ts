import { describe, expect, test } from "bun:test";
import { extensionWords } from "../../../src/ipmi-js/sel/event-extensions.ts";
import { freeIpmiPrelude, hasLibFreeIpmi, runPython } from "../foreign-python.ts";

type Texts = (string | null)[];
const isTexts = (value: unknown): value is Texts =>
  Array.isArray(value) && value.every((item) => item === null || typeof item === "string");
const isTable = (value: unknown): value is Record<string, Texts> =>
  typeof value === "object" && value !== null && Object.values(value).every(isTexts);

/** FreeIPMI's words for all values of a byte, by "sensor type/offset"; left out where it has none. */
function freeIpmi(call: string): Record<string, Texts> {
  const table = runPython(`${freeIpmiPrelude}
from ctypes import c_uint8, c_uint
table = {}
for kind in range(1, 45):
    for offset in range(15):
        texts = [${call} for byte in range(256)]
        if any(texts): table["%d/%d" % (kind, offset)] = texts
json.dump(table, sys.stdout)
`);
  if (!isTable(table)) throw new RangeError("python3 wrote no table of texts");
  return table;
}

const places = Array.from({ length: 0x2c }, (_, index) => index + 1).flatMap((sensorType) =>
  Array.from({ length: 15 }, (_, offset) => ({ sensorType, offset, place: `${sensorType}/${offset}` })),
);
const bytes = Array.from({ length: 256 }, (_, byte) => byte);

const hexadecimal = /\b([0-9A-F]{2,})h\b/g;
/** Numbers in words, the hexadecimal ones as decimal: what is told by a number must be the same number. */
const numbersIn = (text: string): number[] =>
  (
    text.replaceAll(hexadecimal, (_, digits: string) => String(Number.parseInt(digits, 16))).match(/\b\d+\b/g) ?? []
  ).map(Number);

/** Whether any of its parts says more than that it is reserved. */
const says = (text: string | null | undefined): text is string =>
  typeof text === "string" && text.split(";").some((part) => !/^\s*(reserved|.*=)?\s*$/.test(part));

/** Places where one has words and the other none, or other numbers, each with the first value for which it is so. */
function differences(
  table: Record<string, Texts>,
  oursOf: (sensorType: number, offset: number, byte: number) => string | undefined,
) {
  return places.flatMap(({ sensorType, offset, place }) => {
    const byte = bytes.find((candidate) => {
      const mine = oursOf(sensorType, offset, candidate);
      const theirs = table[place]?.[candidate];
      if (mine === undefined || !says(theirs)) return (mine === undefined) === says(theirs);
      return numbersIn(mine).some((number) => !numbersIn(theirs).includes(number));
    });
    return byte === undefined
      ? []
      : [{ place, byte, mine: oursOf(sensorType, offset, byte), theirs: table[place]?.[byte] }];
  });
}

describe("the sensor-specific extensions of event data", () => {
  // Table 42-3, where FreeIPMI differs or tells it in other words.
  test("are those of the table", () => {
    expect(extensionWords(0x12, 3, 0x21, 0)).toEqual({
      data2: "entry added along with one or more SEL entries, OEM 1 log",
      data3: undefined,
    });
    expect(extensionWords(0x12, 4, 0b10_1001, 0).data2).toBe("alert, power cycle, diagnostic interrupt (NMI)");
    expect(extensionWords(0x12, 4, 0, 0).data2).toBeUndefined();
    expect(extensionWords(0x12, 5, 0x81, 0).data2).toBe("SDR time stamp clock updated, second of pair");
    expect(extensionWords(0x10, 1, 0x6f, 0x13)).toEqual({
      data2: "event/reading type 6Fh",
      data3: "offset 3, assertion events",
    });
    expect(extensionWords(0x10, 1, 0x6f, 0x20).data3).toBe("all events of the type");
    expect(extensionWords(0x19, 0, 0x0d, 0x0d)).toEqual({
      data2: undefined,
      data3: "power state at time of request: unknown",
    });
    expect(extensionWords(0x23, 1, 0x2f, 0).data2).toBe("interrupt: NMI, timer use at expiration: unspecified");
    expect(extensionWords(0x28, 5, 0x80, 0x03)).toEqual({
      data2: "logical FRU device, LUN 0, private bus 0",
      data3: "FRU device id 3",
    });
    expect(extensionWords(0x28, 5, 0x0a, 0xa1)).toEqual({
      data2: "no logical FRU device, LUN 1, private bus 2",
      data3: "slave address A0h",
    });
    expect(extensionWords(0x2a, 1, 0x03, 0x21)).toEqual({
      data2: "user id 3",
      data3: "deactivated by timeout, channel 1",
    });
    expect(extensionWords(0x2c, 4, 0x32, 0).data2).toBe(
      "previous state: FRU activation requested, operator pressed the hot swap button",
    );
    expect(extensionWords(0x01, 0, 1, 1)).toEqual({ data2: undefined, data3: undefined });
  });

  test.skipIf(!hasLibFreeIpmi)("of the second byte are known where FreeIPMI knows them (libfreeipmi)", () => {
    const table = freeIpmi(`message("ipmi_get_event_data2_message", c_uint8(kind), c_uint(offset), c_uint8(byte))`);
    expect(Object.keys(table).length).toBeGreaterThan(60);
    const found = differences(table, (type, offset, byte) => extensionWords(type, offset, byte, 0).data2);
    expect(found.map(({ place }) => place)).toEqual([
      // Auxiliary log: action in bits 7:4 and type in 3:0, which FreeIPMI has the other way round.
      "18/3",
      // PEF actions, which FreeIPMI leaves out.
      "18/4",
      // Session audit: the user's id is "for the preceding offsets", all of them.
      "42/1",
      "42/2",
      "42/3",
    ]);
  });

  test.skipIf(!hasLibFreeIpmi)("of the third byte are known where FreeIPMI knows them (libfreeipmi)", () => {
    const table = freeIpmi(
      `message("ipmi_get_event_data3_message", c_uint8(kind), c_uint(offset), c_uint8(0), c_uint8(byte))`,
    );
    expect(Object.keys(table).length).toBeGreaterThan(20);
    const found = differences(table, (type, offset, byte) => extensionWords(type, offset, 0, byte).data3);
    expect(found.map(({ place, byte }) => `${place} ${byte}`)).toEqual([
      // The memory module of any memory event. FreeIPMI takes the table's note for one on its row, offset 8.
      ...[0, 1, 2, 3, 4, 5, 6, 7, 9, 10].map((offset) => `12/${offset} 0`),
      // 65h and more are no percentage.
      "16/5 101",
      // The lowest bit of a slave address is reserved.
      "40/5 1",
      // Offsets that the table does not have.
      ...Array.from({ length: 11 }, (_, index) => `42/${index + 4} 0`),
    ]);
  });
});
