import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import type { OpenTransport, Peer, Transport, TransportListener } from "./transport.ts";

interface Address {
  readonly address: string;
  readonly family: number;
}

const IPV4_ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;

/** Addresses of a host in the order in which the system prefers them. Asks no name server about what is an address already. */
async function resolve(host: string): Promise<readonly Address[]> {
  if (host.includes(":")) return [{ address: host, family: 6 }];
  if (IPV4_ADDRESS.test(host)) return [{ address: host, family: 4 }];
  return lookup(host, { all: true });
}

/**
 * One spelling for each address. Without the zone, which runtimes report or leave out as they like: the kernel has chosen the interface
 * already.
 */
function spelled(address: string): string {
  if (!address.includes(":")) return address;
  const [withoutZone = ""] = address.split("%", 1);
  return new URL(`http://[${withoutZone}]`).hostname;
}

function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((done, fail) => {
    socket.once("error", fail);
    const connected = (error?: Error) => {
      socket.off("error", fail);
      if (error) fail(error);
      else done();
    };
    socket.connect(port, address, connected);
  });
}

/**
 * A socket of its own for one BMC. It is connected, so that the kernel drops what others send, and tells when the host refuses. Deno
 * connects in name only, and what arrives before the socket is connected comes from anywhere: the sender is looked at here too.
 */
class UdpTransport implements Transport {
  readonly #socket: Socket;
  readonly #listener: TransportListener;
  readonly #port: number;
  readonly #address: string;
  /** The peer's address as this runtime writes it, once it has been heard. */
  #knownAddress: string | undefined;
  #isClosed = false;
  /** Datagrams that the system has not taken yet: Deno drops them where the socket is closed, a farewell for instance. */
  #leaving = 0;

  readonly #sent = (error: Error | null | undefined): void => {
    this.#leaving--;
    if (error) this.#failed(error);
    if (this.#isClosed && this.#leaving === 0) this.#socket.close();
  };

  constructor(socket: Socket, listener: TransportListener) {
    const { address, port } = socket.remoteAddress();
    this.#socket = socket;
    this.#listener = listener;
    this.#port = port;
    this.#address = spelled(address);
    socket.on("message", (datagram, from) => this.#received(datagram, from));
    socket.on("error", (error) => this.#failed(error));
  }

  send(datagram: Uint8Array): void {
    if (this.#isClosed) return;
    this.#leaving++;
    try {
      this.#socket.send(datagram, this.#sent);
    } catch (error) {
      this.#sent(error instanceof Error ? error : new Error(String(error)));
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#leaving === 0) this.#socket.close();
  }

  #received(datagram: Uint8Array, from: RemoteInfo): void {
    if (this.#isClosed) return;
    if (from.port === this.#port && this.#isPeer(from.address)) this.#listener.received(datagram);
    else this.#listener.strayed();
  }

  #isPeer(address: string): boolean {
    if (address === this.#knownAddress) return true;
    if (spelled(address) !== this.#address) return false;
    this.#knownAddress = address;
    return true;
  }

  #failed(error: Error): void {
    if (!this.#isClosed) this.#listener.failed(error);
  }
}

async function open({ address, family }: Address, port: number, listener: TransportListener): Promise<Transport> {
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    await connect(socket, port, address);
    return new UdpTransport(socket, listener);
  } catch (error) {
    // Nobody listens any more to what else goes wrong with it.
    socket.on("error", () => {});
    socket.close();
    throw error;
  }
}

/**
 * UDP through node:dgram. A host name is looked up each time; of its addresses the first is taken that there is a way to.
 */
export const openUdp: OpenTransport = async (peer: Peer, listener: TransportListener) => {
  const addresses = await resolve(peer.host);
  let failure: unknown = new Error(`${peer.host} has no address`);
  for (const address of addresses) {
    try {
      return await open(address, peer.port, listener);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
};
