import { cancelled } from "./job-queue.ts";

interface Shared<T> {
  readonly outcome: Promise<T>;
  readonly abort: AbortController;
  callers: number;
}

/**
 * Callers that wait for the same thing share one job, up to the moment at which it begins: what they get is never older than
 * their request.
 */
export class Sharing<T> {
  readonly #waiting = new Map<string, Shared<T>>();

  /**
   * Joins the waiting job of this key, or submits one.
   *
   * @param submit queues the job; it is to call `begun` when it begins, and to leave the queue when its signal is aborted, which
   *   happens when every caller has gone
   */
  join(key: string, signal: AbortSignal, submit: (signal: AbortSignal, begun: () => void) => Promise<T>): Promise<T> {
    if (signal.aborted) return Promise.reject(cancelled());
    const shared = this.#waiting.get(key) ?? this.#submit(key, submit);
    shared.callers++;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        // What has been sent goes on to its end, and cannot be said not to have been.
        if (this.#waiting.get(key) !== shared) return;
        reject(cancelled());
        shared.callers--;
        if (shared.callers > 0) return;
        this.#forget(key, shared);
        shared.abort.abort();
      };
      signal.addEventListener("abort", leave, { once: true });
      shared.outcome.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }

  #submit(key: string, submit: (signal: AbortSignal, begun: () => void) => Promise<T>): Shared<T> {
    const abort = new AbortController();
    let hasBegun = false;
    const outcome = submit(abort.signal, () => {
      hasBegun = true;
      this.#waiting.delete(key);
    });
    const shared = { outcome, abort, callers: 0 };
    if (!hasBegun) this.#waiting.set(key, shared);
    // A job that is refused never begins.
    outcome.catch(() => this.#forget(key, shared));
    return shared;
  }

  #forget(key: string, shared: Shared<T>): void {
    if (this.#waiting.get(key) === shared) this.#waiting.delete(key);
  }
}
