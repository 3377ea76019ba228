import { describe, expect, test } from "bun:test";
import { parseBmcFile } from "../../../src/emulator/bmc/file/bmc-file.ts";
import { defaultBmcs } from "../../../src/emulator/bmc/load-bmc-file.ts";
import { Agenda } from "../../../src/emulator/bmc/model/agenda.ts";
import { BmcModel } from "../../../src/emulator/bmc/model/bmc-model.ts";
import { MovingValue } from "../../../src/emulator/bmc/model/moving-value.ts";
import { Reservation } from "../../../src/emulator/bmc/model/reservation.ts";
import { START, still } from "./foreign-clients.ts";

const [rackServer] = defaultBmcs();

/** Every reading of a BMC at some moments, raw. */
function readings(seed: number, moments: readonly number[]): number[][] {
  const model = new BmcModel({ ...rackServer, seed }, 0, START);
  return moments.map((atMs) => {
    model.advance(atMs);
    return model.sensors.analog.map((sensor) => sensor.read(model.surroundings).raw ?? -1);
  });
}

describe("what moves", () => {
  const moments = [1000, 60_000, 300_000, 900_000];

  test("moves the same every time, and otherwise with another seed", () => {
    expect(readings(1, moments)).toEqual(readings(1, moments));
    expect(readings(1, moments)).not.toEqual(readings(2, moments));
  });

  test("does not depend on how often somebody looked", () => {
    const often = Array.from({ length: 900 }, (_, second) => (second + 1) * 1000);
    expect(readings(1, often).at(-1)).toEqual(readings(1, [900_000])[0]);
  });

  test("stays within its limits: no event in a day of the built-in BMC", () => {
    const model = new BmcModel(rackServer, 0, START);
    const before = model.log.entries.length;
    for (let minute = 1; minute <= 24 * 60; minute++) model.advance(minute * 60_000);
    expect(model.log.entries).toHaveLength(before);
  });

  test("temperatures follow the power with their lag, fans at once", () => {
    const model = new BmcModel(rackServer, 0, START);
    const celsius = () => {
      const sensor = model.sensors.find(0, 1);
      const raw = sensor && "table" in sensor ? sensor.read(model.surroundings).raw : undefined;
      return raw ?? Number.NaN;
    };
    const fan = model.sensors.analog.find(({ description }) => description.name === "Fan1 Front")!;
    model.advance(60_000);
    const warm = celsius();
    expect(warm).toBeGreaterThan(40);
    model.chassis.control("off", "chassis-control");
    model.advance(61_000);
    expect(fan.read(model.surroundings).raw).toBeUndefined();
    expect(celsius()).toBeGreaterThan(warm - 5);
    // One time constant: 63 % of the way to 24 °C.
    model.advance(61_000 + 40_000);
    expect(Math.abs(celsius() - (24 + (warm - 24) * Math.exp(-1)))).toBeLessThan(4);
    model.advance(61_000 + 400_000);
    expect(celsius()).toBe(24);
  });

  test.each([
    ["sine", [0, 10, 0, -10]],
    ["triangle", [0, 10, 0, -10]],
    ["square", [10, 10, -10, -10]],
    ["saw", [-10, -5, 0, 5]],
  ] as const)("a %s wave", (shape, quarters) => {
    const wave = { shape, amplitude: 10, periodS: 40, phase: 0 };
    const value = new MovingValue({ base: 0, load: 0, perWatt: 0, wave, noise: 0, off: undefined, lagS: 0 }, 1, {
      nowMs: 0,
      isOn: true,
    });
    const at = (nowMs: number) => value.at({ nowMs, isOn: true, load: 0, watts: 0, wattsWhenOn: 0 });
    for (const [quarter, expected] of quarters.entries()) expect(at(quarter * 10_000)).toBeCloseTo(expected, 9);
  });

  test("noise stays within its limit, and is not always the same", () => {
    const value = new MovingValue(
      { base: 5, load: 0, perWatt: 0, wave: undefined, noise: 2, off: undefined, lagS: 0 },
      7,
      { nowMs: 0, isOn: true },
    );
    const drawn = Array.from({ length: 1000 }, (_, second) =>
      value.at({ nowMs: second * 1000, isOn: true, load: 0, watts: 0, wattsWhenOn: 0 }),
    );
    expect(Math.min(...drawn.map(Number))).toBeGreaterThanOrEqual(3);
    expect(Math.max(...drawn.map(Number))).toBeLessThanOrEqual(7);
    expect(new Set(drawn).size).toBeGreaterThan(900);
  });

  test("the power that is measured is the load's, and its average lies between its extremes", () => {
    const model = new BmcModel(rackServer, 0, START);
    model.advance(600_000);
    const { current, minimum, maximum, average } = model.meter.read();
    expect(current).toBe(Math.round(model.surroundings.watts));
    expect(minimum).toBeLessThan(average);
    expect(average).toBeLessThan(maximum);
    expect(minimum).toBeGreaterThanOrEqual(rackServer.power.idleW);
    expect(maximum).toBeLessThanOrEqual(rackServer.power.fullW);
  });
});

describe("a file that begins switched off", () => {
  test("has sensors that say so, and no events", () => {
    const model = new BmcModel({ ...still, chassis: { ...still.chassis, power: "off" } }, 0, START);
    const statesOf = (number: number) => {
      const sensor = model.sensors.find(0, number);
      return sensor && "states" in sensor ? sensor.states : undefined;
    };
    expect(statesOf(67)).toBe(1 << 0);
    expect(statesOf(72)).toBe(1 << 5);
    expect(model.log.entries).toHaveLength(still.sel.entries.length);
  });
});

describe("the log", () => {
  test("takes no more than it has room for, and remembers that", () => {
    const model = new BmcModel({ ...still, sel: { ...still.sel, capacity: 5 } }, 0, START);
    const event = { sensorType: 1, sensor: 1, lun: 0, eventType: 1, isAsserted: true, data: [0x57, 1, 2] as const };
    model.log.add(event);
    expect(model.log.hasOverflowed).toBe(false);
    model.log.add(event);
    expect(model.log.entries).toHaveLength(5);
    expect(model.log.hasOverflowed).toBe(true);
  });

  test("a reservation ends with a newer one, with an entry that is added, with a clear", () => {
    const { log } = new BmcModel(still, 0, START);
    const first = log.reservation.reserve();
    const second = log.reservation.reserve();
    expect(log.reservation.isHeldBy(first)).toBe(false);
    expect(log.reservation.isHeldBy(second)).toBe(true);
    log.addAsItIs(new Uint8Array(14));
    expect(log.reservation.isHeldBy(second)).toBe(false);
    const third = log.reservation.reserve();
    log.clear();
    expect(log.reservation.isHeldBy(third)).toBe(false);
  });

  test("reservation ids are never 0", () => {
    const reservation = new Reservation();
    for (let count = 0; count < 70_000; count++) expect(reservation.reserve()).toBeGreaterThan(0);
    expect(reservation.isHeldBy(0)).toBe(false);
  });
});

describe("the agenda", () => {
  test("does what is due in its order, each at its own time", () => {
    const agenda = new Agenda(100);
    const done: [string, number][] = [];
    agenda.after(30, () => {
      done.push(["second", agenda.nowMs]);
      agenda.after(5, () => void done.push(["third", agenda.nowMs]));
    });
    agenda.after(10, () => void done.push(["first", agenda.nowMs]));
    agenda.after(20, () => void done.push(["never", agenda.nowMs])).cancel();
    agenda.after(50, () => void done.push(["later", agenda.nowMs]));
    agenda.runUntil(140);
    expect(done).toEqual([
      ["first", 110],
      ["second", 130],
      ["third", 135],
    ]);
    expect(agenda.nowMs).toBe(140);
  });

  test("a month of nothing is caught up with quickly", () => {
    const model = new BmcModel(rackServer, 0, START);
    model.chassis.control("cycle", "chassis-control");
    model.advance(30 * 24 * 3_600_000);
    expect(model.chassis.isOn).toBe(true);
    expect(model.chassis.powerOnHours).toBe(1234 + 30 * 24 - 1);
  });
});

test("a threshold that the sensor does not have exactly becomes the nearest that it has", () => {
  const file = parseBmcFile(
    JSON.stringify({
      name: "x",
      users: [],
      sensors: [{ number: 1, name: "s", type: 1, unit: 1, m: 10, value: 5, thresholds: { upper_critical: 52 } }],
    }),
    "x",
  );
  expect(new BmcModel(file, 0, START).sensors.analog[0]?.thresholds).toEqual({ upperCritical: 5 });
});
