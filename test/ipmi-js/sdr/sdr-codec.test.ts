import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { decodeSdr, encodeSdr } from "../../../src/ipmi-js/sdr/sdr-codec.ts";
import type { SdrRecord } from "../../../src/ipmi-js/sdr/records.ts";
import { expectedBmc, repositoryRecords } from "../decoded-fixtures.ts";

const records = repositoryRecords();

/** The only error that a decoder may throw. */
function errorOf(run: () => unknown): IpmiError {
  try {
    run();
  } catch (error) {
    if (error instanceof IpmiError) return error;
    throw error;
  }
  throw new RangeError("nothing was thrown");
}

describe("a repository that ipmitool read", () => {
  test("decodes into records of every kind, with names, numbers, types and factors as they were made", () => {
    const decoded = records.map(decodeSdr);
    expect(decoded.map(({ kind }) => kind)).toEqual([
      "mc-device-locator",
      ...(["fru-device-locator", "fru-device-locator"] as const),
      ...expectedBmc.sensors.map(({ record }) => {
        if (record === "full") return "full-sensor";
        return record === "compact" ? "compact-sensor" : "event-only";
      }),
      "raw",
    ]);
    const sensors = decoded.filter((record) => "number" in record);
    const keys = sensors.map(({ number, id, sensorType, entityId, entityInstance }) => ({
      number,
      name: id.text,
      type: sensorType,
      entity: [entityId, entityInstance],
    }));
    expect<readonly object[]>(keys).toEqual(
      expectedBmc.sensors.map(({ number, name, type, entity }) => ({ number, name, type, entity })),
    );
  });

  test("has the factors, units, states and counts that it was made with", () => {
    const full = records.map(decodeSdr).filter((record) => record.kind === "full-sensor");
    expect(
      full.map((record) => [
        [record.number, record.baseUnit, record.isPercentage, record.linearization],
        [record.m, record.b, record.bExponent, record.resultExponent],
      ]),
    ).toEqual(
      expectedBmc.sensors.flatMap((sensor) =>
        sensor.record === "full"
          ? [
              [
                [sensor.number, sensor.unit, sensor.percent, sensor.linearization],
                [sensor.m, sensor.b, sensor.bExp, sensor.rExp],
              ],
            ]
          : [],
      ),
    );
    const compact = records.map(decodeSdr).filter((record) => record.kind === "compact-sensor");
    expect(compact.map(({ number, readingMask, shareCount }) => [number, readingMask, shareCount])).toEqual(
      expectedBmc.sensors.flatMap((sensor) =>
        sensor.record === "compact" ? [[sensor.number, sensor.mask, sensor.share]] : [],
      ),
    );
  });

  test("is made again, byte by byte, of what was decoded", () => {
    for (const record of records) expect(encodeSdr(decodeSdr(record))).toEqual(record);
  });

  test("decodes the same where a BMC sends bytes beyond a record's end", () => {
    for (const record of records) {
      const padded = new Uint8Array(record.length + 6);
      padded.set(record);
      expect(decodeSdr(padded)).toEqual(decodeSdr(record));
    }
  });

  test("tells locators' addresses, capabilities and devices", () => {
    const [mc, fru0, fru1] = records.slice(0, 3).map(decodeSdr);
    expect(mc).toMatchObject({
      address: 0x20,
      channel: 0,
      isStatic: false,
      eventGeneration: "enable",
      isChassisDevice: true,
      isBridge: false,
      isEventGenerator: true,
      isEventReceiver: true,
      isFruDevice: true,
      isSelDevice: true,
      isSdrRepository: true,
      isSensorDevice: true,
      entityId: 0x2e,
      entityInstance: 1,
      id: { text: "LW BMC" },
    });
    expect(fru0).toMatchObject({ accessAddress: 0x20, deviceId: 0, isLogical: true, deviceType: 0x10, entityId: 7 });
    expect(fru1).toMatchObject({ deviceId: 1, isLogical: true, entityId: 10, id: { text: "PSU0", encoding: "8-bit" } });
  });

  test("keeps OEM records as they are", () => {
    expect(decodeSdr(records.at(-1)!)).toEqual({
      kind: "raw",
      recordId: records.length,
      version: 0x51,
      recordType: 0xc0,
      body: new Uint8Array([0xd9, 0x7e, 0x00, 0x4c, 0x4e, 0x54]),
    });
  });
});

describe("a damaged record", () => {
  const record = records[3]!;

  test("of which bytes are missing is refused with the evidence", () => {
    for (let length = 0; length < record.length; length++) {
      const error = errorOf(() => decodeSdr(record.subarray(0, length)));
      expect(error.code).toBe("damaged-data");
      expect(error.detail.received).toBe(Buffer.from(record.subarray(0, length)).toString("hex"));
    }
  });

  test("that declares less than its type needs is refused", () => {
    const short = record.slice();
    short[4] = 30;
    const error = errorOf(() => decodeSdr(short));
    expect(error.code).toBe("damaged-data");
    expect(error.message).toBe("SDR 0004h is damaged: record type 01h has 35 bytes where 47 are needed");
  });

  test("whose id claims more than there is keeps what there is", () => {
    const lying = record.slice();
    lying[47] = 0xdf;
    expect(decodeSdr(lying)).toMatchObject({ id: { text: "CPU0 Temp", encoding: "8-bit" } });
  });

  test("that ends before its id has an empty one", () => {
    const nameless = record.slice(0, 47);
    nameless[4] = 42;
    expect(decodeSdr(nameless)).toMatchObject({ kind: "full-sensor", m: 1, id: { text: "" } });
  });

  test("makes no sequence of bytes throw anything but an IpmiError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(1, 2, 3, 0x11, 0x12, 0xc0), (bytes, type) => {
        if (bytes.length > 4) {
          bytes[3] = type;
          bytes[4] = Math.min(bytes[4]!, bytes.length - 5);
        }
        let decoded: SdrRecord;
        try {
          decoded = decodeSdr(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(IpmiError);
          return;
        }
        expect(decodeSdr(encodeSdr(decoded)).kind).toBe(decoded.kind);
      }),
      { numRuns: 2000 },
    );
  });
});

const withId = (id: readonly number[]): SdrRecord =>
  decodeSdr(new Uint8Array([1, 0, 0x51, 0x11, 10 + id.length, 0x20, 0, 0x80, 0, 0, 0x10, 0, 7, 1, 0, ...id]));

const idOf = (id: readonly number[]) => {
  const record = withId(id);
  return record.kind === "fru-device-locator" ? record.id : undefined;
};

describe("an id string", () => {
  // The specification's example: "IPMI" is 29h DCh A6h. Section 43.15
  test("in 6-bit packed ASCII is the specification's example", () => {
    expect(idOf([0x83, 0x29, 0xdc, 0xa6])).toEqual({ text: "IPMI", encoding: "6-bit-ascii" });
    expect(encodeSdr(withId([0x83, 0x29, 0xdc, 0xa6])).slice(-4)).toEqual(new Uint8Array([0x83, 0x29, 0xdc, 0xa6]));
  });

  test("in BCD plus has digits and six signs, the high nibble first", () => {
    expect(idOf([0x44, 0x12, 0x90, 0xab, 0xcd])).toEqual({ text: "1290 -.:", encoding: "bcd-plus" });
    expect(idOf([0x41, 0xef])).toEqual({ text: ",_", encoding: "bcd-plus" });
    expect(encodeSdr(withId([0x44, 0x12, 0x90, 0xab, 0xcd])).at(-3)).toBe(0x90);
  });

  test("in 8-bit Latin-1 has each byte as it is, up to a zero", () => {
    expect(idOf([0xc3, 0x54, 0xb0, 0x80])).toEqual({ text: "T°\u0080", encoding: "8-bit" });
    expect(idOf([0xc4, 0x41, 0x00, 0x42, 0x43])).toEqual({ text: "A", encoding: "8-bit" });
  });

  test("in Unicode is read without the zeros of UTF-16", () => {
    expect(idOf([0x04, 0x46, 0x00, 0x31, 0x00])).toEqual({ text: "F1", encoding: "unicode" });
  });

  test("of no bytes is empty", () => {
    expect(idOf([0xc0])).toEqual({ text: "", encoding: "8-bit" });
  });

  test("that is too long, or has characters that its encoding lacks, is not encoded", () => {
    const record = withId([0xc1, 0x41]);
    if (record.kind !== "fru-device-locator") throw new RangeError(record.kind);
    const renamed = (text: string, encoding: "8-bit" | "bcd-plus" | "6-bit-ascii") => () =>
      encodeSdr({ ...record, id: { text, encoding } });
    expect(renamed("x".repeat(32), "8-bit")).toThrow(RangeError);
    expect(renamed("A", "bcd-plus")).toThrow(RangeError);
    expect(renamed("lower", "6-bit-ascii")).toThrow(RangeError);
    expect(renamed("€", "8-bit")).toThrow(RangeError);
    expect(renamed("x".repeat(31), "8-bit")()).toHaveLength(15 + 32);
  });
});
