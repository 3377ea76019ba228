/** A timer that has been started; cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** Calls `action` once, `delayMs` milliseconds from now, unless it is cancelled before. Handed in, so that tests move time by hand. */
export type After = (delayMs: number, action: () => void) => Timer;

/** The machine's own time. */
export const systemAfter: After = (delayMs, action) => {
  const handle = setTimeout(action, delayMs);
  return { cancel: () => clearTimeout(handle) };
};

/** Pauses that all end at once when what they wait for has gone. */
export class Pauses {
  readonly #after: After;
  readonly #wakers = new Set<() => void>();

  constructor(after: After) {
    this.#after = after;
  }

  /** Resolves after `delayMs`, or as soon as `endAll` is called. */
  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#after(delayMs, () => wake());
      const wake = (): void => {
        timer.cancel();
        this.#wakers.delete(wake);
        resolve();
      };
      this.#wakers.add(wake);
    });
  }

  endAll(): void {
    for (const wake of this.#wakers) wake();
  }
}
