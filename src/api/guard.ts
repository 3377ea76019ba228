import type { Caller } from "../devices/caller.ts";

/** What a guard is told of a request's route. */
export interface GuardedRoute {
  /** Whether the request changes something. */
  readonly acts: boolean;
  /** Whether callers without credentials come in as `stranger`; the route itself says what these learn. */
  readonly takesStrangers: boolean;
}

/** Decides who may come in. Asked for every request whose route was found, but for those that are open to all. */
export interface Guard {
  /** True where reading takes credentials: then answers are for the caller alone. */
  readonly hidesReads?: boolean;
  /** Where a request really comes from, where proxies stand in between. `remote` is who sent it to this server. */
  originOf?(request: Request, remote: string | undefined): string | undefined;
  /**
   * Who asks. A promise only where something has to be waited for.
   *
   * @throws ApiError `unauthorized`, `forbidden`, `ambiguous-host`, `too-many-requests`, `unchecked-credentials`
   */
  admit(request: Request, remote: string | undefined, route: GuardedRoute): Caller | Promise<Caller>;
}
