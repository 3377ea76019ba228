import type { IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { toError } from "../../lib/to-error.ts";
import { OidcError } from "./oidc-error.ts";

export interface FetchOptions {
  /** Certificates of the authorities to believe, PEM; undefined for those of the system. */
  readonly ca: string | undefined;
  /** Ends the request. Its reason is what the caller gets to hear. */
  readonly signal: AbortSignal;
}

/** More than the keys of any issuer. */
const MAX_BYTES = 256 * 1024;

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether it can be believed what comes from there: HTTPS, or HTTP that does not leave this machine. */
function isTrustworthyUrl(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  return protocol === "https:" || (protocol === "http:" && hostname !== undefined && loopback.test(hostname));
}

/**
 * Fetches a JSON document. Redirections are not followed.
 *
 * @throws OidcError
 */
export async function fetchJson(url: string, { ca, signal }: FetchOptions): Promise<unknown> {
  if (!isTrustworthyUrl(url)) throw new OidcError("bad-metadata", url, "expected an https URL");
  let text: string;
  try {
    text = await fetchText(url, ca, signal);
  } catch (cause) {
    if (cause instanceof OidcError) throw cause;
    if (signal.reason instanceof OidcError) throw signal.reason;
    throw new OidcError("unreachable", url, toError(cause).message, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OidcError("bad-metadata", url, "the answer is not JSON", { cause });
  }
}

function fetchText(url: string, ca: string | undefined, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    agent: false,
    signal,
    headers: { accept: "application/json" },
    ...(ca === undefined ? {} : { ca }),
  };
  const request = url.startsWith("https:") ? requestHttps(url, options) : requestHttp(url, options);
  // Whether or not the request notices by itself.
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  request.on("error", reject);
  request.on("response", (response) => {
    readText(url, response)
      .then(resolve, reject)
      .finally(() => request.destroy());
  });
  request.end();
  return promise;
}

async function readText(url: string, response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200)
    throw new OidcError("bad-status", url, `answered with status ${response.statusCode}, expected 200`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new OidcError("too-much-data", url, `sent more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new OidcError("unreachable", url, "the answer broke off");
  return Buffer.concat(chunks).toString();
}
