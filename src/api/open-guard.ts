import { anyone, stranger, type Caller } from "../devices/caller.ts";
import { namesLoopback, refuseForeignPages } from "./browser-rules.ts";
import { ApiError } from "./errors.ts";
import type { Guard, GuardedRoute } from "./guard.ts";

/**
 * Asks nobody who they are. It keeps out what people's browsers are made to ask by pages from elsewhere: requests that change something,
 * and, on a server that listens on loopback alone, all that do not name it so.
 */
export class OpenGuard implements Guard {
  readonly #isLoopbackOnly: boolean;

  constructor(isLoopbackOnly: boolean) {
    this.#isLoopbackOnly = isLoopbackOnly;
  }

  admit(request: Request, _remote: string | undefined, { acts, takesStrangers }: GuardedRoute): Caller {
    if (this.#isLoopbackOnly && !namesLoopback(request)) {
      if (takesStrangers) return stranger;
      const message =
        "Nobody is asked for credentials here, so that the Host header must name this machine's loopback address: localhost, 127.0.0.1 or [::1].";
      throw new ApiError("forbidden", message);
    }
    if (acts) refuseForeignPages(request);
    return anyone;
  }
}
