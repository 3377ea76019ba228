/** A bad network between a client and a BMC: a UDP proxy that loses, doubles, reorders, delays and damages datagrams by a seed. */
import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { systemClock, type Clock, type Timer } from "../../src/lib/clock.ts";
import { Fates, noFaultsYet, type UdpCounters, type UdpFaults } from "./udp-faults.ts";

export interface UdpProxySettings {
  /** The BMC. */
  readonly host: string;
  readonly port: number;
  /** The same seed and the same datagrams have the same fates. */
  readonly seed?: number;
  readonly toBmc?: UdpFaults;
  readonly toClient?: UdpFaults;
  /** Where a datagram is to be overtaken and no other comes: it goes on after this time. */
  readonly holdMs?: number;
  readonly clock?: Clock;
}

/** Clients talk to `host` and `port` as if that were the BMC. */
export interface UdpProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** From now on, for what has not arrived yet. */
  toBmc: UdpFaults;
  /** From now on, for what has not arrived yet. */
  toClient: UdpFaults;
  readonly counters: { readonly toBmc: Readonly<UdpCounters>; readonly toClient: Readonly<UdpCounters> };
  /** Drops what is under way, and closes. */
  close(): Promise<void>;
}

const HOLD_MS = 20;

async function bound(family: "udp4" | "udp6", address: string): Promise<Socket> {
  const socket = createSocket(family);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, address, resolve);
  });
  return socket;
}

const closed = (socket: Socket) => new Promise<void>((resolve) => void socket.close(resolve));

/** Sends one datagram as if from the right address, or from a wrong one. */
type Deliver = (datagram: Uint8Array, isFromWrongSource: boolean) => void;

/** One direction: datagrams go in, and come out as fate wills. */
class Direction {
  faults: UdpFaults;
  readonly counters = noFaultsYet();
  readonly #fates: Fates;
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly #timers = new Set<Timer>();
  /** What waits to be overtaken. */
  #held: (() => void) | undefined;

  constructor(seed: number, faults: UdpFaults, clock: Clock, holdMs: number) {
    this.#fates = new Fates(seed);
    this.faults = faults;
    this.#clock = clock;
    this.#holdMs = holdMs;
  }

  pass(datagram: Uint8Array, deliver: Deliver): void {
    const fate = this.#fates.next(datagram, this.faults, this.counters);
    for (const bytes of fate.debris) deliver(bytes, false);
    if (fate.copies === 0) return;
    const go = () => {
      for (let copy = 0; copy < fate.copies; copy++) deliver(datagram, fate.isFromWrongSource);
    };
    const overtaken = this.#held;
    this.#held = undefined;
    if (fate.delayMs > 0) this.#after(fate.delayMs, go);
    else if (fate.isOvertaken && !overtaken) this.#hold(go);
    else go();
    overtaken?.();
  }

  cancel(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#held = undefined;
  }

  #after(delayMs: number, action: () => void): void {
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }

  #hold(go: () => void): void {
    this.#held = go;
    this.#after(this.#holdMs, () => {
      if (this.#held !== go) return;
      this.#held = undefined;
      go();
    });
  }
}

class Proxy implements UdpProxy {
  readonly host: string;
  readonly port: number;
  readonly #near: Socket;
  /** Has an address (or, with IPv6, a port) that is nobody's. */
  readonly #stranger: Socket;
  readonly #settings: UdpProxySettings;
  readonly #family: "udp4" | "udp6";
  readonly #toBmc: Direction;
  readonly #toClient: Direction;
  /** A socket for each client, so that the BMC tells them apart. */
  readonly #clients = new Map<string, Promise<Socket>>();

  constructor(near: Socket, stranger: Socket, family: "udp4" | "udp6", settings: UdpProxySettings) {
    const { clock = systemClock, seed = 1, holdMs = HOLD_MS, toBmc = {}, toClient = {} } = settings;
    this.#near = near;
    this.#stranger = stranger;
    this.#family = family;
    this.#settings = settings;
    ({ address: this.host, port: this.port } = near.address());
    this.#toBmc = new Direction(seed, toBmc, clock, holdMs);
    this.#toClient = new Direction(~seed, toClient, clock, holdMs);
    near.on("message", (bytes, from) => void this.#fromClient(bytes, from));
  }

  get toBmc(): UdpFaults {
    return this.#toBmc.faults;
  }
  set toBmc(faults: UdpFaults) {
    this.#toBmc.faults = faults;
  }
  get toClient(): UdpFaults {
    return this.#toClient.faults;
  }
  set toClient(faults: UdpFaults) {
    this.#toClient.faults = faults;
  }
  get counters() {
    return { toBmc: this.#toBmc.counters, toClient: this.#toClient.counters };
  }

  async close(): Promise<void> {
    this.#toBmc.cancel();
    this.#toClient.cancel();
    const far = await Promise.all(this.#clients.values());
    await Promise.all([this.#near, this.#stranger, ...far].map(closed));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #fromClient(bytes: Uint8Array, client: AddressInfo): Promise<void> {
    const key = `${client.address} ${client.port}`;
    let opening = this.#clients.get(key);
    if (!opening) {
      opening = this.#openFar(client);
      this.#clients.set(key, opening);
    }
    const far = await opening;
    const { host, port } = this.#settings;
    this.#toBmc.pass(bytes, (datagram, isFromWrongSource) => {
      (isFromWrongSource ? this.#stranger : far).send(datagram, port, host);
    });
  }

  async #openFar(client: AddressInfo): Promise<Socket> {
    const far = await bound(this.#family, this.host);
    far.on("message", (bytes) => {
      this.#toClient.pass(bytes, (datagram, isFromWrongSource) => {
        (isFromWrongSource ? this.#stranger : this.#near).send(datagram, client.port, client.address);
      });
    });
    return far;
  }
}

/** Starts a proxy in front of a BMC on loopback. */
export async function startUdpProxy(settings: UdpProxySettings): Promise<UdpProxy> {
  const isV6 = settings.host.includes(":");
  const family = isV6 ? "udp6" : "udp4";
  const near = await bound(family, isV6 ? "::1" : "127.0.0.1");
  const stranger = await bound(family, isV6 ? "::1" : "127.0.0.66");
  return new Proxy(near, stranger, family, settings);
}
