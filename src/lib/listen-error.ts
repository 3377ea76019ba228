/** Why a server cannot listen. */
export type ListenErrorCode = "address-in-use" | "address-not-available" | "permission-denied" | "listen-failed";

/** A server that cannot listen where it should. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: ListenErrorCode;
  readonly host: string;
  readonly port: number;

  constructor(code: ListenErrorCode, host: string, port: number, options?: ErrorOptions) {
    super(`cannot listen on ${host} port ${port}: ${reasons[code]}`, options);
    this.code = code;
    this.host = host;
    this.port = port;
  }
}

const reasons: Readonly<Record<ListenErrorCode, string>> = {
  "address-in-use": "another program listens there",
  "address-not-available": "this machine has no such address",
  "permission-denied":
    "not allowed for this user; ports below 1024 take CAP_NET_BIND_SERVICE (for the service, the drop-in port-443.conf)",
  "listen-failed": "the system refused",
};

/** What the system calls these failures. */
const systemCodes: ReadonlyMap<unknown, ListenErrorCode> = new Map<unknown, ListenErrorCode>([
  ["EADDRINUSE", "address-in-use"],
  ["EADDRNOTAVAIL", "address-not-available"],
  // A name that stands for no address: of a TCP server, of a UDP socket.
  ["ENXIO", "address-not-available"],
  ["ENOTFOUND", "address-not-available"],
  ["EACCES", "permission-denied"],
  ["EPERM", "permission-denied"],
]);

/** What the system said when it was asked to listen, as the error that it means. */
export function listenErrorOf(error: unknown, host: string, port: number): ListenError {
  const code = error instanceof Error && "code" in error ? systemCodes.get(error.code) : undefined;
  return new ListenError(code ?? "listen-failed", host, port, { cause: error });
}
