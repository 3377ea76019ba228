import { describe, expect, test } from "bun:test";
import { systemClock } from "../../src/lib/clock.ts";
import { ManualClock } from "../support/manual-clock.ts";

describe("the machine's clock", () => {
  test("never goes back", () => {
    let last = systemClock.monotonicMs();
    for (let turn = 0; turn < 1000; turn++) {
      const now = systemClock.monotonicMs();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  test("knows the time of day", () => {
    const before = Date.now();
    const now = systemClock.wallMs();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  test("calls when the time has come, in order, and not what was cancelled", async () => {
    const called: string[] = [];
    const over = Promise.withResolvers<void>();
    const cancelled = systemClock.after(0, () => called.push("cancelled"));
    const first = systemClock.after(0, () => called.push("first"));
    systemClock.after(1, () => {
      called.push("second");
      over.resolve();
    });
    cancelled.cancel();
    await over.promise;
    first.cancel();
    first.cancel();
    expect(called).toEqual(["first", "second"]);
  });
});

describe("the clock of the tests", () => {
  test("fires timers in the order in which they are due, each at its time, new ones included", async () => {
    const clock = new ManualClock(1000);
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name} at ${clock.monotonicMs()}, ${clock.wallMs()}`);
    clock.after(30, note("c"));
    clock.after(10, note("a"));
    clock.after(10, () => {
      note("b")();
      clock.after(5, note("from b"));
    });
    clock.after(20, note("cancelled")).cancel();
    await clock.advance(29);
    expect(fired).toEqual(["a at 10, 1010", "b at 10, 1010", "from b at 15, 1015"]);
    expect(clock.timers).toBe(1);
    await clock.advance(1);
    expect(fired.at(-1)).toBe("c at 30, 1030");
    expect(clock.timers).toBe(0);
  });

  test("lets what a timer causes run before the next one", async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.after(1, () => void Promise.resolve().then(() => fired.push("caused by the first")));
    clock.after(2, () => void fired.push("second"));
    await clock.advance(2);
    expect(fired).toEqual(["caused by the first", "second"]);
  });

  test("does not wait for what never comes", async () => {
    const clock = new ManualClock();
    const forever = new Promise(() => undefined);
    expect(await clock.until(forever).catch((error: unknown) => String(error))).toContain("no timer is running");
  });
});
