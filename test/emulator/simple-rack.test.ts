import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measurementOf, powerStatusOf } from "../../src/bus/replies.ts";
import { deviceCodes } from "../../src/bus/device-codes.ts";
import { deviceTypes, type DeviceType } from "../../src/devices/device-type.ts";
import { deviceId } from "../../src/devices/ids.ts";
import { chassisLocation } from "../../src/devices/location.ts";
import type { Device } from "../../src/emulator/board.ts";
import { parseBoardFile } from "../../src/emulator/board-file.ts";

const path = join(import.meta.dirname, "../../config/simple.json");
const { boards, scanAll } = parseBoardFile(readFileSync(path, "utf8"), path);
const devices = boards.flatMap((board) => board.devices.map((device) => ({ board, device })));

/** What the lists of a device say, as the bytes of replies. */
const repliesOf = ({ actions }: Device): Uint8Array[] =>
  [...(actions.read?.responses ?? []), ...(actions.power?.responses ?? [])].map((response) => {
    if (response.kind !== "text") throw new Error("the demonstration rack scripts no faults");
    return new TextEncoder().encode(response.text);
  });

const between = (low: number, high: number) => (value: unknown) => Number(value) >= low && Number(value) <= high;

/** What a device of a type may read in a rack that is well, in the units of the API. */
function isPlausible(device: Device, reply: Uint8Array): boolean {
  if (device.type === "power") {
    const { on, ok, inputPowerW, inputVoltageV, outputCurrentA } = powerStatusOf(reply);
    const isBalanced = Math.abs(inputVoltageV * outputCurrentA - inputPowerW) < 0.02 * inputPowerW;
    return on && ok && isBalanced && between(30, 350)(inputPowerW) && between(11.8, 12.4)(inputVoltageV);
  }
  const measurement = measurementOf(device.type, reply);
  if (measurement.kind === "temperature") return between(20, 45)(measurement.temperatureC);
  if (measurement.kind === "humidity")
    return between(40, 50)(measurement.relativeHumidityPercent) && between(21.5, 25)(measurement.temperatureC);
  if (measurement.kind === "fan_speed") return between(3000, 6000)(measurement.speedRpm);
  if (measurement.kind !== "raw") return measurement.kind === "led";
  return device.type === "pressure"
    ? between(100_000, 102_000)(measurement.value)
    : between(5000, 30_000)(measurement.value);
}

describe("the demonstration rack", () => {
  test("two servers and a microserver of four nodes, with every type of device", () => {
    expect(boards.map(({ spelledId }) => spelledId)).toEqual(["00000001", "00000002", "00000003"]);
    expect(scanAll).toEqual([]);
    const types = new Set<DeviceType>(devices.map(({ device }) => device.type));
    expect(deviceTypes.filter((type) => type in deviceCodes && !types.has(type))).toEqual(["none"]);
    const nodes = boards[2]?.devices.map(({ id }) => chassisLocation(deviceId(id)).node);
    expect(new Set(nodes)).toEqual(new Set([undefined, 0, 1, 2, 3]));
  });

  test("power, LEDs and fans keep what they are told", () => {
    for (const { device } of devices) {
      expect(device.stateful).toBe(["power", "led", "fan_speed"].includes(device.type));
    }
  });

  test.each(
    devices.map(({ board, device }) => [board.spelledId, device.id.toString(16), device.type, device] as const),
  )(
    "%s %s %s: every reading is one of a rack that is well, and long enough for a graph",
    (_board, _id, type, device) => {
      const replies = repliesOf(device);
      expect(replies.filter((reply) => !isPlausible(device, reply))).toEqual([]);
      const isSteady = type === "system" || type === "led";
      expect(replies.length).toBeGreaterThanOrEqual(isSteady ? 0 : 40);
    },
  );

  test("graphs have no jumps: no reading differs from the one before by more than half of the whole range", () => {
    for (const { device } of devices.filter(
      ({ device: { type } }) => type === "thermistor" || type === "temperature",
    )) {
      const values = repliesOf(device).map((reply) => {
        const measurement = measurementOf(device.type, reply);
        return measurement.kind === "temperature" ? measurement.temperatureC : Number.NaN;
      });
      const range = Math.max(...values) - Math.min(...values);
      const steps = values.map((value, at) => Math.abs(value - (values.at(at - 1) ?? Number.NaN)));
      expect(Math.max(...steps)).toBeLessThan(range / 2);
    }
  });
});
