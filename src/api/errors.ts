import { DeviceError, type DeviceErrorCode } from "../devices/errors.ts";

/**
 * What can be wrong with a request.
 *
 * - `invalid-id`: a board or device id that is no hexadecimal number, or out of range
 * - `invalid-value`: anything else in the path that is not what the route takes
 * - `unsupported`: understood, but this appliance cannot do it
 * - `unauthorized`: credentials are missing or wrong; `challenge` says what `WWW-Authenticate` does
 * - `forbidden`: the caller is known, or need not be, and may not do this
 * - `unchecked-credentials`: whoever could check them does not answer; `retryAfterS` says when to come back
 * - `too-many-requests`: `retryAfterS` says when to come back
 * - `malformed-url`: percent-encoding that stands for no text, or for a NUL
 * - `ambiguous-host`: more than one Host header
 * - `url-too-long`, `body-too-large`, `body-timeout`, `body-incomplete`: over the limits of `Limits`, or broken off
 */
export type ApiErrorCode =
  | "invalid-id"
  | "invalid-value"
  | "unsupported"
  | "unauthorized"
  | "unchecked-credentials"
  | "forbidden"
  | "too-many-requests"
  | "not-found"
  | "method-not-allowed"
  | "malformed-url"
  | "ambiguous-host"
  | "url-too-long"
  | "body-too-large"
  | "body-timeout"
  | "body-incomplete";

/** What the headers of an error's answer say. */
export interface ApiErrorDetails {
  /** With `method-not-allowed`: `Allow`. */
  readonly allow?: string;
  /** With `unauthorized`: `WWW-Authenticate`. */
  readonly challenge?: string;
  /** With `too-many-requests` and `unchecked-credentials`: seconds after which trying again makes sense. */
  readonly retryAfterS?: number;
}

/** A request that is refused before anything is asked of a device. The message is for the caller. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly details: ApiErrorDetails;

  constructor(code: ApiErrorCode, message: string, details: ApiErrorDetails & ErrorOptions = {}) {
    super(message, details);
    this.code = code;
    this.details = details;
  }
}

/** An error as HTTP tells it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: ApiErrorCode | DeviceErrorCode | "internal-error";
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What 1.2 answers with wherever it has no better word. */
const INTERNAL_SERVER_ERROR = 500;
const SERVICE_UNAVAILABLE = 503;
const TOO_MANY_REQUESTS = 429;
/** Whoever gets one of these may try again later. */
const passing: ReadonlySet<number> = new Set([SERVICE_UNAVAILABLE, TOO_MANY_REQUESTS]);

/** Statuses of the API's own errors. Mistakes in ids and values are 500, because clients of 1.2 expect that. */
const apiStatuses: Readonly<Record<ApiErrorCode, number>> = {
  "invalid-id": INTERNAL_SERVER_ERROR,
  "invalid-value": INTERNAL_SERVER_ERROR,
  unsupported: INTERNAL_SERVER_ERROR,
  unauthorized: 401,
  "unchecked-credentials": SERVICE_UNAVAILABLE,
  forbidden: 403,
  "too-many-requests": TOO_MANY_REQUESTS,
  "not-found": 404,
  "method-not-allowed": 405,
  "malformed-url": 400,
  "ambiguous-host": 400,
  "url-too-long": 414,
  "body-too-large": 413,
  "body-timeout": 408,
  "body-incomplete": 400,
};

/** Errors after which the rest of the body is still to come, and nobody will read it. */
const leavesBody: ReadonlySet<ApiErrorCode> = new Set<ApiErrorCode>(["body-too-large", "body-timeout"]);

/** Statuses of failed commands, where they are not 500. */
const deviceStatuses: Partial<Record<DeviceErrorCode, number>> = {
  busy: SERVICE_UNAVAILABLE,
  "shutting-down": SERVICE_UNAVAILABLE,
  "audit-unavailable": SERVICE_UNAVAILABLE,
  forbidden: 403,
  protected: 403,
  "board-busy": 409,
  "cooling-down": TOO_MANY_REQUESTS,
};

/** When to try again where the back end does not say, in seconds. */
const DEFAULT_RETRY_AFTER_S = 1;

/** How an error is told to the caller of a request. Of what is not foreseen it says nothing but where to look. */
export function answerTo(error: unknown, requestId: string): ErrorAnswer {
  if (error instanceof ApiError) {
    const { code, message, details } = error;
    const headers: Record<string, string> = {};
    if (details.allow !== undefined) headers["allow"] = details.allow;
    if (details.challenge !== undefined) headers["www-authenticate"] = details.challenge;
    if (details.retryAfterS !== undefined) headers["retry-after"] = `${Math.max(1, Math.ceil(details.retryAfterS))}`;
    if (leavesBody.has(code)) headers["connection"] = "close";
    return { status: apiStatuses[code], code, message, headers };
  }
  if (error instanceof DeviceError) {
    const { code, message, detail } = error;
    const status = deviceStatuses[code] ?? INTERNAL_SERVER_ERROR;
    const retryAfterS = Math.max(1, Math.ceil(detail.retryAfterS ?? DEFAULT_RETRY_AFTER_S));
    const headers: Record<string, string> = passing.has(status) ? { "retry-after": `${retryAfterS}` } : {};
    return { status, code, message, headers };
  }
  const message = `Internal error (see the log, request id ${requestId})`;
  return { status: INTERNAL_SERVER_ERROR, code: "internal-error", message, headers: {} };
}
