import { parseAuthorization } from "../auth/authorization.ts";
import { callerOf, type Identity } from "../auth/identity.ts";
import { isRefusal, type Login, type LoginOutcome } from "../auth/login.ts";
import { userOfProxy, type ProxyHeaders, type TrustedProxies } from "../auth/trusted-proxy.ts";
import { stranger, type Caller } from "../devices/caller.ts";
import { refuseForeignPages, refuseSeveralHosts } from "./browser-rules.ts";
import { ApiError } from "./errors.ts";
import type { Guard, GuardedRoute } from "./guard.ts";

export interface LoginGuardOptions {
  readonly login: Login;
  readonly proxies: TrustedProxies;
  /** Where trusted proxies say whom they have let in; undefined where they do not. */
  readonly proxyHeaders?: ProxyHeaders | undefined;
  /** Told what is wrong with what a trusted proxy says of a user, and which proxy it is. */
  readonly proxyFaulty?: (fault: string, proxy: string | undefined) => void;
  /** What callers without credentials may do. */
  readonly anonymousRole: "none" | "reader";
}

const anonymousReader = callerOf({ name: "anonymous", via: "none", grants: [{ role: "reader" }] });

/** What credentials are called in `WWW-Authenticate`. */
const REALM = 'realm="OpenDCRE"';

/**
 * Asks everybody who they are. Credentials come in the header `Authorization` alone: what a browser sends by itself, such as a cookie, and
 * what ends up in logs, such as a query, proves nothing. Or a proxy that is trusted says whom it has let in.
 */
export class LoginGuard implements Guard {
  readonly hidesReads: boolean;
  readonly #options: LoginGuardOptions;
  readonly #callers = new WeakMap<Identity, Caller>();

  constructor(options: LoginGuardOptions) {
    this.#options = options;
    this.hidesReads = options.anonymousRole === "none";
  }

  originOf(request: Request, remote: string | undefined): string | undefined {
    const { proxies } = this.#options;
    return proxies.isEmpty ? remote : proxies.originOf(remote, request.headers.get("x-forwarded-for"));
  }

  admit(request: Request, remote: string | undefined, route: GuardedRoute): Caller | Promise<Caller> {
    if (route.acts) refuseForeignPages(request);
    else refuseSeveralHosts(request);
    const { login, proxies, proxyHeaders, proxyFaulty } = this.#options;
    if (proxyHeaders && proxies.trusts(remote)) {
      const user = userOfProxy(request.headers, proxyHeaders);
      if (user && "fault" in user) {
        proxyFaulty?.(user.fault, remote);
        throw this.#invalid();
      }
      if (user) return this.#admit(user, route);
    }
    const header = request.headers.get("authorization");
    if (header === null) return this.#withoutCredentials(route);
    const credentials = parseAuthorization(header);
    if (credentials === "malformed") throw this.#invalid();
    const outcome = login.identify(credentials, { remote: this.originOf(request, remote) });
    return outcome instanceof Promise
      ? outcome.then((found) => this.#follow(found, route))
      : this.#follow(outcome, route);
  }

  #withoutCredentials({ acts, takesStrangers }: GuardedRoute): Caller {
    if (this.#options.anonymousRole === "reader" && !acts) return anonymousReader;
    if (takesStrangers) return stranger;
    throw this.#unauthorized("Credentials are needed: a token, or a user's name and password.", "");
  }

  #follow(outcome: LoginOutcome, route: GuardedRoute): Caller {
    if (!isRefusal(outcome)) return this.#admit(outcome, route);
    const { refused, retryAfterS } = outcome;
    if (refused === "denied") throw this.#invalid();
    if (refused === "throttled")
      throw new ApiError("too-many-requests", "Too many logins have failed: wait before the next one.", {
        retryAfterS,
      });
    const message = "The credentials cannot be checked now: whoever could do that does not answer.";
    throw new ApiError("unchecked-credentials", message, { retryAfterS });
  }

  #admit(identity: Identity, { acts }: GuardedRoute): Caller {
    let caller = this.#callers.get(identity);
    if (!caller) this.#callers.set(identity, (caller = callerOf(identity)));
    if (caller.may(acts ? "control" : "read")) return caller;
    throw new ApiError("forbidden", `${caller.name} may not ${acts ? "change anything" : "read"} here.`);
  }

  /** The same whatever is wrong: nobody shall learn whether a name or a token exists. */
  #invalid(): ApiError {
    return this.#unauthorized("The credentials are not valid.", ', error="invalid_token"');
  }

  #unauthorized(message: string, bearerError: string): ApiError {
    const basic = this.#options.login.takes("basic") ? `Basic ${REALM}, charset="UTF-8", ` : "";
    return new ApiError("unauthorized", message, { challenge: `${basic}Bearer ${REALM}${bearerError}` });
  }
}
