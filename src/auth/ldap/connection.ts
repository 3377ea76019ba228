import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { toError } from "../../lib/to-error.ts";
import { LdapError } from "./ldap-error.ts";
import type { LdapServer } from "./ldap-server.ts";
import { askForTls } from "./start-tls.ts";

/** What a conversation with a directory may cost. */
export interface ConnectionOptions {
  /** Certificates of the authorities to believe, PEM; undefined for those of the system. */
  readonly ca: string | undefined;
  /** Ends the connection, and everything that waits for it. Its reason is what they get to hear. */
  readonly signal: AbortSignal;
}

/** More than any answer to a login's questions. */
const MAX_BYTES = 4 * 1024 * 1024;

/** A connection that is as protected as its server asks for. */
export interface Connection {
  readonly socket: Socket;
  /** Rejects when we end it, for whatever reason. */
  readonly ended: Promise<never>;
  close(): void;
}

/** Waits for `event`, and no longer than the socket lives. */
function arrivalOf(event: "connect" | "secureConnect", socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown) => {
      socket.off(event, arrived).off("error", settle).off("close", closed);
      if (error) reject(error);
      else resolve();
    };
    const arrived = () => settle();
    const closed = () => settle(new Error("the connection was closed"));
    socket.once(event, arrived).once("error", settle).once("close", closed);
  });
}

const isAboutTls = (error: unknown) =>
  error instanceof Error &&
  "code" in error &&
  /CERT|SSL|TLS|ALTNAME|SIGNATURE|UNABLE_TO|PROTOCOL/.test(String(error.code));

/**
 * Connects, and asks for TLS where the server has it. The certificate must be signed by one of the authorities and bear the server's name.
 *
 * @throws LdapError `unreachable`, `untrusted`, `not-ldap`, and what `signal` gives as its reason
 */
export async function openConnection(server: LdapServer, { ca, signal }: ConnectionOptions): Promise<Connection> {
  signal.throwIfAborted();
  const { host, port, url, security } = server;
  const open: Socket[] = [];
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  // Whoever waits for something else is told; there may be nobody.
  ended.catch(() => {});
  const stop = (reason: unknown) => {
    end(reason);
    signal.removeEventListener("abort", abort);
    for (const socket of open) socket.destroy();
  };
  const abort = () => stop(signal.reason);
  const close = () => stop(new LdapError("unreachable", url, "the connection was closed"));
  // A socket always has a listener: what breaks one that nobody waits for must not end the process.
  const keep = (socket: Socket) => {
    open.push(socket.on("error", () => {}));
    return socket;
  };
  signal.addEventListener("abort", abort, { once: true });
  // An address is no server name (RFC 6066, section 3); certificates bear it as such.
  const names = { host, ...(isIP(host) ? {} : { servername: host }) };
  const trust = {
    ...names,
    ...(ca === undefined ? {} : { ca }),
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
  } as const;
  const connect = async () => {
    const socket = keep(security === "tls" ? connectTls({ port, ...trust }) : connectTcp(port, host));
    await arrivalOf(security === "tls" ? "secureConnect" : "connect", socket);
    if (security !== "start-tls") return socket;
    await askForTls(socket, server);
    const secured = keep(connectTls({ socket, ...trust }));
    await arrivalOf("secureConnect", secured);
    return secured;
  };
  try {
    const socket = await Promise.race([connect(), ended]);
    limit(socket, (bytes) =>
      stop(new LdapError("too-much-data", url, `sent ${bytes} bytes, expected at most ${MAX_BYTES}`)),
    );
    return { socket, ended, close };
  } catch (cause) {
    close();
    if (cause instanceof LdapError || signal.aborted) throw cause;
    const { message } = toError(cause);
    if (isAboutTls(cause)) throw new LdapError("untrusted", url, `is not to be trusted: ${message}`, { cause });
    throw new LdapError("unreachable", url, `no connection: ${message}`, { cause });
  }
}

/** Counts what arrives. */
function limit(socket: Socket, tooMuch: (bytes: number) => void): void {
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) tooMuch(bytes);
  });
}
