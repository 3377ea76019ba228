import type { Call } from "./call.ts";

/**
 * Calls that wait, in their order. Nothing overtakes: a command that must not be sent twice changes something, so it waits until all before it
 * are answered, and all behind it wait until it is.
 */
export class CallQueue {
  readonly #limit: number;
  #calls = new Set<Call>();

  /** `limit` is how many may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#calls.size;
  }

  get isFull(): boolean {
    return this.#calls.size >= this.#limit;
  }

  [Symbol.iterator](): Iterator<Call> {
    return this.#calls.values();
  }

  add(call: Call): void {
    this.#calls.add(call);
  }

  /** Puts calls back before all others, whatever the limit. */
  putBack(calls: readonly Call[]): void {
    this.#calls = new Set([...calls, ...this.#calls]);
  }

  /** True where it was there. */
  remove(call: Call): boolean {
    return this.#calls.delete(call);
  }

  /** Takes out everything. */
  drain(): readonly Call[] {
    const calls = [...this.#calls];
    this.#calls.clear();
    return calls;
  }

  /** The call whose turn it is; it stays in the queue. */
  get first(): Call | undefined {
    for (const call of this.#calls) return call;
    return undefined;
  }
}
