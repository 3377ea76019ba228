import { systemClock, type Clock } from "../lib/clock.ts";
import { addressOf, canonicalPath, type Address } from "./address.ts";
import { Answers, type AnswersOptions } from "./answers.ts";
import { Call } from "./call.ts";
import { preflightHeaders } from "./cors.ts";
import { ApiError } from "./errors.ts";
import { anyone, type Caller } from "../devices/caller.ts";
import type { Guard } from "./guard.ts";
import { defaultLimits, readBody, type Limits } from "./limits.ts";
import type { JsonValue } from "./json.ts";
import { requestIds } from "./request-id.ts";
import type { RequestLimiter } from "./request-limits.ts";
import { createRouter, type Match } from "./router.ts";
import type { Services } from "./v1/route.ts";
import { routes } from "./v1/routes.ts";
import { API_VERSION } from "./v1/version.ts";

/** What an API is made of. */
export interface ApiOptions extends Services, Partial<AnswersOptions> {
  /** What every path begins with, ahead of the API's version. Begins and ends in a slash. */
  readonly prefix: string;
  readonly limits?: Partial<Limits>;
  /** Without one, everybody may do everything. */
  readonly guard?: Guard | undefined;
  /** Whether GET may change something, as in 1.2; true where it is absent. */
  readonly getControl?: boolean;
  /** Without one, everybody may ask as often as they like. */
  readonly limiter?: RequestLimiter | undefined;
}

/** The HTTP API as a function, for any server that speaks fetch. */
export interface Api {
  /** Answers a request, in JSON whatever it is; never throws or rejects. `remote` is the caller's address, where it is known. */
  fetch(request: Request, remote?: string): Response | Promise<Response>;
  /**
   * The same for the paths that have no parameters, by path: for servers that compare paths faster than they make URLs of them. What
   * follows the path is not looked at.
   */
  readonly fixed: ReadonlyMap<string, Api["fetch"]>;
}

/** Makes the API: version 1.2 below the prefix. */
export function createApi(options: ApiOptions): Api {
  const {
    prefix,
    cors = "reads",
    clock = systemClock,
    accessLog,
    errorLog,
    guard,
    limiter,
    getControl = true,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const answers = new Answers({ cors, clock, accessLog, errorLog });
  const find = createFinder(prefix, limits);
  const newRequestId = requestIds();
  const carryOut = createExecutor({ guard, services: options, limits, clock });

  function answer(call: Call, request: Request, match: Match, peer: string | undefined): Response | Promise<Response> {
    const { route, params } = match;
    const acts = route.acts(params);
    call.kind = acts ? "control" : guard?.hidesReads && !route.isOpen ? "guarded-read" : "read";
    const methods = { takesGet: getControl || !acts, takesHead: !acts, takesPost: route.takesPost };
    if (call.method === "OPTIONS") {
      const allow = allowedMethods(methods);
      const isReadable = cors === "reads" && call.kind === "read";
      return answers.empty(call, { allow, ...(isReadable ? preflightHeaders(allow) : {}) });
    }
    if (!isTaken(call.method, methods)) throw methodNotAllowed(methods);
    const value = carryOut(call, request, match, peer);
    if (!(value instanceof Promise)) return answers.ok(call, value);
    return value.then(
      (result) => answers.ok(call, result),
      (error: unknown) => answers.failure(call, error),
    );
  }

  /** Answers on a path whose route `match` is to find. */
  function serve(request: Request, remote: string | undefined, path: string, match: () => Match | undefined) {
    const origin = guard?.originOf ? guard.originOf(request, remote) : remote;
    const call = new Call(request, path, newRequestId(), origin, clock.monotonicMs());
    try {
      const visitor = limiter?.admit(origin);
      const found = match();
      if (!found) throw new ApiError("not-found", "404: Not Found");
      const answered = answer(call, request, found, remote);
      return visitor && answered instanceof Promise ? (limiter?.whileWaiting(visitor, answered) ?? answered) : answered;
    } catch (error) {
      return answers.failure(call, error);
    }
  }

  const fixed = routes.filter(({ path }) => !path.includes(":"));
  return {
    fetch(request, remote) {
      const address = addressOf(request.url);
      return serve(request, remote, address.path, () => find(request, address));
    },
    fixed: new Map(
      fixed.map((route) => {
        const path = `${prefix}${API_VERSION}/${route.path}`;
        const match = { route, params: {} };
        return [path, (request, remote) => serve(request, remote, path, () => match)];
      }),
    ),
  };
}

/** What finds the route of a request. */
function createFinder(prefix: string, { maxUrlBytes }: Limits) {
  const findRoute = createRouter(`${prefix}${API_VERSION}/`, routes);
  return (request: Request, { path, target, isUsual }: Address): Match | undefined => {
    if (target.length > maxUrlBytes) throw urlTooLong(maxUrlBytes);
    const isEncoded = path.includes("%");
    if (isUsual && !isEncoded) return findRoute(request);
    return findRoute(new Request(`http://localhost${isEncoded ? canonicalPath(path) : path}`));
  };
}

interface ExecutorOptions {
  readonly guard: Guard | undefined;
  readonly services: Services;
  readonly limits: Limits;
  readonly clock: Clock;
}

/** What carries out requests whose route is found: lets their callers in, waits for what they still have to send, and runs the route. */
function createExecutor({ guard, services, limits, clock }: ExecutorOptions) {
  const run = (call: Call, request: Request, { route, params }: Match) =>
    call.method === "POST"
      ? readBody(request, limits, clock).then(() => route.run(params, services, call))
      : route.run(params, services, call);

  async function runAdmitted(call: Call, request: Request, match: Match, admitted: Promise<Caller>) {
    call.caller = await admitted;
    return run(call, request, match);
  }

  return (call: Call, request: Request, match: Match, peer: string | undefined): JsonValue | Promise<JsonValue> => {
    const { isOpen, takesStrangers } = match.route;
    if (!guard) call.caller = anyone;
    if (!guard || isOpen) return run(call, request, match);
    const admitted = guard.admit(request, peer, { acts: call.kind === "control", takesStrangers });
    if (admitted instanceof Promise) return runAdmitted(call, request, match, admitted);
    call.caller = admitted;
    return run(call, request, match);
  };
}

/** The methods with which a route, with its parameters, does what it is there for. */
interface Methods {
  readonly takesGet: boolean;
  readonly takesHead: boolean;
  readonly takesPost: boolean;
}

const isTaken = (method: string, { takesGet, takesHead, takesPost }: Methods): boolean =>
  (method === "GET" && takesGet) || (method === "HEAD" && takesHead) || (method === "POST" && takesPost);

/** The value of `Allow`. */
const allowedMethods = ({ takesGet, takesHead, takesPost }: Methods): string =>
  [...(takesGet ? ["GET"] : []), ...(takesHead ? ["HEAD"] : []), "OPTIONS", ...(takesPost ? ["POST"] : [])].join(", ");

function methodNotAllowed(methods: Methods) {
  const allow = allowedMethods(methods);
  const hint = methods.takesGet ? "" : ": GET changes nothing here (api.get_control is off), POST does";
  return new ApiError("method-not-allowed", `405: Method Not Allowed (expected ${allow})${hint}`, { allow });
}

const urlTooLong = (maxUrlBytes: number) =>
  new ApiError("url-too-long", `The URL is too long: expected at most ${maxUrlBytes} bytes.`);
