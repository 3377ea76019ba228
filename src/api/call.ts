import type { CommandContext } from "../devices/backend.ts";
import { stranger, type Caller } from "../devices/caller.ts";

/**
 * Whether a request is on a route that reads, on one that reads what takes credentials, or on one that acts; `unknown` until the route is
 * found.
 */
export type CallKind = "unknown" | "read" | "guarded-read" | "control";

/** A request under way: who asks, for what, since when. */
export class Call implements CommandContext {
  readonly method: string;
  /** The path as it was asked for, still encoded, without the query. */
  readonly path: string;
  readonly requestId: string;
  readonly remote: string | undefined;
  /** When it came, on the monotonic clock. */
  readonly startedMs: number;
  kind: CallKind = "unknown";
  /** May do nothing until somebody has been let in. */
  caller: Caller = stranger;
  readonly #request: Request;

  constructor(request: Request, path: string, requestId: string, remote: string | undefined, startedMs: number) {
    this.#request = request;
    this.method = request.method;
    this.path = path;
    this.requestId = requestId;
    this.remote = remote;
    this.startedMs = startedMs;
  }

  get route(): string {
    return `${this.method} ${this.path}`;
  }

  /** A header of the request, by its name in lower case. */
  header(name: string): string | null {
    return this.#request.headers.get(name);
  }

  /** Aborted when the caller has gone. Made when it is first asked for: what asks no device needs none. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }
}
