import { describe, expect, test } from "bun:test";
import {
  getAssetTag,
  getDcmiCapabilitiesInfo,
  getManagementControllerIdString,
  getPowerReading,
  getTemperatureReadings,
  setAssetTag,
  setManagementControllerIdString,
} from "../../../src/ipmi-js/commands/dcmi.ts";
import { getSensorReading } from "../../../src/ipmi-js/commands/sensor.ts";
import {
  readAssetTag,
  readControllerId,
  readDcmiSummary,
  readDcmiTemperatures,
  writeAssetTag,
  writeControllerId,
} from "../../../src/ipmi-js/procedures/dcmi.ts";
import { readDcmiPower, readPower, systemPowerSensors } from "../../../src/ipmi-js/procedures/read-power.ts";
import { decodeSdrs } from "../../../src/ipmi-js/procedures/read-sdrs.ts";
import type { Sensor } from "../../../src/ipmi-js/sensors/sensor.ts";
import { sensorsOf } from "../../../src/ipmi-js/sensors/sensors-of.ts";
import { ipmiFailureOf } from "../../support/ipmi-failure.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Refusal, ScriptedRequester } from "../../support/scripted-requester.ts";
import { repositoryRecords } from "../decoded-fixtures.ts";

const sensors = sensorsOf(decodeSdrs(repositoryRecords()).records);
const reading = (currentW: number, isActive = true) => ({
  currentW,
  minimumW: 1,
  maximumW: 900,
  averageW: 300,
  time: 0,
  periodMs: 1000,
  isActive,
});

/** A sensor of a processor. */
const elsewhere = (sensor: Sensor): Sensor => ({ ...sensor, entity: { ...sensor.entity, id: 3 } });

describe("power", () => {
  test("what the BMC says", async () => {
    const bmc = new ScriptedRequester().on(getPowerReading, () => reading(312));
    expect(await readPower(bmc)).toMatchObject({ watts: 312, source: { kind: "dcmi", statistics: { averageW: 300 } } });
    expect(bmc.asked.map(({ data }) => data.toHex())).toEqual(["010000"]);
  });

  test.each([
    ["0 W", () => getPowerReading.reply.encode(reading(0))],
    ["nothing", () => new Uint8Array()],
    ["that it does not measure", () => getPowerReading.reply.encode(reading(17, false))],
  ] as const)("a first answer of %s is asked again, once", async (_, answer) => {
    const clock = new ManualClock();
    const wakes = new ScriptedRequester();
    wakes.onBytes(getPowerReading, () =>
      wakes.count(getPowerReading) === 1 ? answer() : getPowerReading.reply.encode(reading(312)),
    );
    expect(await clock.until(readDcmiPower(wakes, { clock }))).toMatchObject({ currentW: 312 });
    const sleeps = new ScriptedRequester().onBytes(getPowerReading, answer);
    expect(await clock.until(readDcmiPower(sleeps, { clock }))).toBeUndefined();
    expect(sleeps.count(getPowerReading)).toBe(2);
  });

  test("without DCMI, the sensor that is the system's", async () => {
    const bmc = new ScriptedRequester().on(getSensorReading, () => ({
      // As in the simulator: expected.json has 360 W for it.
      reading: 45,
      isUnavailable: false,
      isScanning: true,
      sendsEvents: true,
      states: 0xc0,
      moreStates: undefined,
    }));
    expect(await readPower(bmc, sensors)).toEqual({ watts: 360, source: { kind: "sensors", names: ["System Power"] } });
    expect(bmc.count(getPowerReading)).toBe(1);
    expect(await readPower(new ScriptedRequester(), sensors)).toBeUndefined();
  });

  test("else the only one, else the inputs of the power supplies, else none", () => {
    const names = (all: typeof sensors) => systemPowerSensors(all).map(({ name }) => name);
    const withoutSystem = sensors.filter(({ name }) => name !== "System Power");
    expect(names(sensors)).toEqual(["System Power"]);
    expect(names(withoutSystem)).toEqual(["PSU0 Pin", "PSU1 Pin"]);
    expect(names(withoutSystem.filter(({ name }) => name !== "PSU0 Pin"))).toEqual(["PSU1 Pin"]);
    expect(names(withoutSystem.map(elsewhere))).toEqual([]);
    expect(names([])).toEqual([]);
  });
});

/** A BMC with an asset tag; a strict one refuses to read beyond its end. */
const withTag = (tag: string, isStrict = false) => {
  const bytes = new TextEncoder().encode(tag);
  return new ScriptedRequester().on(getAssetTag, ({ offset, count }) =>
    isStrict && offset + count > bytes.length
      ? new Refusal(0xc9)
      : { length: bytes.length, data: bytes.slice(offset, offset + count) },
  );
};

describe("texts", () => {
  test.each(["", "A", "sixteen letters.", "seventeen letters", "x".repeat(63), "Grüße"])(
    "%p is read whole",
    async (tag) => {
      expect(await readAssetTag(withTag(tag))).toBe(tag);
      expect(await readAssetTag(withTag(tag, true))).toBe(tag);
    },
  );

  test("what is no UTF-8 is Latin-1", async () => {
    const bmc = new ScriptedRequester().on(getAssetTag, () => ({ length: 3, data: Uint8Array.of(0x4d, 0xfc, 0x6c) }));
    expect(await readAssetTag(bmc)).toBe("Mül");
  });

  test("a BMC that announces more than it has", async () => {
    const bmc = new ScriptedRequester().on(getAssetTag, ({ offset }) => ({
      length: 60,
      data: offset === 0 ? new TextEncoder().encode("short") : new Uint8Array(),
    }));
    expect(await readAssetTag(bmc)).toBe("short");
    expect(bmc.asked).toHaveLength(2);
  });

  test("are written in portions", async () => {
    const bmc = new ScriptedRequester().on(setAssetTag, () => ({ length: 20 }));
    await writeAssetTag(bmc, "abcdefghijklmnopqrst");
    expect(bmc.asked.map(({ data }) => data.toHex())).toEqual(["00106162636465666768696a6b6c6d6e6f70", "100471727374"]);
    await ipmiFailureOf(writeAssetTag(bmc, "x".repeat(64)), "invalid-argument");
    await writeAssetTag(bmc, "");
    expect(bmc.asked.at(-1)?.data.toHex()).toBe("0000");
  });

  test("the controller's id ends with a zero", async () => {
    const bmc = new ScriptedRequester()
      .on(setManagementControllerIdString, () => ({ length: 4 }))
      .on(getManagementControllerIdString, () => ({ length: 4, data: Uint8Array.of(0x62, 0x6d, 0x63, 0) }));
    await writeControllerId(bmc, "bmc");
    expect(bmc.asked[0]?.data.toHex()).toBe("0004626d6300");
    expect(await readControllerId(bmc)).toBe("bmc");
  });
});

test("temperatures of either sign, in portions; places that the BMC does not have", async () => {
  const bmc = new ScriptedRequester().on(getTemperatureReadings, ({ entityId, firstInstance }) => {
    if (entityId === 0x40) return { total: 1, count: 1, readings: Uint8Array.of(0x85, 1) };
    if (entityId !== 0x41) return new Refusal(0xcb);
    return firstInstance === 1
      ? { total: 3, count: 2, readings: Uint8Array.of(50, 1, 51, 2) }
      : { total: 3, count: 1, readings: Uint8Array.of(52, 3) };
  });
  expect(await readDcmiTemperatures(bmc)).toEqual([
    { place: "inlet", instance: 1, temperatureC: -5 },
    { place: "cpu", instance: 1, temperatureC: 50 },
    { place: "cpu", instance: 2, temperatureC: 51 },
    { place: "cpu", instance: 3, temperatureC: 52 },
  ]);
});

test("what a BMC has of DCMI", async () => {
  const bmc = new ScriptedRequester().onBytes(getDcmiCapabilitiesInfo, () => Uint8Array.of(1, 5, 2, 0, 1, 7));
  expect(await readDcmiSummary(bmc)).toEqual({
    version: "1.5",
    hasPowerManagement: true,
    hasSystemInterface: true,
    hasSerial: true,
    hasSecondaryLan: true,
  });
  expect(await readDcmiSummary(new ScriptedRequester())).toBeUndefined();
});
