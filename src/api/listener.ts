/** The HTTP server. The only file of the API that needs Bun. */
import { systemClock, type Clock } from "../lib/clock.ts";
import { listenErrorOf } from "../lib/listen-error.ts";
import type { Api } from "./server.ts";

export interface ListenOptions {
  readonly api: Api;
  /** An IP address or a host name. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** How long `stop` waits for requests under way, in milliseconds. */
  readonly graceMs: number;
  readonly clock?: Clock;
}

/** A server that listens. */
export interface Listener {
  readonly host: string;
  /** The port that it really listens on. */
  readonly port: number;
  /** `http://127.0.0.1:5000` */
  readonly origin: string;
  /**
   * Accepts nothing more, lets the requests under way finish, but no longer than the grace, and closes what is left. May be called
   * again.
   */
  stop(): Promise<void>;
}

/** Connections on which nothing happens are closed after this long, in seconds. */
const IDLE_TIMEOUT_S = 30;
/** Requests that wait for a device have no such limit: their commands have their own. */
const NO_TIMEOUT = 0;

/** Listens. @throws ListenError */
export function listen({ api, host, port, graceMs, clock = systemClock }: ListenOptions): Listener {
  const server = serve(api, host, port);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    const grace = Promise.withResolvers<void>();
    const timer = clock.after(graceMs, grace.resolve);
    await Promise.race([server.stop(), grace.promise]);
    timer.cancel();
    // Answers that are ready are written before their connections are closed.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    await server.stop(true);
  };
  const boundPort = server.port ?? port;
  return {
    host,
    port: boundPort,
    origin: `http://${host.includes(":") ? `[${host}]` : host}:${boundPort}`,
    stop: () => (stopped ??= stop()),
  };
}

/** On these addresses only this machine can call, and asking who does costs more than routing. */
const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);

function serve(api: Api, hostname: string, port: number) {
  const knownRemote = loopback.has(hostname) ? hostname : undefined;
  const answer =
    (fetch: Api["fetch"]) =>
    (request: Request, server: Bun.Server<undefined>): Response | Promise<Response> => {
      const response = fetch(request, knownRemote ?? server.requestIP(request)?.address);
      if (response instanceof Promise) server.timeout(request, NO_TIMEOUT);
      return response;
    };
  const routes = Object.fromEntries([...api.fixed].map(([path, fetch]) => [path, answer(fetch)]));
  try {
    return Bun.serve({
      hostname,
      port,
      idleTimeout: IDLE_TIMEOUT_S,
      // The API refuses large bodies itself, in JSON. What it does not read, Bun does not keep.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      // Without this, `development: false` would let a second server take the same port unnoticed.
      reusePort: false,
      routes,
      fetch: answer((request, remote) => api.fetch(request, remote)),
    });
  } catch (error) {
    throw listenErrorOf(error, hostname, port);
  }
}
