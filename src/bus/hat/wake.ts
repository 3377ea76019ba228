import type { Clock } from "../../lib/clock.ts";
import { pause } from "./pause.ts";
import type { Pins } from "./pins.ts";

/** How long nSleep is held low, in milliseconds. @see device bus specification, "The power-line HAT" */
const PULSE_MS = 1;
/** How long INH may take to go high. */
const INH_LIMIT_MS = 1000;
/** How often INH is looked at. */
const INH_LOOK_MS = 2;
/** How long the wake-up message takes, on which the boards wake, too. */
const WAKE_UP_MESSAGE_MS = 150;

/**
 * Wakes the modem where it is asleep. Resolves to whether it is awake: false where INH has not gone high in time.
 *
 * @throws what the pins throw, and the signal's reason when it is aborted
 */
export async function wake({ inh, nSleep }: Pins, clock: Clock, signal: AbortSignal): Promise<boolean> {
  if (inh.read()) return true;
  nSleep.drive(false);
  try {
    await pause(clock, PULSE_MS, signal);
  } finally {
    nSleep.drive(true);
  }
  const limitMs = clock.monotonicMs() + INH_LIMIT_MS;
  while (!inh.read()) {
    if (clock.monotonicMs() >= limitMs) return false;
    await pause(clock, INH_LOOK_MS, signal);
  }
  await pause(clock, WAKE_UP_MESSAGE_MS, signal);
  return true;
}
