import type { Caller } from "../devices/caller.ts";
import type { AccessEntry } from "../telemetry/access-log.ts";

/** What an access log may ask of a request beyond its entry: looking costs, so only those look that write it down. */
interface AccessDetails {
  readonly caller: Caller;
  /** A header's value, by its name in lower case; null where there is none. */
  header(name: string): string | null;
}

/** Told of every request when its answer is ready. Must not throw. */
export type AccessLog = (entry: AccessEntry, details: AccessDetails) => void;

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
