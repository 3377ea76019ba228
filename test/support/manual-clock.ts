import type { Clock, Timer } from "../../src/lib/clock.ts";

interface PendingTimer {
  readonly dueMs: number;
  readonly action: () => void;
}

/** Lets everything run that waits for no time: all microtasks, and what they cause. */
export const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  readonly #timers = new Set<PendingTimer>();
  readonly #wallOriginMs: number;
  #nowMs = 0;

  /** `wallOriginMs` is the wall time at which the clock starts. */
  constructor(wallOriginMs = Date.UTC(2026, 0, 1)) {
    this.#wallOriginMs = wallOriginMs;
  }

  /** Timers that have been started and have neither fired nor been cancelled. */
  get timers(): number {
    return this.#timers.size;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOriginMs + this.#nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, action };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Moves on by `byMs`. Timers fire in the order in which they are due, each at its time, and what they cause runs in between. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await settle();
    for (let timer = this.#next(); timer && timer.dueMs <= endMs; timer = this.#next()) {
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      timer.action();
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }

  /** Lets time pass in which nothing runs, as when something holds up the whole program: timers that are due fire late, with the next advance. */
  hold(forMs: number): void {
    this.#nowMs += forMs;
  }

  /** Moves on from timer to timer until `promise` is settled, and hands it back. Throws where it never will be. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { isSettled: false };
    const note = () => void (state.isSettled = true);
    promise.then(note, note);
    await settle();
    while (!state.isSettled) {
      const timer = this.#next();
      if (!timer) throw new Error("the promise waits for something, and no timer is running");
      await this.advance(Math.max(0, timer.dueMs - this.#nowMs));
    }
    return promise;
  }

  /** The timer that is due first; of those due together the one started first. */
  #next(): PendingTimer | undefined {
    let first: PendingTimer | undefined;
    for (const timer of this.#timers) if (!first || timer.dueMs < first.dueMs) first = timer;
    return first;
  }
}
