import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { getSensorReading } from "../../../src/ipmi-js/commands/sensor.ts";
import { decodeSdr } from "../../../src/ipmi-js/sdr/sdr-codec.ts";
import type { FullSensorRecord } from "../../../src/ipmi-js/sdr/records.ts";
import {
  isReadable,
  needsFactors,
  readingOf,
  readingOfCompletionCode,
} from "../../../src/ipmi-js/sensors/reading-of.ts";
import type { SensorReading } from "../../../src/ipmi-js/sensors/reading.ts";
import type { ReadableSensor } from "../../../src/ipmi-js/sensors/sensor.ts";
import { sensorsOf } from "../../../src/ipmi-js/sensors/sensors-of.ts";
import {
  rawOfThresholds,
  stateOfBits,
  stateOfValue,
  thresholdsOfRaw,
  type ThresholdState,
} from "../../../src/ipmi-js/sensors/thresholds.ts";
import { expectedBmc, repositoryRecords, tableOf } from "../decoded-fixtures.ts";
import { exchangesOf } from "../recorded-exchanges.ts";

const records = repositoryRecords().map(decodeSdr);
const sensors = sensorsOf(records).filter(isReadable);
const sensorOf = (number: number): ReadableSensor => {
  const sensor = sensors.find((candidate) => candidate.number === number);
  if (sensor === undefined) throw new RangeError(`no sensor ${number}`);
  return sensor;
};
const fullRecord = records.find((candidate): candidate is FullSensorRecord => candidate.kind === "full-sensor")!;
/** The sensor of a record like the first full one. */
const sensorLike = (changes: Partial<FullSensorRecord>): ReadableSensor => {
  const sensor = sensorsOf([{ ...fullRecord, ...changes }]).find(isReadable);
  if (sensor === undefined) throw new RangeError("not readable");
  return sensor;
};
const read = (sensor: ReadableSensor, ...bytes: readonly number[]) =>
  readingOf(sensor, getSensorReading.reply.decode(new Uint8Array(bytes)));

const byNumber = (left: [number, unknown], right: [number, unknown]) => left[0] - right[0];

const wordsOf = (reading: SensorReading | undefined) =>
  reading?.kind === "discrete" ? reading.states.map(({ name }) => name) : reading;

describe("readings that ipmitool got of a simulated BMC", () => {
  const exchanges = exchangesOf("ipmitool-readings-cached").filter(
    ({ netFn, command }) => netFn === getSensorReading.netFn && command === getSensorReading.code,
  );
  const readings = new Map(
    exchanges.map(({ request, completionCode, reply }) => {
      const sensor = sensorOf(request[0]!);
      const isRefused = completionCode !== 0;
      return [sensor.number, isRefused ? readingOfCompletionCode(completionCode) : read(sensor, ...reply)];
    }),
  );

  test("are the values and states that the BMC was made with, and none where it has none", () => {
    const expected = expectedBmc.sensors.flatMap((sensor): [number, unknown][] => {
      if (sensor.record === "event-only") return [];
      if (sensor.record === "compact") return [[sensor.number, sensor.states]];
      // Sensor 36h has a record and nothing behind it; 35h is not scanned.
      return [[sensor.number, sensor.value ?? "none"]];
    });
    const received = [...readings].map(([number, reading]): [number, unknown] => {
      if (reading.kind === "analog") return [number, reading.value];
      return [number, reading.kind === "discrete" ? reading.states.map(({ offset }) => offset) : "none"];
    });
    expect(received).toHaveLength(48);
    expect(received.toSorted(byNumber)).toEqual(expected.toSorted(byNumber));
  });

  test("say why there is none", () => {
    expect(readings.get(0x35)).toEqual({ kind: "unavailable", reason: "scanning-disabled" });
    expect(readings.get(0x36)).toEqual({ kind: "unavailable", reason: "invalid-request" });
  });

  test("have the states that ipmitool prints", () => {
    const states: Record<string, ThresholdState> = { ok: "ok", lcr: "lowerCritical" };
    let compared = 0;
    for (const [, hex, status] of tableOf("ipmitool-sdr-elist-all.txt")) {
      const reading = readings.get(Number.parseInt(hex!, 16));
      if (reading?.kind !== "analog") continue;
      expect(reading.state).toBe(states[status!]!);
      compared++;
    }
    expect(compared).toBe(35);
  });

  test("say in words what ipmitool says", () => {
    expect(wordsOf(readings.get(0x41))).toEqual(["presence detected", "input lost (AC/DC)"]);
    expect(wordsOf(readings.get(0x42))).toEqual(["redundancy lost"]);
    expect(wordsOf(readings.get(0x45))).toEqual(["state deasserted"]);
    expect(wordsOf(readings.get(0x48))).toEqual(["S0/G0 working"]);
    expect(wordsOf(readings.get(0x49))).toEqual(["state 1", "state 4"]);
    expect(wordsOf(readings.get(0x43))).toEqual([]);
  });
});

const reasonOf = (sensor: ReadableSensor, ...bytes: readonly number[]) => {
  const reading = read(sensor, ...bytes);
  return reading.kind === "unavailable" ? reading.reason : reading.kind;
};

describe("a sensor has no reading", () => {
  const temperature = sensorOf(1);
  const supply = sensorOf(0x40);

  test("where bit 5 says so, or bit 6 does not say that it is scanned", () => {
    expect(reasonOf(temperature, 0, 0xe0, 0xc0)).toBe("reading-unavailable");
    expect(reasonOf(temperature, 0, 0x20, 0xc0)).toBe("reading-unavailable");
    expect(reasonOf(temperature, 0, 0x80, 0xc0)).toBe("scanning-disabled");
    expect(reasonOf(temperature, 0, 0x40, 0xc0)).toBe("analog");
    expect(reasonOf(supply, 0, 0xe0, 0x01, 0x80)).toBe("reading-unavailable");
    expect(reasonOf(supply, 0, 0x00, 0x01, 0x80)).toBe("scanning-disabled");
  });

  test("where the answer ends before it", () => {
    expect(reasonOf(temperature)).toBe("no-data");
    expect(reasonOf(temperature, 47)).toBe("no-data");
    expect(reasonOf(supply, 0, 0xc0)).toBe("no-data");
  });

  test("where the BMC answers with a completion code", () => {
    expect([0xcb, 0xcc, 0xc0, 0xd4, 0xff].map((code) => readingOfCompletionCode(code).reason)).toEqual([
      "not-present",
      "invalid-request",
      "busy",
      "refused",
      "refused",
    ]);
  });

  test("where the conversion makes no number, or its factors are missing", () => {
    const tach = sensorOf(0x18);
    expect(reasonOf(tach, 0, 0xc0)).toBe("no-value");
    const nonLinear = sensorLike({ linearization: 0x70 });
    expect(needsFactors(nonLinear)).toBe(true);
    expect(needsFactors(temperature)).toBe(false);
    expect(reasonOf(nonLinear, 47, 0xc0)).toBe("factors-missing");
    const factors = { ...fullRecord, m: 2, resultExponent: -1 };
    const reply = getSensorReading.reply.decode(new Uint8Array([47, 0xc0]));
    expect(readingOf(nonLinear, reply, factors)).toMatchObject({ kind: "analog", value: 9.4 });
  });

  test("without breaking on anything else that it may be answered", () => {
    fc.assert(
      fc.property(fc.constantFrom(...sensors), fc.uint8Array({ maxLength: 6 }), (sensor, bytes) => {
        const reading = read(sensor, ...bytes);
        const isAvailable = bytes.length >= 2 && (bytes[1]! & 0x60) === 0x40;
        if (!isAvailable) expect(reading.kind).toBe("unavailable");
        if (reading.kind === "analog") expect(Number.isFinite(reading.value)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

const stateAt = (raw: number, ...more: readonly number[]) => {
  const reading = read(sensorOf(1), raw, 0xc0, ...more);
  return reading.kind === "analog" ? reading.state : reading.kind;
};

describe("the state of a threshold sensor", () => {
  test("is the worst of the comparisons that are true", () => {
    // Table 35-15: bit 0 lower non-critical, 1 lower critical, 2 lower non-recoverable, 3–5 the upper ones.
    expect([0, 1, 3, 7, 8, 0x18, 0x38, 0xc0, 0x0a].map(stateOfBits)).toEqual([
      "ok",
      "lowerNonCritical",
      "lowerCritical",
      "lowerNonRecoverable",
      "upperNonCritical",
      "upperCritical",
      "upperNonRecoverable",
      "ok",
      "lowerCritical",
    ]);
  });

  test("is computed from the record's thresholds where the answer does not tell it", () => {
    expect([84, 85, 95, 105].map((raw) => stateAt(raw))).toEqual([
      "ok",
      "upperNonCritical",
      "upperCritical",
      "upperNonRecoverable",
    ]);
    // The BMC minds hysteresis: its word counts.
    expect(stateAt(84, 0xc8)).toBe("upperNonCritical");
    expect(stateAt(105, 0xc0)).toBe("ok");
  });

  test("compares values, at thresholds as beyond them", () => {
    const thresholds = { lowerCritical: 5, lowerNonCritical: 10, upperCritical: 90 };
    expect([4, 5, 5.1, 10, 10.1, 89, 90].map((value) => stateOfValue(value, thresholds))).toEqual([
      "lowerCritical",
      "lowerCritical",
      "lowerNonCritical",
      "lowerNonCritical",
      "ok",
      "ok",
      "upperCritical",
    ]);
    expect(stateOfValue(1e9, {})).toBe("ok");
  });

  test("is all that a sensor without values tells", () => {
    const sensor = sensorLike({ analogFormat: "none" });
    expect(read(sensor, 0, 0xc0, 0xd8)).toEqual({
      kind: "discrete",
      bits: 0x18,
      states: [
        { offset: 3, name: "upper non-critical" },
        { offset: 4, name: "upper critical" },
      ],
    });
  });
});

describe("a sensor with a value and states", () => {
  const sensor = sensorLike({ eventReadingType: 0x6f, sensorType: 0x08 });

  test("tells both", () => {
    expect(read(sensor, 47, 0xc0, 0x01, 0x80)).toMatchObject({
      kind: "analog",
      value: 47,
      state: "ok",
      states: [{ offset: 0, name: "presence detected" }],
    });
    expect(read(sensor, 47, 0xc0)).toMatchObject({ kind: "analog", value: 47, states: [] });
  });
});

describe("thresholds to be set", () => {
  const { analog } = sensorOf(0x03);
  const conversion = analog!.conversion;

  test("are rounded to what the sensor has, and back to values", () => {
    // 0.5 °C a count, two's complement.
    expect(rawOfThresholds(conversion, { upperCritical: 42.2, lowerCritical: -5 })).toEqual({
      upperCritical: 84,
      lowerCritical: 0xf6,
    });
    expect(thresholdsOfRaw(conversion, { upperCritical: 84, lowerCritical: 0xf6 })).toEqual({
      upperCritical: 42,
      lowerCritical: -5,
    });
  });

  test("are refused beyond the sensor's range", () => {
    expect(() => rawOfThresholds(conversion, { upperCritical: 64 })).toThrow("The sensor cannot tell 64");
  });
});
