import { Buffer } from "node:buffer";
import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { AccessLog, ErrorLog } from "./access-log.ts";
import type { Call, CallKind } from "./call.ts";
import { allowAnyOrigin, type CorsSetting } from "./cors.ts";
import { answerTo, ApiError } from "./errors.ts";
import { toJson, type JsonValue } from "./json.ts";

/** What every answer needs to know besides its content. */
export interface AnswersOptions {
  readonly cors: CorsSetting;
  readonly clock: Clock;
  readonly accessLog?: AccessLog | undefined;
  readonly errorLog?: ErrorLog | undefined;
}

/** HTTP headers by their names, in lower case. */
type HeaderValues = Readonly<Record<string, string>>;

/** Makes the answers: every request ends in one of these methods, once, and is logged there. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #headers: Readonly<Record<CallKind, Headers>>;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#headers = headersByKind(options.cors);
  }

  /** What was asked for. */
  ok(call: Call, value: JsonValue): Response {
    return this.#finish(call, 200, toJson(value));
  }

  /** What went wrong, as `{"message","code","request_id"}`. */
  failure(call: Call, thrown: unknown): Response {
    const { status, code, message, headers } = answerTo(thrown, call.requestId);
    if (!(thrown instanceof ApiError)) {
      const { requestId, method, path } = call;
      this.#options.errorLog?.(toError(thrown), { requestId, method, path });
    }
    return this.#finish(call, status, toJson({ message, code, request_id: call.requestId }), headers);
  }

  /** Nothing but headers. */
  empty(call: Call, headers: HeaderValues): Response {
    return this.#finish(call, 204, "", headers);
  }

  #finish(call: Call, status: number, json: string, more?: HeaderValues): Response {
    const { clock, accessLog } = this.#options;
    const isBare = json === "" || call.method === "HEAD";
    if (accessLog) {
      const { method, path, requestId, remote, startedMs } = call;
      const durationMs = clock.monotonicMs() - startedMs;
      const bytes = isBare ? 0 : Buffer.byteLength(json);
      accessLog({ method, path, status, durationMs, requestId, remote, bytes }, call);
    }
    // A response copies its headers when it is made, so that all can be made from the same few.
    const common = this.#headers[call.kind];
    common.set("x-request-id", call.requestId);
    if (!isBare && !more) return new Response(json, { status, headers: common });
    const headers = new Headers(common);
    for (const [name, value] of Object.entries(more ?? {})) headers.set(name, value);
    if (!isBare) return new Response(json, { status, headers });
    if (json === "") headers.delete("content-type");
    else headers.set("content-length", `${Buffer.byteLength(json)}`);
    return new Response(null, { status, headers });
  }
}

/** Headers that every answer has. */
const common = { "content-type": "application/json", "x-content-type-options": "nosniff" } as const;

/** Headers of the answers on each kind of route, but for the request id. */
const headersByKind = (cors: CorsSetting): Readonly<Record<CallKind, Headers>> => ({
  unknown: new Headers(common),
  read: new Headers(cors === "reads" ? { ...common, "access-control-allow-origin": allowAnyOrigin } : common),
  // What one caller may read, a cache must not hand to another; and pages of other origins have nothing to do with it.
  "guarded-read": new Headers({ ...common, "cache-control": "no-store" }),
  // A control command must reach the rack every time.
  control: new Headers({ ...common, "cache-control": "no-store" }),
});
