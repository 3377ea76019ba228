import { ApiError } from "./errors.ts";

/** Names and addresses by which only this machine's own programs ask. What a page of elsewhere is made to ask bears its own name. */
const loopbackUrl = /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?(?:\/|$)/i;

/**
 * True where a request asks for this machine by a loopback name. A page whose own name was made to lead here (DNS rebinding) asks by that
 * name, as if it were its own server.
 */
export function namesLoopback(request: Request): boolean {
  const { url } = request;
  if (loopbackUrl.test(url)) return true;
  // Without any Host it was no browser; with one that is no host, the URL is the path alone.
  return url.startsWith("/") && request.headers.get("host") === null;
}

/**
 * Refuses a request with several Host headers: a proxy in between may have gone by another one than this server. The runtime hands them over
 * with a comma in between, which no host's name has.
 *
 * @throws ApiError `ambiguous-host`
 * @see RFC 9112, section 3.2
 */
export function refuseSeveralHosts({ headers }: Request): void {
  if (headers.get("host")?.includes(","))
    throw new ApiError("ambiguous-host", "Expected one Host header, not several.");
}

const speculation = /prefetch|prerender|preview/i;
const speculationHeaders = ["sec-purpose", "purpose", "x-purpose", "x-moz"] as const;

const refuse = (why: string) => new ApiError("forbidden", `This request would change something, and ${why}.`);

/**
 * Refuses what a browser asks for on behalf of a page from elsewhere, or on a guess of what its user may look at next. A browser says so
 * in headers that pages cannot set: Sec-Fetch-Site over HTTPS and on loopback, Origin with POST. Where it says neither, Referer counts, which
 * a page can have left out. For requests that change something.
 *
 * @throws ApiError `forbidden`, `ambiguous-host`
 * @see Fetch Metadata Request Headers; RFC 6454, section 7; RFC 9110, section 10.1.3
 */
export function refuseForeignPages(request: Request): void {
  const { headers } = request;
  refuseSeveralHosts(request);
  if (speculationHeaders.some((name) => speculation.test(headers.get(name) ?? "")))
    throw refuse("a browser asks for it on a guess (prefetch)");
  const site = headers.get("sec-fetch-site");
  // "none" is what the user has typed.
  if (site !== null && site !== "same-origin" && site !== "none")
    throw refuse(`a browser asks for it on behalf of a page from elsewhere (Sec-Fetch-Site: ${printable(site)})`);
  if (site !== "same-origin") refuseForeignOrigin(headers.get("origin"), request.url);
  if (site === null) refuseForeignReferer(headers.get("referer"), request.url);
}

function refuseForeignOrigin(origin: string | null, url: string): void {
  if (origin === null || URL.parse(url)?.origin === origin.toLowerCase()) return;
  throw refuse(`a browser asks for it on behalf of a page from elsewhere (Origin: ${printable(origin)})`);
}

/** By the host alone: a proxy that speaks HTTPS for us makes the scheme another one. */
function refuseForeignReferer(referer: string | null, url: string): void {
  const page = referer === null ? null : URL.parse(referer);
  if (!page || page.host === URL.parse(url)?.host) return;
  throw refuse(`a browser asks for it on behalf of a page from elsewhere (Referer: ${printable(page.origin)})`);
}

const LONGEST_QUOTE = 100;
const printable = (text: string) => text.slice(0, LONGEST_QUOTE).replaceAll(/[^ -~]/g, "?");
