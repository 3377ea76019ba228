import { toHex } from "../lib/hex.ts";
import type { Log } from "./log.ts";

/** Writes down what becomes of a serial port that is kept open. */
export const lineEvents = (log: Log) => ({
  down(path: string, reason: Error): void {
    log.warn(
      { event: "line-down", bus: path, err: reason },
      `${path} is not there (${reason.message}): waiting for it`,
    );
  },
  up(path: string): void {
    log.info({ event: "line-up", bus: path }, `${path} is back`);
  },
  stillDown(path: string, reason: Error, nextMs: number): void {
    log.debug({ event: "line-down", bus: path, err: reason, next_ms: nextMs }, `${path} is still not there`);
  },
});

/** Writes down, in hex, every byte that goes over a line; undefined where lines of this level are not written. */
export function lineTrace(log: Log, level: "debug" | "trace") {
  if (!log.isLevelEnabled(level)) return undefined;
  return {
    sent: (bytes: Uint8Array): void => log[level]({ event: "bus", sent: toHex(bytes) }, `>> ${toHex(bytes)}`),
    received: (bytes: Uint8Array): void => log[level]({ event: "bus", received: toHex(bytes) }, `<< ${toHex(bytes)}`),
  };
}
