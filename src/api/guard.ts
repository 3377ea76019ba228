import type { Caller } from "../devices/caller.ts";

/** What a guard is told of a request's route. */
export interface GuardedRoute {
  /** Whether the request changes something. */
  readonly acts: boolean;
}

/** Decides who may come in. Asked for every request whose route was found, but for those that are open to all. */
export interface Guard {
  /**
   * Who asks. A promise only where something has to be waited for.
   *
   * @throws ApiError `unauthorized`, `forbidden`, `too-many-requests`
   */
  admit(request: Request, remote: string | undefined, route: GuardedRoute): Caller | Promise<Caller>;
}
