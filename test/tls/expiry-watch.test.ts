import { describe, expect, test } from "bun:test";
import { ExpiryWatch } from "../../src/tls/expiry-watch.ts";
import { ManualClock } from "../support/manual-clock.ts";

const DAY_MS = 86_400_000;

/** A clock whose wall time somebody sets. */
class JumpingClock extends ManualClock {
  jumpMs = 0;

  override wallMs(): number {
    return super.wallMs() + this.jumpMs;
  }
}

function watching() {
  const clock = new JumpingClock();
  const warnings: (readonly [string, number])[] = [];
  let looks = 0;
  const watch = new ExpiryWatch(
    clock,
    ({ path }, days) => void warnings.push([path, days]),
    () => void (looks += 1),
  );
  const inDays = (path: string, days: number) => ({ path, expiresMs: clock.wallMs() + days * DAY_MS });
  return { clock, warnings, watch, inDays, looks: () => looks };
}

describe("a certificate's end", () => {
  test("is warned of 30, 14, 7 and 1 days before, and every day from then on", async () => {
    const { clock, warnings, watch, inDays, looks } = watching();
    watch.watch([inDays("a", 40.5)]);
    expect(warnings).toEqual([]);
    await clock.advance(43 * DAY_MS);
    expect(warnings.map(([, days]) => days)).toEqual([30, 14, 7, 1, 0, -1, -2, -3]);
    expect(looks()).toBe(43 * 24);
    watch.stop();
    expect(clock.timers).toBe(0);
  });

  test("is warned of at once where it is near already, and once", async () => {
    const { clock, warnings, watch, inDays } = watching();
    const [near, far] = [inDays("near", 10.5), inDays("far", 100)];
    watch.watch([near, far]);
    watch.watch([near, far]);
    expect(warnings).toEqual([["near", 10]]);
    await clock.advance(2 * DAY_MS);
    expect(warnings).toEqual([["near", 10]]);
    watch.watch([inDays("near", 10.5), far]);
    expect(warnings).toEqual([
      ["near", 10],
      ["near", 10],
    ]);
    watch.stop();
  });

  test("is told by the wall clock, wherever that jumps", async () => {
    const { clock, warnings, watch, inDays } = watching();
    watch.watch([inDays("a", 400.5)]);
    for (const days of [399, -4000, 405]) {
      clock.jumpMs = days * DAY_MS;
      await clock.advance(3_600_000);
    }
    expect(warnings).toEqual([
      ["a", 1],
      ["a", -5],
    ]);
    watch.stop();
  });

  test("is warned of in time also after the clock was ahead for a while", async () => {
    const { clock, warnings, watch, inDays } = watching();
    watch.watch([inDays("a", 20.5)]);
    await clock.advance(DAY_MS);
    clock.jumpMs = 4000 * DAY_MS;
    await clock.advance(3_600_000);
    clock.jumpMs = 0;
    await clock.advance(20 * DAY_MS);
    expect(warnings.map(([, days]) => days)).toEqual([20, -3981, 14, 7, 1, 0, -1]);
    watch.stop();
  });
});
