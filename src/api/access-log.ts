import type { AccessEntry } from "../telemetry/access-log.ts";

/** A request that has been answered. */
export interface AnsweredRequest extends AccessEntry {
  /** Bytes of the answer's body; 0 for HEAD. */
  readonly bytes: number;
}

/** Told of every request when its answer is ready. Must not throw. */
export type AccessLog = (entry: AnsweredRequest) => void;

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
