import type { Clock } from "../lib/clock.ts";
import { holderOf } from "../lib/ip-address.ts";

/** How failures slow further tries down. */
export interface ThrottlePolicy {
  /** Failures after which there is no pause yet. */
  readonly freeFailures: number;
  /** The first pause; each further one is twice as long. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** Failures are forgotten when none has been added for this long. */
  readonly forgetAfterMs: number;
  /** How many addresses or names are remembered; of more, those are forgotten that failed longest ago. */
  readonly capacity: number;
}

/** A person mistypes a few times; behind one address there may be several people. */
export const throttlePolicies: { readonly address: ThrottlePolicy; readonly name: ThrottlePolicy } = {
  address: { freeFailures: 10, firstPauseMs: 1000, longestPauseMs: 300_000, forgetAfterMs: 900_000, capacity: 10_000 },
  name: { freeFailures: 5, firstPauseMs: 1000, longestPauseMs: 60_000, forgetAfterMs: 900_000, capacity: 10_000 },
};

interface Failures {
  readonly count: number;
  readonly lastMs: number;
  /** Until then everything is refused. */
  readonly pausedUntilMs: number;
}

/** Counts failures by a key. */
class FailureCount {
  readonly #policy: ThrottlePolicy;
  readonly #clock: Clock;
  /** Those that failed last come last. */
  readonly #failures = new Map<string, Failures>();

  constructor(policy: ThrottlePolicy, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  get size(): number {
    return this.#failures.size;
  }

  pauseMs(key: string): number {
    const found = this.#failures.get(key);
    return found ? Math.max(0, found.pausedUntilMs - this.#clock.monotonicMs()) : 0;
  }

  add(key: string): void {
    const { freeFailures, firstPauseMs, longestPauseMs, forgetAfterMs, capacity } = this.#policy;
    const nowMs = this.#clock.monotonicMs();
    const before = this.#failures.get(key);
    const isFresh = before !== undefined && nowMs - before.lastMs < forgetAfterMs;
    const count = isFresh ? before.count + 1 : 1;
    const pauseMs =
      count <= freeFailures ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (count - freeFailures - 1));
    this.#failures.delete(key);
    this.#failures.set(key, { count, lastMs: nowMs, pausedUntilMs: nowMs + pauseMs });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= capacity) break;
      this.#failures.delete(oldest);
    }
  }

  /** Takes one failure back that was none, and the pause that it brought. */
  takeBack(key: string): void {
    const found = this.#failures.get(key);
    if (!found) return;
    if (found.count <= 1) this.#failures.delete(key);
    else this.#failures.set(key, { ...found, count: found.count - 1, pausedUntilMs: 0 });
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }
}

/** A try to log in that is under way. It counts as failed until it says otherwise, so that many at once are no way around a pause. */
export interface LoginAttempt {
  succeeded(): void;
  /** Nothing was found out. */
  undecided(): void;
  /**
   * Wrong for one who could say, while another could not. It counts by name, everywhere: else whoever knows that a directory is down could
   * guess the passwords that are kept here. It does not count by address, behind which there are those whom the directory would let in.
   */
  deniedInPart(): void;
}

/** Names and addresses that belong together are remembered up to this number. */
const KNOWN_PAIRS = 1000;

/** Slows down guessing, by address and by name. */
export class LoginThrottle {
  readonly #addresses: FailureCount;
  readonly #names: FailureCount;
  /** Where users have logged in from: nobody else can shut them out there by failing with their name. */
  readonly #known = new Set<string>();

  constructor(clock: Clock, policies = throttlePolicies) {
    this.#addresses = new FailureCount(policies.address, clock);
    this.#names = new FailureCount(policies.name, clock);
  }

  /** How many addresses and names are remembered. */
  get size(): number {
    return this.#addresses.size + this.#names.size;
  }

  /** How long who comes from an address, with a name, has to wait before anything is looked at, in milliseconds. */
  pauseMs(remote: string | undefined, name: string | undefined): number {
    if (this.#addresses.size === 0 && this.#names.size === 0) return 0;
    const [address, key] = [addressKey(remote), nameKey(name)];
    const byName = key === undefined || this.#known.has(pairKey(address, key)) ? 0 : this.#names.pauseMs(key);
    return Math.max(this.#addresses.pauseMs(address), byName);
  }

  begin(remote: string | undefined, name: string | undefined): LoginAttempt {
    const [address, key] = [addressKey(remote), nameKey(name)];
    this.#addresses.add(address);
    if (key !== undefined) this.#names.add(key);
    return {
      succeeded: () => {
        this.#addresses.takeBack(address);
        if (key === undefined) return;
        this.#names.forget(key);
        this.#remember(pairKey(address, key));
      },
      undecided: () => {
        this.#addresses.takeBack(address);
        if (key !== undefined) this.#names.takeBack(key);
      },
      deniedInPart: () => {
        this.#addresses.takeBack(address);
        if (key !== undefined) this.#known.delete(pairKey(address, key));
      },
    };
  }

  #remember(pair: string): void {
    this.#known.delete(pair);
    this.#known.add(pair);
    for (const oldest of this.#known) {
      if (this.#known.size <= KNOWN_PAIRS) break;
      this.#known.delete(oldest);
    }
  }
}

const addressKey = (remote: string | undefined) => (remote === undefined ? "" : holderOf(remote));
/** One character may become eighteen (U+FDFA): what is remembered of thousands of names shall not grow with them. */
const LONGEST_KEY = 256;

/** Coarser than any directory compares (Active Directory takes á for a, ß for ss): one name shall not have many spellings to guess with. */
const nameKey = (name: string | undefined) =>
  name?.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().toUpperCase().slice(0, LONGEST_KEY);
const pairKey = (address: string, name: string) => `${address} ${name}`;
