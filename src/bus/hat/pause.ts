import type { Clock } from "../../lib/clock.ts";

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it is aborted. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      timer.cancel();
      reject(toReason(signal));
    };
    const timer = clock.after(delayMs, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

const toReason = ({ reason }: AbortSignal): Error =>
  reason instanceof Error ? reason : new DOMException("aborted", "AbortError");
