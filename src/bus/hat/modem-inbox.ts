import type { Clock } from "../../lib/clock.ts";
import type { LineListener } from "../line.ts";

/** What the modem has sent and nobody has taken. */
export class ModemInbox implements LineListener {
  #bytes: number[] = [];
  #loss: Error | undefined;
  #wake: (() => void) | undefined;

  data(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte);
    this.#wake?.();
  }

  lost(reason: Error): void {
    this.#loss = reason;
    this.#wake?.();
  }

  /** Throws away what is there. */
  empty(): void {
    this.#bytes = [];
  }

  /** The next byte; undefined where none comes in time. Rejects where the line is lost, and with the signal's reason. */
  async byte(clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<number | undefined> {
    if (this.#bytes.length === 0 && !this.#loss && !signal.aborted) await this.#somethingOr(clock, timeoutMs, signal);
    signal.throwIfAborted();
    if (this.#loss) throw this.#loss;
    return this.#bytes.shift();
  }

  #somethingOr(clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(timeoutMs, resolve);
    const wake = () => {
      timer.cancel();
      resolve();
    };
    this.#wake = wake;
    signal.addEventListener("abort", wake, { once: true });
    return promise.finally(() => {
      this.#wake = undefined;
      signal.removeEventListener("abort", wake);
    });
  }
}
