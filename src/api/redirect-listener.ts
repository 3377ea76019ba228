import { isIP } from "node:net";
import { plainAddress } from "../lib/ip-address.ts";
import { serve } from "./bun-server.ts";

export interface RedirectOptions {
  /** An IP address or a host name. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The port of HTTPS. */
  readonly targetPort: () => number;
  /** True for a name or an address, in lower case and without brackets, that clients may be sent to. */
  readonly isOurs: (host: string) => boolean;
}

/** A server of plain HTTP that sends clients to HTTPS, and does nothing else. */
export interface RedirectListener {
  /** The port that it really listens on. */
  readonly port: number;
  stop(): Promise<void>;
}

const HTTPS_PORT = 443;
/** Longer URLs than the API takes. */
const LONGEST_TARGET = 2048;
const HOST = /^(?:\[([\da-f:.]+)\]|([a-z\d._-]+))(?::\d{1,5})?$/;

const common = { "cache-control": "no-store", "x-content-type-options": "nosniff", connection: "close" } as const;

/** Listens. @throws ListenError */
export function listenToRedirect({ host, port, targetPort, isOurs }: RedirectOptions): RedirectListener {
  const redirect = (request: Request): Response => {
    const name = hostOf(request.headers.get("host") ?? "");
    // Whoever was led here by another name gets no answer that leads anywhere.
    if (name === undefined || !isOurs(name)) return refusal(400, "400: this server does not know itself by that Host");
    const { pathname, search } = URL.parse(request.url) ?? { pathname: "/", search: "" };
    if (pathname.length + search.length > LONGEST_TARGET) return refusal(414, "414: the URL is too long");
    const target = targetPort();
    const authority = `${isIP(name) === 6 ? `[${name}]` : name}${target === HTTPS_PORT ? "" : `:${target}`}`;
    return new Response(null, {
      status: 308,
      headers: { ...common, location: `https://${authority}${pathname}${search}` },
    });
  };
  const server = serve({ hostname: host, port, fetch: redirect });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}

/** The name or address that a Host header names, without brackets and port; undefined where it is none. */
function hostOf(header: string): string | undefined {
  const [, address, name] = HOST.exec(header.toLowerCase()) ?? [];
  return address === undefined ? name : plainAddress(address);
}

const refusal = (status: number, message: string) =>
  new Response(`${message}\n`, { status, headers: { ...common, "content-type": "text/plain; charset=utf-8" } });
