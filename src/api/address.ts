import { ApiError } from "./errors.ts";

/** What a request asks for. */
export interface Address {
  /** Encoded, as it was asked for. */
  readonly path: string;
  /** Path and query. */
  readonly target: string;
  /** True where routers that look for the path behind `http://` and a host of some length find it. */
  readonly isUsual: boolean;
}

/** The length of `http://` and of the shortest host that Elysia reckons with. */
const USUAL_PATH_START = 11;

/**
 * Takes a request's URL apart. It need not be whole: what a server gets without a usable Host header (HTTP/1.0, or nonsense) may be
 * the path alone, or, for CONNECT, no path at all.
 */
export function addressOf(url: string): Address {
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  const target = start < 0 ? "" : url.slice(start);
  const queryAt = target.indexOf("?");
  return {
    path: queryAt < 0 ? target : target.slice(0, queryAt),
    target,
    isUsual: start >= USUAL_PATH_START && url.indexOf("/", USUAL_PATH_START) === start,
  };
}

/**
 * The path in its one encoded form: `%74est` is `test`. An encoded slash separates like any other, as it did in 1.2.
 *
 * @throws ApiError `malformed-url`
 */
export function canonicalPath(path: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch (error) {
    const message = "The URL is malformed: expected every % to begin two hexadecimal digits, and those to be UTF-8.";
    throw new ApiError("malformed-url", message, { cause: error });
  }
  if (decoded.includes("\0")) throw new ApiError("malformed-url", "The URL is malformed: it holds a NUL (%00).");
  return decoded.split("/").map(encodeURIComponent).join("/");
}
