import type { Log } from "./log.ts";

/** A request that has been answered. */
export interface AccessEntry {
  readonly method: string;
  /** The path that was asked for, without the query. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly requestId: string;
  /** The caller's address; absent where it is not known, or loopback's and nothing else is possible. */
  readonly remote?: string | undefined;
  /** Bytes of the answer's body. */
  readonly bytes: number;
}

/** A command that changes something in the rack, after it was carried out or has failed. */
export interface ControlEntry {
  readonly requestId: string;
  readonly remote?: string | undefined;
  /** What was asked for: `power`, `set-led`, `set-fan`, ... */
  readonly command: string;
  readonly board: string;
  readonly device?: string | undefined;
  /** What the device was to be set to: `cycle`, `on`, `4000`. */
  readonly value?: string | undefined;
  /** `ok`, or the code of the error that it ended in. */
  readonly outcome: string;
}

/** Microseconds are as fine as these durations mean anything. */
const roundMs = (durationMs: number) => Math.round(durationMs * 1000) / 1000;

/** Writes the line for a request. */
export function logAccess(log: Log, entry: AccessEntry): void {
  const { method, path, status, durationMs, requestId, remote, bytes } = entry;
  const access = { method, path, status, duration_ms: roundMs(durationMs), bytes, request_id: requestId, remote };
  log.event("access", access, `${method} ${path} ${status}`);
}

/** Writes the line for a command that changes something. */
export function logControl(log: Log, entry: ControlEntry): void {
  const { requestId, remote, command, board, device, value, outcome } = entry;
  const target = device === undefined ? board : `${board}/${device}`;
  log.info(
    { event: "control", command, board, device, value, outcome, request_id: requestId, remote },
    `${command} ${value ?? ""} on ${target}: ${outcome}`.replace("  ", " "),
  );
}
