/** A timer that has been started; cancelling one that has fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time, as everything that waits sees it. Handed in, so that tests move it by hand. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; its origin means nothing. */
  monotonicMs(): number;
  /** Calls `action` once, `delayMs` from now, unless it is cancelled before. */
  after(delayMs: number, action: () => void): Timer;
}

/** The machine's own time. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
