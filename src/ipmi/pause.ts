import type { Clock } from "../lib/clock.ts";

/** Resolves `ms` from now. */
export const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve));
