import { IpmiError } from "../errors.ts";
import type { Transport, TransportListener } from "../transport/transport.ts";
import type { DropReason, MutableCounters } from "./counters.ts";
import type { ResolvedOptions } from "./options.ts";
import { datagramHex, messageHex, type Trace } from "./trace.ts";

/** A transport with its counters and trace. Whoever holds it says where datagrams go. */
export class Link {
  readonly counters: MutableCounters;
  readonly #trace: Trace | undefined;
  #transport: Transport | undefined;
  #receive: (datagram: Uint8Array) => void = () => {};
  #lastFailure: Error | undefined;

  private constructor(counters: MutableCounters, trace: Trace | undefined) {
    this.counters = counters;
    this.#trace = trace;
  }

  /** @throws IpmiError `network`, or the signal's reason */
  static async open(options: ResolvedOptions, counters: MutableCounters, signal: AbortSignal): Promise<Link> {
    const link = new Link(counters, options.trace);
    const { host, port, address } = options;
    const listener: TransportListener = {
      received: (datagram) => link.#received(datagram),
      strayed: () => link.drop("foreign-address"),
      failed: (error) => {
        counters.refused++;
        link.#lastFailure = error;
      },
    };
    try {
      link.#transport = await orAborted(options.transport({ host, port }, listener), signal);
    } catch (cause) {
      if (signal.aborted) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new IpmiError("network", `There is no way to ${address}: ${reason}.`, { address }, { cause });
    }
    return link;
  }

  /** Why the system, or the peer's host, refused a datagram; undefined where nothing was refused since the last one that arrived. */
  get lastFailure(): Error | undefined {
    return this.#lastFailure;
  }

  /** Where datagrams go from now on. */
  listen(receive: (datagram: Uint8Array) => void): void {
    this.#receive = receive;
  }

  send(datagram: Uint8Array): void {
    this.counters.sent++;
    this.#trace?.event({ direction: "sent", kind: "datagram", hex: datagramHex(datagram) });
    this.#transport?.send(datagram);
  }

  /** Shows an IPMI message that goes by inside of datagrams. */
  show(direction: "sent" | "received", message: Uint8Array): void {
    if (this.#trace?.showsMessages) this.#trace.event({ direction, kind: "message", hex: messageHex(message) });
  }

  /** A datagram is not taken. */
  drop(reason: DropReason): void {
    this.counters.dropped[reason]++;
  }

  close(): void {
    this.#receive = () => {};
    this.#transport?.close();
  }

  #received(datagram: Uint8Array): void {
    this.counters.received++;
    this.#lastFailure = undefined;
    this.#trace?.event({ direction: "received", kind: "datagram", hex: datagramHex(datagram) });
    this.#receive(datagram);
  }
}

/** Does not wait for a name server where nobody waits any more; what it still brings is closed. */
function orAborted(opening: Promise<Transport>, signal: AbortSignal): Promise<Transport> {
  return new Promise<Transport>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    opening
      .then((transport) => {
        if (signal.aborted) transport.close();
        else resolve(transport);
      }, reject)
      .finally(() => signal.removeEventListener("abort", leave));
  });
}
