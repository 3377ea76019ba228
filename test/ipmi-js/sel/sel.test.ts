import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { decodeSdr } from "../../../src/ipmi-js/sdr/sdr-codec.ts";
import {
  decodeSelEntry,
  encodeSelEntry,
  type SelEntry,
  type SystemEventEntry,
} from "../../../src/ipmi-js/sel/entry.ts";
import { describeEvent, indexSensors } from "../../../src/ipmi-js/sel/describe-event.ts";
import { selTime } from "../../../src/ipmi-js/sel/sel-time.ts";
import { sensorsOf } from "../../../src/ipmi-js/sensors/sensors-of.ts";
import { expectedBmc, repositoryRecords, tableOf } from "../decoded-fixtures.ts";

const sensors = indexSensors(sensorsOf(repositoryRecords().map(decodeSdr)));
const rawEntries = expectedBmc.sel.map(({ type, bytes }, index) => new Uint8Array([index + 1, 0, type, ...bytes]));
const entries = rawEntries.map(decodeSelEntry);

const event = (...bytes: readonly number[]): SystemEventEntry => {
  const entry = decodeSelEntry(new Uint8Array([1, 0, 2, ...bytes]));
  if (entry.kind !== "system-event") throw new RangeError(entry.kind);
  return entry;
};
const systemEvent = (entry: SelEntry | undefined) => {
  if (entry?.kind !== "system-event") throw new RangeError(String(entry?.kind));
  return describeEvent(entry, sensors);
};

/** Time stamp, generator, format version of the events made below. */
const head = [0x72, 0xbb, 0xbd, 0x65, 0x20, 0x00, 0x04] as const;

describe("the log of a simulated BMC", () => {
  test("has the kinds of entries that it was made of, and becomes the same bytes again", () => {
    expect(entries.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 6 }, () => "system-event" as const),
      "oem-timestamped",
      "oem",
    ]);
    expect(entries.map(encodeSelEntry)).toEqual(rawEntries);
  });

  test("has ipmitool's times, names, directions, readings and thresholds", () => {
    const rows = tableOf("ipmitool-sel-elist.txt");
    const received = entries.slice(0, 6).map((entry) => {
      const { time, direction, trigger, sensor } = systemEvent(entry);
      return {
        seconds: time.kind === "unknown" ? undefined : time.seconds,
        name: sensor?.name ?? "",
        direction,
        values: trigger && [trigger.reading, trigger.threshold, trigger.unit.name],
      };
    });
    const expected = rows.slice(0, 6).map(([, date, time, name, , direction, values]) => {
      const [month, day, year] = (date ?? "").split("/");
      const seconds =
        date === "Pre-Init" ? Number(time) : Date.parse(`20${year}-${month}-${day}T${time!.slice(0, 8)}Z`) / 1000;
      const numbers = /^Reading ([\d.]+) [<>] Threshold ([\d.]+) (.*)$/.exec(values ?? "");
      return {
        seconds,
        // It puts the sensor's type before the name, and for want of a name the type alone.
        name: name === "System Event" ? "" : name!.replace(/^(Power Supply|Temperature|System Event) /, ""),
        direction: direction!.toLowerCase(),
        values: numbers ? [Number(numbers[1]), Number(numbers[2]), numbers[3]] : undefined,
      };
    });
    expect<readonly object[]>(received).toEqual(expected);
  });

  test("says what FreeIPMI says, in our words", () => {
    const words = entries.slice(0, 6).map((entry) => {
      const { sensorTypeName, event: name, details } = systemEvent(entry);
      return [sensorTypeName, name].concat(details);
    });
    expect(words).toEqual([
      ["Power Supply", "presence detected"],
      ["Temperature", "upper non-critical going high"],
      ["Temperature", "upper non-critical going high"],
      ["Power Supply", "input lost (AC/DC)"],
      ["System Event", "OEM system boot event"],
      ["System Event", "timestamp clock synch", "SEL time stamp clock updated, first of pair"],
    ]);
    const types = tableOf("freeipmi-sel.txt")
      .slice(1, 7)
      .map((row) => row[4]);
    expect(words.map(([type]) => type)).toEqual(types);
  });

  test("has OEM entries with what the specification knows of them", () => {
    expect(entries[6]).toEqual({
      kind: "oem-timestamped",
      recordId: 7,
      recordType: 0xc5,
      timestamp: 1_706_933_169,
      manufacturerId: 32_473,
      data: new Uint8Array([1, 2, 3, 4, 5, 6]),
    });
    expect(entries[7]).toEqual({
      kind: "oem",
      recordId: 8,
      recordType: 0xe1,
      data: new Uint8Array([0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    });
  });

  test("says who made an event: the BMC, or software", () => {
    expect(systemEvent(entries[0]).generator).toEqual({ kind: "controller", address: 0x20, channel: 0, lun: 0 });
    expect(systemEvent(entries[5]).generator).toEqual({
      kind: "software",
      softwareId: 0x20,
      name: "system management software",
    });
  });
});

const nameOf = (generatorId: number) => {
  const { generator } = describeEvent(event(0, 0, 0, 0, generatorId, 0, 4, 1, 1, 1, 0, 0, 0));
  return generator.kind === "software" ? generator.name : generator.kind;
};

describe("an event", () => {
  // Table 5-4, by the ids as they stand in records: BIOS 01h–1Fh, SMI handler 21h–3Fh, system management software 41h–5Fh ...
  test("by software says which kind of it", () => {
    expect([0x01, 0x1f, 0x21, 0x3f, 0x41, 0x5f, 0x61, 0x7f, 0x81, 0x8d, 0x8f, 0x91].map(nameOf)).toEqual([
      "BIOS",
      "BIOS",
      "SMI handler",
      "SMI handler",
      "system management software",
      "system management software",
      "OEM software",
      "OEM software",
      "remote console software",
      "remote console software",
      "terminal mode remote console",
      "reserved software",
    ]);
  });

  test("of another controller's sensor is not taken for the BMC's, nor of a number that is another's now", () => {
    expect(describeEvent(event(...head, 0x01, 0x01, 0x01, 0x57, 96, 85), sensors).sensor?.name).toBe("CPU0 Temp");
    const elsewhere: number[] = [...head];
    elsewhere[4] = 0x2c;
    expect(describeEvent(event(...elsewhere, 0x01, 0x01, 0x01, 0x57, 96, 85), sensors).sensor).toBeUndefined();
    expect(describeEvent(event(...head, 0x02, 0x01, 0x01, 0x57, 96, 85), sensors).sensor).toBeUndefined();
    const overLun1: number[] = [...head];
    overLun1[5] = 0x01;
    expect(describeEvent(event(...overLun1, 0x01, 0x01, 0x01, 0x57, 96, 85), sensors).sensor).toBeUndefined();
  });

  test("of an unknown sensor keeps its reading and threshold raw", () => {
    expect(describeEvent(event(...head, 0x01, 0x70, 0x01, 0x59, 96, 85), sensors)).toMatchObject({
      event: "upper critical going high",
      trigger: undefined,
      details: ["event data 2: 60h", "event data 3: 55h"],
    });
  });

  test("of a sensor with a function has converted values", () => {
    // Pump Tach: 1/(4·10⁻⁶·x)
    expect(describeEvent(event(...head, 0x04, 0x18, 0x81, 0x50, 125, 0), sensors)).toMatchObject({
      direction: "deasserted",
      trigger: { reading: 2000, threshold: undefined },
      details: ["event data 3: 00h"],
    });
  });

  test("tells severity and previous state where its data is those", () => {
    expect(describeEvent(event(...head, 0x08, 0x40, 0x6f, 0x41, 0x20, 0xff)).details).toEqual([
      "severity: transition to critical from less severe",
      "previous state: presence detected",
    ]);
    expect(describeEvent(event(...head, 0x08, 0x42, 0x0b, 0x41, 0xf0, 0xff)).details).toEqual([
      "previous state: fully redundant",
    ]);
    expect(describeEvent(event(...head, 0x08, 0x42, 0x0b, 0x41, 0xff, 0xff)).details).toEqual([]);
  });

  test("keeps OEM data raw, and guesses nothing of OEM types", () => {
    expect(describeEvent(event(...head, 0xc1, 0x49, 0x70, 0xa4, 0x12, 0x34), sensors)).toMatchObject({
      sensorTypeName: "OEM sensor type C1h",
      event: "state 4",
      details: ["OEM data 2: 12h", "OEM data 3: 34h"],
    });
    expect(describeEvent(event(...head, 0xc1, 0x49, 0x6f, 0xf4, 0x12, 0x34)).details).toEqual([
      "event data 2: 12h",
      "event data 3: 34h",
    ]);
  });

  test("adds no data that it calls unspecified", () => {
    expect(describeEvent(event(...head, 0x12, 0x60, 0x6f, 0x05, 0x00, 0x00)).details).toEqual([]);
  });
});

describe("a time stamp", () => {
  // Section 37.1: up to 20000000h seconds since the BMC started, FFFFFFFFh unknown.
  test("is of the clock, of the BMC's start, or unknown", () => {
    expect(selTime(0)).toEqual({ kind: "since-start", seconds: 0 });
    expect(selTime(0x2000_0000)).toEqual({ kind: "since-start", seconds: 0x2000_0000 });
    expect(selTime(0x2000_0001)).toEqual({ kind: "clock", seconds: 0x2000_0001 });
    expect(selTime(0xffff_fffe)).toEqual({ kind: "clock", seconds: 0xffff_fffe });
    expect(selTime(0xffff_ffff)).toEqual({ kind: "unknown" });
  });
});

describe("an entry", () => {
  test("of which bytes are missing is refused with the evidence, and more bytes are ignored", () => {
    for (let length = 0; length < 16; length++) {
      let error: unknown;
      try {
        decodeSelEntry(rawEntries[0]!.subarray(0, length));
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(IpmiError);
      expect(error).toMatchObject({ code: "damaged-data", detail: { expected: "16 bytes" } });
    }
    expect(decodeSelEntry(new Uint8Array([...rawEntries[0]!, 1, 2, 3]))).toEqual(entries[0]!);
  });

  test("is decoded, described and encoded whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), (bytes, isEvent) => {
        if (isEvent) bytes[2] = 2;
        const entry = decodeSelEntry(bytes);
        expect(decodeSelEntry(encodeSelEntry(entry))).toEqual(entry);
        if (entry.kind === "system-event") expect(describeEvent(entry, sensors).event).not.toBe("");
      }),
      { numRuns: 3000 },
    );
  });

  test("is not encoded with the record type of another kind", () => {
    const [first] = entries;
    expect(() => encodeSelEntry({ ...first!, recordType: 0xe0 })).toThrow(RangeError);
  });
});
