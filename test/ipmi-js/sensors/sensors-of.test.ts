import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { decodeSdr } from "../../../src/ipmi-js/sdr/sdr-codec.ts";
import type { CompactSensorRecord, FullSensorRecord } from "../../../src/ipmi-js/sdr/records.ts";
import type { Sensor } from "../../../src/ipmi-js/sensors/sensor.ts";
import { sensorsOf } from "../../../src/ipmi-js/sensors/sensors-of.ts";
import { accuracyPercent, stepAt, toleranceAt } from "../../../src/ipmi-js/sensors/conversion.ts";
import type { ThresholdName } from "../../../src/ipmi-js/commands/sensor.ts";
import { blocksOf, expectedBmc, repositoryRecords, tableOf } from "../decoded-fixtures.ts";

const records = repositoryRecords().map(decodeSdr);
const sensors = sensorsOf(records);
const byNumber = new Map(sensors.map((sensor) => [sensor.number, sensor]));

const thresholdKeys = {
  lnc: "lowerNonCritical",
  lc: "lowerCritical",
  lnr: "lowerNonRecoverable",
  unc: "upperNonCritical",
  uc: "upperCritical",
  unr: "upperNonRecoverable",
} as const satisfies Record<string, ThresholdName>;
const isThresholdKey = (key: string): key is keyof typeof thresholdKeys => key in thresholdKeys;

const analogOf = (sensor: Sensor | undefined) =>
  sensor === undefined || sensor.kind === "event-only" ? undefined : sensor.analog;

const same = (value: number | undefined, right: number | undefined) =>
  right === undefined ? expect(value).toBeUndefined() : expect(value).toBeCloseTo(right, 5);

describe("the sensors of a repository", () => {
  test("are all that were made, with their kinds, units and thresholds", () => {
    const expected = expectedBmc.sensors.flatMap((sensor) => {
      const common = { sensorType: sensor.type, entity: sensor.entity };
      if (sensor.record === "full")
        return [
          {
            ...common,
            number: sensor.number,
            name: sensor.name,
            kind: "threshold",
            unit: [sensor.unit, sensor.percent],
            thresholds: Object.fromEntries(
              Object.entries(sensor.thresholds).map(([key, value]) => [
                isThresholdKey(key) ? thresholdKeys[key] : key,
                value,
              ]),
            ),
          },
        ];
      const kind = sensor.record === "compact" ? "discrete" : "event-only";
      const count = sensor.record === "compact" ? sensor.share : 1;
      return Array.from({ length: count }, (_, index) => ({
        ...common,
        number: sensor.number + index,
        name: count === 1 ? sensor.name : `${sensor.name}${index}`,
        kind,
        ...(count > 1 && { entity: [sensor.entity[0], sensor.entity[1] + index] }),
      }));
    });
    const received = sensors.map((sensor) => ({
      sensorType: sensor.sensorType,
      entity: [sensor.entity.id, sensor.entity.instance],
      number: sensor.number,
      name: sensor.name,
      kind: sensor.kind,
      ...(sensor.kind === "threshold" && {
        unit: [sensor.analog?.unit.base, sensor.analog?.unit.isPercentage],
        thresholds: sensor.thresholds.initial,
      }),
    }));
    expect<readonly object[]>(received).toEqual(expected);
  });

  test("have the thresholds and units that ipmitool prints", () => {
    const columns = [
      "lowerNonRecoverable",
      "lowerCritical",
      "lowerNonCritical",
      "upperNonCritical",
      "upperCritical",
      "upperNonRecoverable",
    ] as const;
    let compared = 0;
    for (const [name, , unit, , ...thresholds] of tableOf("ipmitool-sensor-list.txt")) {
      const sensor = sensors.find((candidate) => candidate.name === name);
      if (sensor?.kind !== "threshold" || unit === "") continue;
      expect<string | undefined>(sensor.analog?.unit.name).toBe(unit);
      for (const [index, column] of columns.entries()) {
        const value = sensor.thresholds.initial[column];
        expect(value === undefined ? "na" : Number(value.toFixed(3))).toBe(
          thresholds[index] === "na" ? "na" : Number(thresholds[index]),
        );
        compared++;
      }
    }
    expect(compared).toBe(35 * 6);
  });

  test("have FreeIPMI's factors, ranges, accuracy and resolution", () => {
    let compared = 0;
    for (const block of blocksOf("freeipmi-sensors-vv.txt")) {
      if (!block.get("Record Type")?.startsWith("Full Sensor")) continue;
      const sensor = byNumber.get(Number(block.get("Sensor Number")));
      const analog = analogOf(sensor);
      if (sensor?.kind !== "threshold" || analog === undefined) throw new RangeError(block.get("ID String"));
      const numberOf = (key: string) => Number.parseFloat(block.get(key) ?? "");
      const valueOf = (key: string) => (block.get(key) === "N/A" ? undefined : numberOf(key));
      expect(sensor.name).toBe(block.get("ID String")!);
      expect([analog.conversion.m, analog.conversion.b]).toEqual([numberOf("M"), numberOf("B")]);
      expect([analog.conversion.resultExponent, analog.conversion.bExponent]).toEqual([
        numberOf("R Exponent"),
        numberOf("B Exponent"),
      ]);
      same(analog.nominal, valueOf("Nominal Reading"));
      same(analog.normalMinimum, valueOf("Normal Min."));
      same(analog.normalMaximum, valueOf("Normal Max."));
      same(accuracyPercent(analog.conversion), numberOf("Accuracy"));
      const { linearization, resultExponent } = analog.conversion;
      // It adds B to the tolerance, and takes fractions for 0 in the resolution.
      if (linearization === 0) {
        same(analog.sensorMinimum, valueOf("Sensor Min. Reading"));
        same(analog.sensorMaximum, valueOf("Sensor Max. Reading"));
        if (resultExponent >= 0) same(stepAt(analog.conversion, 1), numberOf("Resolution"));
      }
      compared++;
    }
    expect(compared).toBe(36 + 1);
  });

  test("have the tolerance, hysteresis, and thresholds to be read and set that ipmitool prints", () => {
    const short = {
      lnc: "lowerNonCritical",
      lcr: "lowerCritical",
      lnr: "lowerNonRecoverable",
      unc: "upperNonCritical",
      ucr: "upperCritical",
      unr: "upperNonRecoverable",
    } as const;
    const isShort = (word: string): word is keyof typeof short => word in short;
    let compared = 0;
    for (const block of blocksOf("ipmitool-sdr-list-all-v.txt")) {
      const number = /\((0x\w+)\)$/.exec(block.get("Sensor ID") ?? "")?.[1];
      const sensor = byNumber.get(Number(number));
      const readable = block.get("Readable Thresholds");
      if (number === undefined || sensor?.kind !== "threshold" || readable === undefined) continue;
      const listOf = (text: string | undefined) =>
        (text ?? "")
          .split(" ")
          .filter(isShort)
          .map((word): ThresholdName => short[word])
          .toSorted();
      expect([...sensor.thresholds.readable].toSorted()).toEqual(listOf(readable));
      expect([...sensor.thresholds.settable].toSorted()).toEqual(listOf(block.get("Settable Thresholds")));
      const tolerance = /\(\+\/- ([\d.]+)\)/.exec(block.get("Sensor Reading") ?? "")?.[1];
      const { conversion } = sensor.analog!;
      if (tolerance !== undefined) expect(toleranceAt(conversion, 100)).toBeCloseTo(Number(tolerance), 3);
      if (conversion.linearization === 0)
        expect(sensor.hysteresis.positive).toBeCloseTo(Number(block.get("Positive Hysteresis")), 3);
      compared++;
    }
    expect(compared).toBeGreaterThan(30);
  });

  test("have keys of their own", () => {
    expect(new Set(sensors.map(({ key }) => key)).size).toBe(sensors.length);
    expect(byNumber.get(0x53)?.key).toBe("20.0.0.53");
  });
});

describe("sensors that share a record", () => {
  const record = records.find(
    (candidate): candidate is CompactSensorRecord => "shareCount" in candidate && candidate.shareCount === 4,
  )!;
  const namesOf = (changes: Partial<CompactSensorRecord>) =>
    sensorsOf([{ ...record, ...changes }]).map(({ name }) => name);

  test("are those that FreeIPMI lists, which puts a space before the number", () => {
    const rows = tableOf("freeipmi-shared-sensors.txt").filter(([, name]) => name?.startsWith("DISK"));
    expect(sensorsOf([record]).map(({ name }) => name)).toEqual(rows.map(([, name]) => name!.replace(" ", "")));
  });

  // The examples of table 43-2, byte 24: "Temp " with a count of 3.
  test("are numbered, or lettered, as the specification's examples are", () => {
    const temp = { shareCount: 3, id: { text: "Temp ", encoding: "8-bit" } } as const;
    expect(namesOf({ ...temp, idModifier: "numeric", idModifierOffset: 5 })).toEqual(["Temp 5", "Temp 6", "Temp 7"]);
    expect(namesOf({ ...temp, idModifier: "alpha", idModifierOffset: 0 })).toEqual(["Temp A", "Temp B", "Temp C"]);
    expect(namesOf({ ...temp, idModifier: "alpha", idModifierOffset: 25 })).toEqual(["Temp Z", "Temp AA", "Temp AB"]);
    expect(namesOf({ ...temp, idModifier: "alpha", idModifierOffset: 26 })).toEqual(["Temp AA", "Temp AB", "Temp AC"]);
    expect(namesOf({ ...temp, idModifier: "reserved-2" })).toEqual(["Temp #0", "Temp #1", "Temp #2"]);
  });

  test("have one entity, or entities counted up", () => {
    const instances = [true, false].map((doesEntityInstanceIncrement) =>
      sensorsOf([Object.assign({}, record, { doesEntityInstanceIncrement })]).map(({ entity }) => entity.instance),
    );
    expect(instances).toEqual([
      [1, 2, 3, 4],
      [1, 1, 1, 1],
    ]);
  });

  test("are one where the count is 0 or 1, and end with the last number that there is", () => {
    expect(namesOf({ shareCount: 0 })).toEqual(["DISK"]);
    expect(namesOf({ shareCount: 1 })).toEqual(["DISK"]);
    const numbers = sensorsOf([{ ...record, number: 0xfd, shareCount: 15 }]).map(({ number }) => number);
    expect(numbers).toEqual([0xfd, 0xfe]);
  });
});

const only = (record: FullSensorRecord | CompactSensorRecord): Sensor => sensorsOf([record])[0]!;

describe("sensors out of the ordinary", () => {
  const full = records.find((record): record is FullSensorRecord => record.kind === "full-sensor")!;
  const compact = records.find((record): record is CompactSensorRecord => record.kind === "compact-sensor")!;

  test("tell their owner: the BMC, another controller by its address and channel, or software", () => {
    expect(only(full).owner).toEqual({ kind: "bmc" });
    expect(only({ ...full, ownerId: 0x2c, channel: 6 }).owner).toEqual({
      kind: "controller",
      target: { address: 0x2c, channel: 6 },
    });
    expect(only({ ...full, ownerId: 0x20, channel: 7 }).owner.kind).toBe("controller");
    expect(only({ ...full, ownerId: 0x41 }).owner).toEqual({ kind: "software", softwareId: 0x20 });
    expect(sensorsOf([{ ...full, ownerId: 0x24 }], 0x24)[0]!.owner).toEqual({ kind: "bmc" });
  });

  test("have no value where the record tells none", () => {
    const sensor = only({ ...full, analogFormat: "none" });
    expect(sensor).toMatchObject({ kind: "threshold", analog: undefined, thresholds: { initial: {} } });
    expect(only({ ...compact, eventReadingType: 0x01 })).toMatchObject({ kind: "threshold", analog: undefined });
  });

  test("have a value besides states where a full record of a discrete type tells how", () => {
    expect(only({ ...full, eventReadingType: 0x6f })).toMatchObject({
      kind: "discrete",
      analog: { unit: { base: 1 } },
    });
  });

  test("have thresholds that are fixed by the record, those that readings are compared with", () => {
    const sensor = only({
      ...full,
      thresholdAccess: "fixed",
      readingMask: 0,
      assertionMask: 0x1000,
      deassertionMask: 0x2000,
    });
    expect(sensor).toMatchObject({
      thresholds: {
        access: "fixed",
        readable: ["lowerNonCritical", "upperCritical"],
        settable: [],
        initial: { upperCritical: 95 },
      },
    });
  });

  test("have none where the record says that there are none, whatever its bytes are", () => {
    const sensor = only({ ...full, thresholdAccess: "none", hysteresisAccess: "none" });
    expect(sensor).toMatchObject({
      thresholds: { access: "none", readable: [], settable: [], initial: {} },
      hysteresis: { access: "none", positive: undefined },
    });
  });

  test("have the ranges that the record says are there", () => {
    const ranges = { hasNominalReading: true, nominalReading: 40, hasNormalMaximum: true, normalMaximum: 70 };
    expect(analogOf(only({ ...full, ...ranges, normalMinimum: 5 }))).toMatchObject({
      nominal: 40,
      normalMaximum: 70,
      normalMinimum: undefined,
    });
  });

  test("are made of any record that can be decoded, and all their numbers are numbers", () => {
    const sensorRecords = repositoryRecords().filter((record) => record[3]! <= 3);
    const change = fc.tuple(fc.nat(60), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...sensorRecords), fc.array(change, { maxLength: 30 }), (original, changes) => {
        const bytes = original.slice();
        for (const [at, value] of changes) if (at > 4 && at < bytes.length) bytes[at] = value;
        const made = sensorsOf([decodeSdr(bytes)]);
        expect(made.length).toBeGreaterThan(0);
        for (const sensor of made) {
          expect(sensor.number).toBeLessThan(0x100);
          const analog = analogOf(sensor);
          const thresholds = sensor.kind === "threshold" ? Object.values(sensor.thresholds.initial) : [];
          const numbers = [
            analog?.decimals,
            analog?.nominal,
            analog?.sensorMinimum,
            analog?.sensorMaximum,
            ...thresholds,
          ];
          expect(numbers.filter((value) => value !== undefined && !Number.isFinite(value))).toEqual([]);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
