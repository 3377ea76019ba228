import { systemClock, type Clock, type Timer } from "../lib/clock.ts";
import { isLoopback, plainAddress } from "../lib/ip-address.ts";
import { toError } from "../lib/to-error.ts";
import type { OwnSocket, SocketTable } from "./own-sockets.ts";
import { countedAs } from "./visitors.ts";

/** How many connections there may be. */
export interface ConnectionBounds {
  /** In all; 0 for no limit. */
  readonly connections: number;
  /** Of one address; 0 for no limit. */
  readonly connectionsPerAddress: number;
  /** Whether loopback addresses are counted, too. */
  readonly loopback: boolean;
}

/** Who is told what becomes of connections. */
interface ConnectionEvents {
  /** So many were ended because there were too many; `address` had most. */
  ended(count: number, address: string): void;
  /** They could not be looked at, and none was ended. */
  notCounted(error: Error): void;
}

export interface ConnectionLimiterOptions {
  /** The address or name that the server listens on. */
  readonly host: string;
  readonly table: SocketTable;
  readonly clock?: Clock;
  /** Addresses that are not counted: those of proxies, behind which there are many. */
  readonly isExempt?: (address: string) => boolean;
  readonly events: ConnectionEvents;
}

/** How often connections are counted, in milliseconds. Whoever opens too many has them for that long. */
const LOOK_MS = 1000;
/** The same once there have been too many. */
const LOOK_AGAIN_MS = 100;

/**
 * Ends connections that are too many. The runtime tells nobody when one is opened, so they are counted from time to time, at no cost to
 * requests. Those that came last go first, and never one whose request is under way.
 */
export class ConnectionLimiter {
  readonly #options: ConnectionLimiterOptions;
  readonly #clock: Clock;
  #bounds: ConnectionBounds;
  #ports: ReadonlySet<number> | undefined;
  #timer: Timer | undefined;
  /** Connections that were there at the last look, by inode. */
  #known: ReadonlySet<string> = new Set();
  /** How many requests are under way, by where they come from. */
  readonly #busy = new Map<string, number>();

  constructor(bounds: ConnectionBounds, options: ConnectionLimiterOptions) {
    this.#bounds = bounds;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Looks after the connections to these ports from now on. */
  watch(ports: readonly number[]): void {
    this.#ports = new Set(ports);
    this.#scheduleIfNeeded(LOOK_MS);
  }

  /** Other limits from now on. */
  set(bounds: ConnectionBounds): void {
    this.#bounds = bounds;
    this.#scheduleIfNeeded(LOOK_MS);
  }

  close(): void {
    this.#ports = undefined;
    this.#timer?.cancel();
    this.#options.table.close();
  }

  /** Keeps a connection until `answer` is settled. */
  async whileBusy<T>(remote: string, remotePort: number, answer: Promise<T>): Promise<T> {
    const key = keyOf(remote, remotePort);
    this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
    try {
      return await answer;
    } finally {
      const left = (this.#busy.get(key) ?? 1) - 1;
      if (left > 0) this.#busy.set(key, left);
      else this.#busy.delete(key);
    }
  }

  #scheduleIfNeeded(delayMs: number): void {
    this.#timer?.cancel();
    const { loopback } = this.#bounds;
    if (this.#ports === undefined || this.#smallestBound() === Infinity) return;
    if (isLoopback(this.#options.host) && !loopback) return;
    this.#timer = this.#clock.after(delayMs, () => this.#scheduleIfNeeded(this.#look() ? LOOK_AGAIN_MS : LOOK_MS));
  }

  /** As many descriptors need no look at what they are. */
  #smallestBound(): number {
    const { connections, connectionsPerAddress } = this.#bounds;
    return Math.min(connections || Infinity, connectionsPerAddress || Infinity);
  }

  /** True where some were ended. */
  #look(): boolean {
    const { table, events } = this.#options;
    try {
      if (table.countDescriptors() <= this.#smallestBound()) return false;
      const connections = this.#counted(table.sockets());
      const tooMany = excessOf(connections, this.#bounds);
      for (const { fd } of tooMany) table.end(fd);
      this.#known = new Set(connections.map(({ inode }) => inode));
      const [worst] = tooMany;
      if (worst) events.ended(tooMany.length, worst.holder);
      return worst !== undefined;
    } catch (error) {
      events.notCounted(toError(error));
      return false;
    }
  }

  /** The connections that count, those to be kept first. */
  #counted(sockets: readonly OwnSocket[]): Connection[] {
    const { isExempt = () => false } = this.#options;
    return sockets
      .filter(({ isListening, localPort }) => !isListening && this.#ports?.has(localPort))
      .flatMap(({ fd, inode, remote, remotePort }) => {
        const holder = countedAs(remote, this.#bounds.loopback, isExempt);
        if (holder === undefined) return [];
        const isBusy = this.#busy.has(keyOf(remote, remotePort));
        return [{ fd, inode, holder, isBusy, isKnown: this.#known.has(inode) }];
      })
      .toSorted((a, b) => Number(b.isBusy) - Number(a.isBusy) || Number(b.isKnown) - Number(a.isKnown));
  }
}

/** A connection that counts. */
export interface Connection {
  readonly fd: number;
  readonly inode: string;
  /** The address, or network, that it is counted for. */
  readonly holder: string;
  /** True where a request is under way on it: then it is never ended. */
  readonly isBusy: boolean;
}

/**
 * Which of these are too many, the worst first: those beyond what one address may have, and beyond what there may be in all, of whoever
 * has most. `connections` are in the order in which they are to be kept.
 */
export function excessOf<C extends Connection>(
  connections: readonly C[],
  bounds: Pick<ConnectionBounds, "connections" | "connectionsPerAddress">,
): C[] {
  const mostInAll = bounds.connections || Infinity;
  const mostPerAddress = bounds.connectionsPerAddress || Infinity;
  const counts = new Map<string, number>();
  const ranked = connections.map((connection) => {
    const rank = (counts.get(connection.holder) ?? 0) + 1;
    counts.set(connection.holder, rank);
    return { connection, rank };
  });
  const idle = ranked
    .filter(({ connection }) => !connection.isBusy)
    .toReversed()
    .toSorted((a, b) => b.rank - a.rank);
  const beyondAddress = idle.filter(({ rank }) => rank > mostPerAddress).length;
  const tooMany = Math.max(beyondAddress, ranked.length - mostInAll);
  return idle.slice(0, Math.max(tooMany, 0)).map(({ connection }) => connection);
}

/** Where a connection comes from, however its address is spelled. */
const keyOf = (address: string, port: number): string =>
  `${port} ${address.includes(":") ? (plainAddress(address) ?? address) : address}`;
