/** The API's server: it listens, takes new certificates while it does, and stops without breaking off what is under way. */
import { systemClock, type Clock } from "../lib/clock.ts";
import { IDLE_TIMEOUT_S, serve, type BunServer, type Handler, type TlsOptions } from "./bun-server.ts";
import type { ConnectionLimiter } from "./connection-limits.ts";
import { openSteering, PortGroup, type Steer } from "./port-steering.ts";
import type { Api } from "./server.ts";

export interface ListenOptions {
  readonly api: Api;
  /** An IP address or a host name. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** How long `stop` waits for requests under way, in milliseconds. */
  readonly graceMs: number;
  /** Serves HTTPS in place of HTTP. */
  readonly tls?: TlsOptions | undefined;
  /** Is told of connections whose requests are under way. Without it, there may be as many connections as the system allows. */
  readonly connections?: ConnectionLimiter | undefined;
  readonly clock?: Clock;
  /** How connections are kept from a server that is about to close; handed in by tests. */
  readonly openSteering?: () => Steer;
}

/** A server that listens. */
export interface Listener {
  readonly host: string;
  /** The port that it really listens on. */
  readonly port: number;
  /** `http://127.0.0.1:5000` */
  readonly origin: string;
  /**
   * Serves new connections with other certificates. Those that exist go on with the old ones for one more request, or until they have
   * been idle for as long as any may be: none is broken off. False where the kernel could not be told which connections are new: then some
   * get the old ones for 2 s more, and may be broken off at their end.
   *
   * @throws ListenError; the old certificates are then still in use. TypeError where it serves no HTTPS.
   */
  replaceTls(tls: TlsOptions): boolean;
  /**
   * Accepts nothing more, lets the requests under way finish, but no longer than the grace, and closes what is left. May be called
   * again.
   */
  stop(): Promise<void>;
}

/** Requests that wait for a device have no such limit: their commands have their own. */
const NO_TIMEOUT = 0;

/** On these addresses only this machine can call, and asking who does costs more than routing. */
const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);

/**
 * How long a server whose certificates have been replaced goes on, in milliseconds: whoever is connected has used the connection, and been
 * told that it was for the last time, or has been idle for too long. Bun looks for idle connections every 4 s.
 */
const RETIREMENT_MS = (IDLE_TIMEOUT_S + 5) * 1000;
/** The same where new connections may still come to it, which the old certificates await: a compromise. */
const SHARED_RETIREMENT_MS = 2000;
/** No more than these retire at once: the oldest goes before its time. */
const MOST_RETIRING = 4;

/** Listens. @throws ListenError */
export function listen(options: ListenOptions): Listener {
  const { host, port, tls } = options;
  const server = new ApiServer(options);
  // Servers that share a port do not notice that others of the same user have it. One that the system chooses is nobody's.
  if (tls && port !== 0) seeThatFree(host, port);
  server.start(port, tls);
  return server;
}

/** Looks whether anybody listens on a port, by listening there for a moment. @throws ListenError */
function seeThatFree(hostname: string, port: number): void {
  const probe = serve({ hostname, port, fetch: () => new Response(null, { status: 503 }) });
  // It is closed when this returns; the promise is for connections.
  probe.stop(true).catch(() => undefined);
}

/** One server of the API, with the certificates that it started with. */
class Generation {
  readonly server: BunServer;
  #isRetiring = false;

  constructor({ api, host, connections }: ListenOptions, port: number, tls: TlsOptions | undefined) {
    const knownRemote = loopback.has(host) ? host : undefined;
    const finish = (response: Response) => (this.#isRetiring ? forTheLastTime(response) : response);
    const finishLater = tls
      ? (response: Promise<Response>) => response.then(finish)
      : (response: Promise<Response>) => response;
    const keep = (peer: ReturnType<BunServer["requestIP"]>, response: Promise<Response>) =>
      connections && peer ? connections.whileBusy(peer.address, peer.port, response) : response;
    const answer =
      (fetch: Api["fetch"]): Handler =>
      (request, server) => {
        const peer = knownRemote === undefined ? server.requestIP(request) : null;
        const remote = knownRemote ?? peer?.address;
        if (remote === undefined) return fromNowhere();
        const response = fetch(request, remote);
        if (response instanceof Promise) {
          server.timeout(request, NO_TIMEOUT);
          return finishLater(keep(peer ?? server.requestIP(request), response));
        }
        return finish(response);
      };
    const routes = Object.fromEntries([...api.fixed].map(([path, fetch]) => [path, answer(fetch)]));
    const fetch = answer((request, remote) => api.fetch(request, remote));
    this.server = serve({ hostname: host, port, routes, fetch, tls, sharesPort: tls !== undefined });
  }

  /** From now on every answer is the last on its connection. */
  retire(): void {
    this.#isRetiring = true;
  }
}

/**
 * For whoever has reset the connection behind the request: the system no longer knows where it came from, so that neither limits nor
 * the audit trail could hold anybody responsible. Nobody reads this.
 */
const fromNowhere = () => new Response(null, { status: 400, headers: { connection: "close" } });

/** Tells the caller to connect anew for the next request. */
function forTheLastTime(response: Response): Response {
  response.headers.set("connection", "close");
  return response;
}

/** A server that has been replaced, and when it is to close. */
interface Retiring {
  readonly generation: Generation;
  /** Closes it; at the latest when its time has come. */
  close(): void;
}

class ApiServer implements Listener {
  readonly host: string;
  readonly #options: ListenOptions;
  readonly #clock: Clock;
  #current: Generation | undefined;
  #tls: TlsOptions | undefined;
  #group: PortGroup<Generation> | undefined;
  readonly #retiring = new Set<Retiring>();
  /** Servers that are closed, some of whose requests are still under way. */
  readonly #closing = new Set<Generation>();
  #stopped: Promise<void> | undefined;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.host = options.host;
  }

  get port(): number {
    return this.#current?.server.port ?? this.#options.port;
  }

  get origin(): string {
    const { host, port } = this;
    return `http${this.#tls ? "s" : ""}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  start(port: number, tls: TlsOptions | undefined): void {
    this.#current = new Generation(this.#options, port, tls);
    this.#tls = tls;
  }

  replaceTls(tls: TlsOptions): boolean {
    const old = this.#current;
    if (!old || !this.#tls) throw new TypeError("there are no certificates to replace: this server serves no HTTPS");
    if (this.#stopped || JSON.stringify(tls) === JSON.stringify(this.#tls)) return true;
    const group = (this.#group ??= new PortGroup(this.port, old, (this.#options.openSteering ?? openSteering)()));
    const current = new Generation(this.#options, this.port, tls);
    const isSteered = group.joined(current);
    this.#current = current;
    this.#tls = tls;
    old.retire();
    this.#closeLater(old, group, isSteered ? RETIREMENT_MS : SHARED_RETIREMENT_MS);
    return isSteered;
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  #closeLater(generation: Generation, group: PortGroup<Generation>, delayMs: number): void {
    const close = () => {
      if (!this.#retiring.delete(retiring)) return;
      timer.cancel();
      this.#closing.add(generation);
      const forget = () => void this.#closing.delete(generation);
      generation.server.stop().then(forget, forget);
      group.left(generation);
    };
    const timer = this.#clock.after(delayMs, close);
    const retiring = { generation, close };
    this.#retiring.add(retiring);
    const [oldest] = this.#retiring;
    if (this.#retiring.size > MOST_RETIRING) oldest?.close();
  }

  async #stop(): Promise<void> {
    for (const retiring of this.#retiring) retiring.close();
    const generations = [...this.#closing, ...(this.#current ? [this.#current] : [])];
    const grace = Promise.withResolvers<void>();
    const timer = this.#clock.after(this.#options.graceMs, grace.resolve);
    await Promise.race([Promise.all(generations.map(({ server }) => server.stop())), grace.promise]);
    timer.cancel();
    // Answers that are ready are written before their connections are closed.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    await Promise.all(generations.map(({ server }) => server.stop(true)));
  }
}
