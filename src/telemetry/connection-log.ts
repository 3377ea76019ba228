import type { Clock } from "../lib/clock.ts";
import type { Log } from "./log.ts";

/** A flood gets a line at the most once in so long, in milliseconds. */
const BETWEEN_LINES_MS = 60_000;

/** Writes down what becomes of connections when there are too many. */
export function connectionEvents(log: Log, clock: Clock) {
  const [isEndDue, isErrorDue] = [onceInAWhile(clock), onceInAWhile(clock)];
  let sum = 0;
  return {
    /** @param address the one that had most */
    ended(count: number, address: string): void {
      sum += count;
      if (!isEndDue()) return;
      log.warn(
        { event: "too-many-connections", ended: sum, remote: address },
        `${sum} connections were ended because there were too many; most were from ${address}`,
      );
      sum = 0;
    },
    notCounted(error: Error): void {
      if (!isErrorDue()) return;
      log.error(
        { event: "connections-not-counted", err: error },
        `connections could not be counted, and are not limited meanwhile: ${error.message}`,
      );
    },
  };
}

function onceInAWhile(clock: Clock): () => boolean {
  let nextMs = -Infinity;
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs < nextMs) return false;
    nextMs = nowMs + BETWEEN_LINES_MS;
    return true;
  };
}
