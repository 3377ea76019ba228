import type { AccessEntry } from "../telemetry/access-log.ts";

/** Told of every request when its answer is ready. Must not throw. */
export type AccessLog = (entry: AccessEntry) => void;

/** The request that an error belongs to. */
export interface RequestLabel {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
}

/**
 * Told of every failure that is more than a mistake of the caller: a DeviceError with its evidence, or an exception that nobody
 * foresaw, of which the caller learns the request id alone. Must not throw.
 */
export type ErrorLog = (error: Error, request: RequestLabel) => void;
