/** Bun's HTTP server. The only file of the API that needs it. */
import { listenErrorOf } from "../lib/listen-error.ts";

/** A certificate with its key, in PEM. */
export interface TlsContext {
  /** The certificate first, then those that vouch for it, each for the one before. */
  readonly certificate: string;
  readonly key: string;
}

/** A certificate for clients that ask for one of its names. */
interface NamedTlsContext extends TlsContext {
  readonly names: readonly string[];
}

/** What a server needs for TLS. */
export interface TlsOptions {
  /** For clients that ask for no name, or for one that no other certificate is for. */
  readonly main: TlsContext;
  readonly further: readonly NamedTlsContext[];
  /** Authorities in PEM, one of which must have signed the client's certificate; absent where none is asked for. */
  readonly clientCa?: string | undefined;
  readonly minVersion: "1.2" | "1.3";
}

/** What answers a request. */
export type Handler = (request: Request, server: BunServer) => Response | Promise<Response>;

export type BunServer = Bun.Server<undefined>;

interface BunServerOptions {
  readonly hostname: string;
  readonly port: number;
  /** Answers by path, ahead of `fetch`. */
  readonly routes?: Readonly<Record<string, Handler>>;
  readonly fetch: Handler;
  readonly tls?: TlsOptions | undefined;
  /** Whether others of this user that also say so may listen on the same port. */
  readonly sharesPort?: boolean;
}

/**
 * Connections on which nothing happens are closed after this long, in seconds. A request's head has to be complete within some 12 s in any
 * case, and TLS's handshake, too: Bun sees to that.
 */
export const IDLE_TIMEOUT_S = 30;

/** Forward secrecy and authenticated encryption alone. Those of TLS 1.3 are, and are not listed here. */
const CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";

/** OpenSSL's and BoringSSL's SSL_OP_NO_TLSv1_2. Older versions are never spoken. */
const NO_TLS_1_2 = 0x0800_0000;

/** Listens. @throws ListenError */
export function serve({ hostname, port, routes = {}, fetch, tls, sharesPort = false }: BunServerOptions): BunServer {
  try {
    return Bun.serve({
      hostname,
      port,
      idleTimeout: IDLE_TIMEOUT_S,
      // The API refuses large bodies itself, in JSON. What it does not read, Bun does not keep.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      // Without this, `development: false` would let a second server take the same port unnoticed.
      reusePort: sharesPort,
      routes,
      fetch,
      ...(tls && { tls: contextsOf(tls) }),
    });
  } catch (error) {
    throw listenErrorOf(error, hostname, port);
  }
}

/** Every context asks for the client's certificate: else naming another host would be a way around it. */
function contextsOf({ main, further, clientCa, minVersion }: TlsOptions): Bun.TLSOptions[] {
  const common = {
    ciphers: CIPHERS,
    ...(minVersion === "1.3" && { secureOptions: NO_TLS_1_2 }),
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
  const named = further.flatMap(({ certificate, key, names }) =>
    names.map((serverName) => ({ ...common, cert: certificate, key, serverName })),
  );
  return [{ ...common, cert: main.certificate, key: main.key }, ...named];
}
