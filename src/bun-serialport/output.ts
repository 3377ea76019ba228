/** The way out of a port, below the queue. */
export interface Output {
  /** Bytes that the system has taken and the device has not. */
  unsentBytes(): number;
  /** Whether the last bit is out of the device. */
  isTransmitterEmpty(): boolean;
}

const SHORTEST_PAUSE_MS = 1;
/** Bounds how late the end is noticed where the line is faster than its rate says. */
const LONGEST_PAUSE_MS = 50;

/** Between two looks at what has left, when a port is closed. */
const CLOSE_PAUSE_MS = 10;
/** A line that sends nothing for so long is held back by its other end, or very slow (a byte takes 200 ms at 50 baud). */
const CLOSE_STALL_MS = 250;

/**
 * Resolves when everything is on the wire. tcdrain(3) would hold up the whole program for that time, so this asks again, first after
 * the time that the line needs: `msPerByte`. `pause` may throw to end it.
 */
export async function waitUntilSent(
  output: Output,
  msPerByte: number,
  pause: (delayMs: number) => Promise<void>,
): Promise<void> {
  for (;;) {
    const unsent = output.unsentBytes();
    if (unsent === 0 && output.isTransmitterEmpty()) return;
    await pause(Math.min(Math.max(unsent * msPerByte, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
  }
}

/**
 * Resolves when everything is on the wire, to true, or when nothing moves any more, to false. For a port that is about to be closed:
 * close(2) itself would hold up the program for as long as 30 s.
 */
export async function waitWhileSending(
  output: Pick<Output, "unsentBytes">,
  pause: (delayMs: number) => Promise<void>,
): Promise<boolean> {
  let unsent = output.unsentBytes();
  for (let stalledMs = 0; unsent > 0 && stalledMs < CLOSE_STALL_MS;) {
    await pause(CLOSE_PAUSE_MS);
    const left = output.unsentBytes();
    stalledMs = left < unsent ? 0 : stalledMs + CLOSE_PAUSE_MS;
    unsent = left;
  }
  return unsent === 0;
}
