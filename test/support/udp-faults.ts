/** What a bad network does to a datagram, drawn from a seed: a fate depends on the seed and on how many datagrams came before, not on time. */

/** How often each fault befalls a datagram of one direction: probabilities, 0 where left out. Any number of them may meet in one. */
export interface UdpFaults {
  /** It never arrives. */
  readonly loss?: number;
  /** It arrives twice. The simulated BMC executes such a request twice: towards it, use this for requests without effect only. */
  readonly duplication?: number;
  /** The next one of the same direction overtakes it. */
  readonly reordering?: number;
  /** It comes later, by a time drawn from `delayMs`. */
  readonly delay?: number;
  /** Least and most, in milliseconds. */
  readonly delayMs?: readonly [number, number];
  /** It comes from an address that is not the peer's. */
  readonly wrongSource?: number;
  /** Before it comes a copy that is cut short. */
  readonly truncation?: number;
  /** Before it comes a copy with one bit changed. Without integrity (suites 0 and 1, IPMI 1.5 without authentication) checksums alone tell. */
  readonly corruption?: number;
  /** Before it come random bytes, some of them with the header of the datagram. */
  readonly garbage?: number;
}

/** What became of the datagrams of one direction. */
export interface UdpCounters {
  received: number;
  /** Whole and unchanged, duplicates included. */
  delivered: number;
  lost: number;
  duplicated: number;
  reordered: number;
  delayed: number;
  wrongSource: number;
  truncated: number;
  corrupted: number;
  garbage: number;
}

export const noFaultsYet = (): UdpCounters => ({
  received: 0,
  delivered: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  delayed: 0,
  wrongSource: 0,
  truncated: 0,
  corrupted: 0,
  garbage: 0,
});

/** What is to be done with one datagram. */
export interface Fate {
  /** What comes before it, from the right address. */
  readonly debris: readonly Uint8Array[];
  /** So many times it is delivered: 0 where it is lost. */
  readonly copies: 0 | 1 | 2;
  readonly isOvertaken: boolean;
  readonly isFromWrongSource: boolean;
  readonly delayMs: number;
}

const DELAY_MS: readonly [number, number] = [1, 50];
const GARBAGE_BYTES = 96;
/** RMCP header and session header of IPMI 2.0: what a parser looks at first. */
const HEADER_BYTES = 16;

/** Uniform numbers from 0 to below 1 out of 32 bits of state (SplitMix32). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Draws the fates of one direction's datagrams, one after the other. */
export class Fates {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  /** The same number of draws for each datagram, so that changing one probability leaves the other faults where they were. */
  next(datagram: Uint8Array, faults: UdpFaults, counters: UdpCounters): Fate {
    const isLost = this.#random() < (faults.loss ?? 0);
    const isDoubled = this.#random() < (faults.duplication ?? 0);
    const isOvertaken = this.#random() < (faults.reordering ?? 0);
    const isDelayed = this.#random() < (faults.delay ?? 0);
    const isFromWrongSource = this.#random() < (faults.wrongSource ?? 0);
    const [leastMs, mostMs] = faults.delayMs ?? DELAY_MS;
    const delayMs = leastMs + this.#random() * (mostMs - leastMs);
    const debris = this.#debris(datagram, faults, counters);
    counters.received++;
    if (isLost) {
      counters.lost++;
      return { debris, copies: 0, isOvertaken: false, isFromWrongSource: false, delayMs: 0 };
    }
    const copies = isDoubled ? 2 : 1;
    counters.duplicated += copies - 1;
    counters.reordered += Number(isOvertaken);
    counters.delayed += Number(isDelayed);
    if (isFromWrongSource) counters.wrongSource++;
    else counters.delivered += copies;
    return { debris, copies, isOvertaken, isFromWrongSource, delayMs: isDelayed ? delayMs : 0 };
  }

  #debris(datagram: Uint8Array, faults: UdpFaults, counters: UdpCounters): Uint8Array[] {
    const debris: Uint8Array[] = [];
    const length = Math.floor(this.#random() * datagram.length);
    if (this.#random() < (faults.truncation ?? 0)) {
      debris.push(datagram.subarray(0, length));
      counters.truncated++;
    }
    const bit = Math.floor(this.#random() * datagram.length * 8);
    if (this.#random() < (faults.corruption ?? 0)) {
      const copy = Uint8Array.from(datagram);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      debris.push(copy);
      counters.corrupted++;
    }
    const garbageSeed = this.#random() * 2 ** 32;
    if (this.#random() < (faults.garbage ?? 0)) {
      debris.push(garbageLike(datagram, randomOf(garbageSeed)));
      counters.garbage++;
    }
    return debris;
  }
}

/** Random bytes of random length; every other one begins as the datagram does, so that it gets past the first checks. */
function garbageLike(datagram: Uint8Array, random: () => number): Uint8Array {
  const kept = random() < 0.5 ? 0 : Math.floor(random() * Math.min(HEADER_BYTES, datagram.length));
  const bytes = Uint8Array.from({ length: kept + Math.floor(random() * GARBAGE_BYTES) }, () => random() * 256);
  bytes.set(datagram.subarray(0, kept));
  return bytes;
}
