/** Something that is due, and can be called off. */
export interface Due {
  cancel(): void;
}

interface Entry {
  readonly atMs: number;
  readonly action: () => void;
}

/**
 * What a BMC has yet to do, and its time: nothing happens by itself. Whoever asks the BMC something first brings it up to the present,
 * and everything that was due by then happens in its order, each at its own time. So a BMC needs no timers, and what it does depends on
 * when it was asked what, and on nothing else.
 */
export class Agenda {
  readonly #entries = new Set<Entry>();
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** Milliseconds, of a clock that never jumps. */
  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Due {
    const entry = { atMs: this.#nowMs + delayMs, action };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  /** Does everything that is due until then. */
  runUntil(untilMs: number): void {
    for (let entry = this.#first(); entry && entry.atMs <= untilMs; entry = this.#first()) {
      this.#entries.delete(entry);
      this.#nowMs = Math.max(this.#nowMs, entry.atMs);
      entry.action();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #first(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) if (!first || entry.atMs < first.atMs) first = entry;
    return first;
  }
}
