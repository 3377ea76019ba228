import { describe, expect, test } from "bun:test";
import {
  getSensorReading,
  getSensorReadingFactors,
  getSensorThresholds,
  setSensorThresholds,
} from "../../../src/ipmi-js/commands/sensor.ts";
import type { Requester } from "../../../src/ipmi-js/commands/command.ts";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { SensorReader } from "../../../src/ipmi-js/procedures/read-sensors.ts";
import { decodeSdrs } from "../../../src/ipmi-js/procedures/read-sdrs.ts";
import type { Sensor, ThresholdSensor } from "../../../src/ipmi-js/sensors/sensor.ts";
import { sensorsOf } from "../../../src/ipmi-js/sensors/sensors-of.ts";
import { ipmiFailureOf } from "../../support/ipmi-failure.ts";
import { Refusal, ScriptedRequester } from "../../support/scripted-requester.ts";
import { repositoryRecords } from "../decoded-fixtures.ts";

const { records } = decodeSdrs(repositoryRecords());
const sensors = sensorsOf(records);

function sensorNamed(name: string): Sensor {
  const sensor = sensors.find((each) => each.name === name);
  if (!sensor) throw new RangeError(`no sensor ${name}`);
  return sensor;
}

function thresholdSensor(name: string): ThresholdSensor {
  const sensor = sensorNamed(name);
  if (sensor.kind !== "threshold") throw new RangeError(`${name} has no thresholds`);
  return sensor;
}

/** "CPU0 Temp" as a sensor whose factors must be asked for. */
const nonLinear = ((): ThresholdSensor => {
  const linear = thresholdSensor("CPU0 Temp");
  if (!linear.analog) throw new RangeError("CPU0 Temp tells no value");
  return { ...linear, analog: { ...linear.analog, conversion: { ...linear.analog.conversion, linearization: 0x70 } } };
})();

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

const reading = (raw: number) => ({
  reading: raw,
  isUnavailable: false,
  isScanning: true,
  sendsEvents: true,
  states: 0xc0,
  moreStates: undefined,
});

const timeout = (): never => {
  throw new IpmiError("timeout", "no answer");
};

const silentFor = (...numbers: number[]) =>
  new ScriptedRequester().on(getSensorReading, ({ sensor }) => (numbers.includes(sensor) ? timeout() : reading(1)));

describe("one bad sensor never fails the rest", () => {
  test.each([
    [0xcb, "not-present"],
    [0xcc, "invalid-request"],
    [0xc0, "busy"],
    [0xd5, "refused"],
    [0xff, "refused"],
  ] as const)("completion code %p", async (code, reason) => {
    const bmc = new ScriptedRequester().on(getSensorReading, ({ sensor }) =>
      sensor === 2 ? new Refusal(code) : reading(0x2f),
    );
    const readings = await new SensorReader(bmc).readAll(sensors.slice(0, 4));
    expect(readings.map(({ sensor }) => sensor)).toEqual(sensors.slice(0, 4));
    expect(readings.map((each) => each.reading.kind)).toEqual(["analog", "unavailable", "analog", "analog"]);
    expect(readings[1]!.reading).toEqual({ kind: "unavailable", reason });
    expect(readings[0]!.reading).toMatchObject({ value: 47, state: "ok" });
  });

  test.each([
    ["", "no-data"],
    ["2f", "no-data"],
    ["2f e0 c0", "reading-unavailable"],
    ["2f 80 c0", "scanning-disabled"],
  ] as const)("an answer of %p", async (hex, reason) => {
    const bmc = new ScriptedRequester().onBytes(getSensorReading, () => bytes(hex));
    expect(await new SensorReader(bmc).read(sensorNamed("CPU0 Temp"))).toEqual({ kind: "unavailable", reason });
  });

  test("silence for one or two, but not for three in a row", async () => {
    const few = await new SensorReader(silentFor(2, 3, 5, 6)).readAll(sensors.slice(0, 8));
    expect(few.map((each) => each.reading.kind === "unavailable")).toEqual([
      false,
      true,
      true,
      false,
      true,
      true,
      false,
      false,
    ]);
    const dead = silentFor(2, 3, 4, 5, 6, 7);
    await ipmiFailureOf(new SensorReader(dead).readAll(sensors), "timeout");
    expect(dead.count(getSensorReading)).toBe(4);
  });

  test("what is about the BMC ends it at once", async () => {
    const bmc = new ScriptedRequester().on(getSensorReading, () => {
      throw new IpmiError("session-lost", "gone");
    });
    await ipmiFailureOf(new SensorReader(bmc).readAll(sensors), "session-lost");
    expect(bmc.asked).toHaveLength(1);
  });
});

test("one request a reading, in the order of the sensors, none for those that cannot be read", async () => {
  const bmc = new ScriptedRequester().on(getSensorReading, () => reading(0x2f));
  const readings = await new SensorReader(bmc).readAll(sensors);
  expect(readings.map(({ sensor }) => sensor.name)).toEqual(sensors.map(({ name }) => name));
  expect(bmc.asked).toHaveLength(sensors.filter(({ kind }) => kind !== "event-only").length);
});

test("several at a time where that is wanted, and no more", async () => {
  let [underWay, most] = [0, 0];
  const bmc = new ScriptedRequester().on(getSensorReading, () => reading(0x2f));
  const requester: Requester = {
    async execute(command, request, options) {
      most = Math.max(most, ++underWay);
      try {
        return await bmc.execute(command, request, options);
      } finally {
        underWay--;
      }
    },
  };
  const readings = await new SensorReader(requester).readAll(sensors, { concurrency: 4 });
  expect(most).toBe(4);
  expect(readings.filter((each) => each.reading.kind === "analog").length).toBeGreaterThan(30);
});

test("a sensor of another controller is asked there, one on another LUN on that", async () => {
  const bmc = new ScriptedRequester().on(getSensorReading, () => reading(0x2f));
  const target = { channel: 0, address: 0x82 };
  const sensor = { ...thresholdSensor("CPU0 Temp"), lun: 1, owner: { kind: "controller", target } as const };
  await new SensorReader(bmc).read(sensor, { deadlineMs: 500 });
  expect(bmc.asked[0]!.options).toMatchObject({ lun: 1, target, deadlineMs: 500 });
  const software = { ...sensor, owner: { kind: "software", softwareId: 0x41 } as const };
  expect(await new SensorReader(bmc).read(software)).toEqual({ kind: "unavailable", reason: "not-readable" });
  expect(bmc.asked).toHaveLength(1);
});

describe("non-linear sensors", () => {
  const factors = {
    nextReading: 0x40,
    m: 2,
    tolerance: 0,
    b: 5,
    accuracy: 0,
    accuracyExponent: 0,
    resultExponent: -1,
    bExponent: 1,
  };

  test("are converted with factors that are asked for once for each raw reading", async () => {
    let raw = 0x10;
    const bmc = new ScriptedRequester()
      .on(getSensorReading, () => reading(raw))
      .on(getSensorReadingFactors, (request) => ({ ...factors, m: request.reading === 0x10 ? 2 : 3 }));
    const reader = new SensorReader(bmc);
    // (2 · 16 + 5 · 10) · 0.1, and (3 · 32 + 5 · 10) · 0.1
    expect(await reader.read(nonLinear)).toMatchObject({ kind: "analog", value: 8.2 });
    expect(await reader.read(nonLinear)).toMatchObject({ value: 8.2 });
    raw = 0x20;
    expect(await reader.read(nonLinear)).toMatchObject({ value: 14.6 });
    expect(bmc.count(getSensorReadingFactors)).toBe(2);
    expect(bmc.asked.at(-1)!.data).toEqual(Uint8Array.of(nonLinear.number, 0x20));
  });

  test("have no reading where the BMC does not tell them, and none where there is nothing to convert", async () => {
    const bmc = new ScriptedRequester().on(getSensorReading, () => reading(0x10));
    expect(await new SensorReader(bmc).read(nonLinear)).toEqual({ kind: "unavailable", reason: "refused" });
    const unavailable = new ScriptedRequester().onBytes(getSensorReading, () => bytes("00 e0"));
    await new SensorReader(unavailable).read(nonLinear);
    expect(unavailable.count(getSensorReadingFactors)).toBe(0);
  });

  test("have thresholds that are converted so, too", async () => {
    const bmc = new ScriptedRequester()
      .on(getSensorThresholds, () => ({ thresholds: { upperCritical: 0x10 } }))
      .on(getSensorReadingFactors, () => factors);
    expect(await new SensorReader(bmc).readThresholds(nonLinear)).toEqual({ upperCritical: 8.2 });
  });
});

describe("thresholds", () => {
  test("are read as they are now, and those that cannot be read are the record's", async () => {
    // As ipmitool read them in test/fixtures/ipmi/ipmitool-thresholds.json.
    const bmc = new ScriptedRequester().onBytes(getSensorThresholds, () => bytes("38 00 00 00 55 5f 69"));
    const sensor = thresholdSensor("CPU0 Temp");
    expect(await new SensorReader(bmc).readThresholds(sensor)).toEqual({
      upperNonCritical: 85,
      upperCritical: 95,
      upperNonRecoverable: 105,
    });
    const fixed = { ...sensor, thresholds: { ...sensor.thresholds, access: "fixed" } as const };
    expect(await new SensorReader(bmc).readThresholds(fixed)).toEqual(sensor.thresholds.initial);
    expect(bmc.count(getSensorThresholds)).toBe(1);
  });

  test("are written as ipmitool writes them, and read back", async () => {
    const bmc = new ScriptedRequester()
      .onBytes(setSensorThresholds, () => new Uint8Array())
      .onBytes(getSensorThresholds, () => bytes("38 00 00 00 50 5f 69"));
    const after = await new SensorReader(bmc).writeThresholds(thresholdSensor("CPU0 Temp"), { upperNonCritical: 80 });
    expect(bmc.asked[0]!.data).toEqual(bytes("01 08 000000 50 0000"));
    expect(after).toMatchObject({ upperNonCritical: 80 });
  });

  test("that the sensor does not have are refused before anything is sent", async () => {
    const bmc = new ScriptedRequester();
    const writing = new SensorReader(bmc).writeThresholds(thresholdSensor("CPU0 Temp"), { lowerCritical: 1 });
    const failure = await ipmiFailureOf(writing, "invalid-argument");
    expect(failure.detail.received).toBe("lowerCritical");
    expect(bmc.asked).toEqual([]);
  });
});
