import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { toError } from "../../lib/to-error.ts";
import { systemClock, type Clock, type Timer } from "../../lib/clock.ts";
import type { EmulatedBmcCounters } from "./bmc-counters.ts";
import { BmcResponder } from "./bmc-responder.ts";
import type { BmcDescription } from "./file/bmc-shape.ts";
import type { BmcModel } from "./model/bmc-model.ts";

/** Told of what goes wrong beside what is scripted. */
export interface BmcLog {
  /** The system did not send a datagram, or the socket reports an error. */
  network(error: Error): void;
  /** The emulation itself failed over a command. */
  failure(message: string, error: unknown): void;
}

export interface EmulatedBmcOptions {
  readonly description: BmcDescription;
  /** Address to listen on; 127.0.0.1 where it is absent. */
  readonly host?: string;
  /** 0, or absent: a free one. */
  readonly port?: number;
  readonly clock?: Clock;
  readonly log?: BmcLog;
}

/** Answers that are held back at a time: whoever floods a BMC that answers late gets no more. */
const MOST_DELAYED = 1000;

const silent: BmcLog = { network: () => undefined, failure: () => undefined };

/** An emulated BMC that answers over UDP. @see docs/emulated-bmc.md */
export class EmulatedBmc {
  readonly host: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #responder: BmcResponder;
  readonly #clock: Clock;
  readonly #log: BmcLog;
  readonly #delayed = new Set<Timer>();
  #unreachable = 0;
  #isStopped = false;

  private constructor(socket: Socket, responder: BmcResponder, clock: Clock, log: BmcLog) {
    const { address, port } = socket.address();
    this.host = address;
    this.port = port;
    this.#socket = socket;
    this.#responder = responder;
    this.#clock = clock;
    this.#log = log;
    responder.model.lan.listenOn(address);
    socket.on("message", (datagram, { address: from, port: fromPort }) => {
      // A copy: Node's buffers are views of larger ones, which are used again.
      this.#receive(new Uint8Array(datagram), { address: from, port: fromPort });
    });
    socket.on("error", (error) => this.#failed(error));
  }

  /** Listens, and answers from then on. @throws what the system says where the address cannot be had */
  static async start(options: EmulatedBmcOptions): Promise<EmulatedBmc> {
    const { description, host = "127.0.0.1", port = 0, clock = systemClock, log = silent } = options;
    const now = { nowMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    const responder = new BmcResponder(description, now, (message, error) => log.failure(message, error));
    const socket = createSocket(isIPv6(host.split("%")[0] ?? "") ? "udp6" : "udp4");
    const listening = once(socket, "listening");
    socket.bind({ address: host, port, exclusive: true });
    try {
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    return new EmulatedBmc(socket, responder, clock, log);
  }

  get counters(): EmulatedBmcCounters {
    return { ...this.#responder.counters, unreachable: this.#unreachable };
  }

  /** The hardware as it is now, for tests that look at it, change a sensor or script a fault. */
  get model(): BmcModel {
    this.#responder.advance(this.#clock.monotonicMs());
    return this.#responder.model;
  }

  /** Sessions that are open now. */
  get sessions(): number {
    this.#responder.advance(this.#clock.monotonicMs());
    return this.#responder.sessions.active.length;
  }

  /** Forgets all sessions, as a BMC does that starts anew. */
  loseSessions(): void {
    this.#responder.sessions.forgetAll();
  }

  /** Nothing is answered any more. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const timer of this.#delayed) timer.cancel();
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  #receive(datagram: Uint8Array, peer: { readonly address: string; readonly port: number }): void {
    if (this.#isStopped) return;
    for (const answer of this.#responder.receive(datagram, peer, this.#clock.monotonicMs())) {
      if (answer.delayMs === 0) {
        this.#send(answer.datagram, peer);
        continue;
      }
      if (this.#delayed.size >= MOST_DELAYED) continue;
      const timer = this.#clock.after(answer.delayMs, () => {
        this.#delayed.delete(timer);
        this.#send(answer.datagram, peer);
      });
      this.#delayed.add(timer);
    }
  }

  /** Clients that have gone before their answer came are no fault of the network. */
  #failed(error: Error): void {
    if ("code" in error && error.code === "ECONNREFUSED") this.#unreachable++;
    else this.#log.network(error);
  }

  #send(datagram: Uint8Array, { address, port }: { readonly address: string; readonly port: number }): void {
    try {
      this.#socket.send(datagram, port, address, (error) => {
        if (error) this.#failed(error);
      });
    } catch (error) {
      // Port 0 cannot be sent to, and whoever forges datagrams may come from there.
      this.#failed(toError(error));
    }
  }
}
