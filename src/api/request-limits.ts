import { systemClock, type Clock } from "../lib/clock.ts";
import { ApiError } from "./errors.ts";
import { countedAs } from "./visitors.ts";

/** How much one address may ask for. */
export interface RequestRates {
  /** Requests a second that one may make for long; 0 for no limit. */
  readonly requestRate: number;
  /** Requests that one may make at once before the rate counts; at least 1. */
  readonly requestBurst: number;
  /** Requests that may wait for something at once; 0 for no limit. */
  readonly concurrentRequests: number;
  /** Whether all this holds for loopback addresses, too. */
  readonly loopback: boolean;
}

/** What is known of one address. */
interface Visitor {
  /** When everything it has asked for so far is used up at the permitted rate, on the monotonic clock. */
  dueMs: number;
  /** Requests that wait. */
  waiting: number;
}

/** So many addresses are remembered; those beyond push out others. An entry takes some 150 bytes. */
const MOST_VISITORS = 4096;
/** How many entries are looked at for one that can go. */
const LOOKED_AT = 64;
/** When to come back to where too many requests wait, in seconds: nobody knows how long devices take. */
const WAITING_RETRY_AFTER_S = 1;

/**
 * Keeps one address from asking for so much that nothing is left for others. The rate is a token bucket, told as the time at which it
 * will be full again (GCRA).
 *
 * @see ITU-T I.371, generic cell rate algorithm
 */
export class RequestLimiter {
  readonly #clock: Clock;
  readonly #isExempt: (address: string) => boolean;
  readonly #visitors = new Map<string, Visitor>();
  #rates: RequestRates;

  /** @param isExempt addresses that are not counted: those of proxies, behind which there are many */
  constructor(
    rates: RequestRates,
    { clock = systemClock, isExempt = () => false }: { clock?: Clock; isExempt?: (address: string) => boolean } = {},
  ) {
    this.#rates = rates;
    this.#clock = clock;
    this.#isExempt = isExempt;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#visitors.size;
  }

  /** Other limits from now on. */
  set(rates: RequestRates): void {
    this.#rates = rates;
    if (rates.requestRate === 0 && rates.concurrentRequests === 0) this.#visitors.clear();
  }

  /**
   * Counts a request. Returns whoever asks, for `whileWaiting`; undefined where nobody counts.
   *
   * @throws ApiError `too-many-requests`
   */
  admit(remote: string | undefined): Visitor | undefined {
    const { requestRate, requestBurst, concurrentRequests, loopback } = this.#rates;
    if (remote === undefined || (requestRate === 0 && concurrentRequests === 0)) return undefined;
    const holder = countedAs(remote, loopback, this.#isExempt);
    if (holder === undefined) return undefined;
    const visitor = this.#visitorOf(holder);
    if (concurrentRequests > 0 && visitor.waiting >= concurrentRequests) throw tooManyWaiting(visitor.waiting);
    if (requestRate === 0) return visitor;
    const nowMs = this.#clock.monotonicMs();
    const intervalMs = 1000 / requestRate;
    const dueMs = Math.max(visitor.dueMs, nowMs);
    const aheadMs = dueMs - nowMs - (requestBurst - 1) * intervalMs;
    // A hundredth of a request is rounding, not haste.
    if (aheadMs > intervalMs / 100) throw tooFast(requestRate, aheadMs / 1000);
    visitor.dueMs = dueMs + intervalMs;
    return visitor;
  }

  /** Counts `answer` among its visitor's waiting requests until it is settled. */
  async whileWaiting<T>(visitor: Visitor, answer: Promise<T>): Promise<T> {
    visitor.waiting += 1;
    try {
      return await answer;
    } finally {
      visitor.waiting -= 1;
    }
  }

  #visitorOf(holder: string): Visitor {
    const known = this.#visitors.get(holder);
    if (known) return known;
    if (this.#visitors.size >= MOST_VISITORS) this.#makeRoom();
    const visitor = { dueMs: 0, waiting: 0 };
    this.#visitors.set(holder, visitor);
    return visitor;
  }

  /** Forgets those who have nothing to their account; where there are none among the oldest, the oldest. */
  #makeRoom(): void {
    const nowMs = this.#clock.monotonicMs();
    const { size } = this.#visitors;
    let looked = 0;
    for (const [holder, { dueMs, waiting }] of this.#visitors) {
      if (dueMs <= nowMs && waiting === 0) this.#visitors.delete(holder);
      if (++looked === LOOKED_AT) break;
    }
    const [oldest] = this.#visitors.keys();
    if (this.#visitors.size === size && oldest !== undefined) this.#visitors.delete(oldest);
  }
}

const tooFast = (requestRate: number, retryAfterS: number) =>
  new ApiError("too-many-requests", `Too many requests from your address: expected at most ${requestRate} a second.`, {
    retryAfterS,
  });

const tooManyWaiting = (waiting: number) =>
  new ApiError("too-many-requests", `${waiting} requests from your address are still under way.`, {
    retryAfterS: WAITING_RETRY_AFTER_S,
  });
