/** Where a BMC is reached. */
export interface Peer {
  /** A name, an IPv4 address, or an IPv6 address with its zone where it needs one: `fe80::1%eth0`. */
  readonly host: string;
  /** UDP port. */
  readonly port: number;
}

/** Who wants to know what comes from the peer. */
export interface TransportListener {
  /** A datagram from the peer. The bytes are the listener's to keep. */
  received(datagram: Uint8Array): void;
  /** A datagram from elsewhere, which was dropped. Systems that look at the sender themselves never tell. */
  strayed(): void;
  /**
   * The system refuses to send, or the peer's host refuses what was sent (ICMP port unreachable). The transport stays usable: a BMC that
   * restarts refuses for a while.
   */
  failed(error: Error): void;
}

/** Datagrams to and from one peer. Every one may be lost, doubled or late. */
export interface Transport {
  /** Hands a datagram to the system; it must not change afterwards. Does nothing once closed. */
  send(datagram: Uint8Array): void;
  /** Gives everything back; the listener hears nothing more. May be called again. */
  close(): void;
}

/** Opens a transport. Rejects with an Error of the system where there is no such host or no way to it. */
export type OpenTransport = (peer: Peer, listener: TransportListener) => Promise<Transport>;
