import { expect, test } from "bun:test";
import { waitUntilSent, waitWhileSending } from "../../src/bun-serialport/output.ts";
import { Pauses } from "../../src/bun-serialport/timer.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** A device that holds so many bytes at each look, and goes on with the last. */
function device(levels: readonly number[], isEmpty: readonly boolean[] = []) {
  const left = [...levels];
  const empty = [...isEmpty];
  const pausesMs: number[] = [];
  return {
    pausesMs,
    unsentBytes: () => (left.length > 1 ? left.shift() : left[0]) ?? 0,
    isTransmitterEmpty: () => empty.shift() ?? true,
    pause: async (delayMs: number) => void pausesMs.push(delayMs),
  };
}

test("draining looks again after the time that the line needs, within bounds", async () => {
  const line = device([4000, 100, 10, 0]);
  await waitUntilSent(line, 0.25, line.pause);
  expect(line.pausesMs).toEqual([50, 25, 2.5]);
});

test("draining ends when the last bit is out", async () => {
  const line = device([0], [false, false, true]);
  await waitUntilSent(line, 0.25, line.pause);
  expect(line.pausesMs).toEqual([1, 1]);
});

test("draining an empty line takes no pause, and ends with what the pause throws", async () => {
  const line = device([0]);
  await waitUntilSent(line, 0.25, line.pause);
  expect(line.pausesMs).toEqual([]);
  const ended = waitUntilSent(device([1]), 1, () => Promise.reject(new RangeError("closed")));
  expect(await ended.catch((error: unknown) => error)).toBeInstanceOf(RangeError);
});

test("closing waits while bytes leave, and not for a line that is held back", async () => {
  const moving = device([30, 20, 20, 10, 0]);
  expect(await waitWhileSending(moving, moving.pause)).toBe(true);
  expect(moving.pausesMs).toEqual([10, 10, 10, 10]);
  const held = device([30, 20, 20]);
  expect(await waitWhileSending(held, held.pause)).toBe(false);
  expect(held.pausesMs.length).toBe(26);
});

test("pauses end by time, or all at once", async () => {
  const clock = new ManualClock();
  const pauses = new Pauses((delayMs, action) => clock.after(delayMs, action));
  const order: string[] = [];
  const long = pauses.pause(100).then(() => order.push("long"));
  await clock.until(pauses.pause(5).then(() => order.push("short")));
  const longer = pauses.pause(1000).then(() => order.push("longer"));
  pauses.endAll();
  await Promise.all([long, longer]);
  expect([order, clock.timers, clock.monotonicMs()]).toEqual([["short", "long", "longer"], 0, 5]);
});
