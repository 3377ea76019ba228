import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import { isRejection, type Authenticator, type Credentials, type Source, type Verdict } from "./authenticator.ts";
import type { Identity } from "./identity.ts";
import { LoginThrottle } from "./throttle.ts";
import { VerdictCache } from "./verdict-cache.ts";

/**
 * Why somebody is not let in: the credentials are not valid; too many were not, and `retryAfterS` says when others are looked at;
 * they could not be checked now.
 */
export interface LoginRefusal {
  readonly refused: "denied" | "throttled" | "unavailable";
  readonly retryAfterS: number;
}

export type LoginOutcome = Identity | LoginRefusal;

export const isRefusal = (outcome: LoginOutcome): outcome is LoginRefusal => "refused" in outcome;

/** What a log is told. */
export interface LoginEvents {
  /** `reasons` by the names of the authenticators that were asked. */
  refused(credentials: Credentials, source: Source, reasons: Readonly<Record<string, string>>): void;
  /** What an authenticator knows was not read again, and stays as it was. */
  notReloaded(authenticator: string, error: Error): void;
  /** An authenticator failed in a way that it should not. */
  failed(authenticator: string, error: Error): void;
}

export interface LoginOptions {
  /** In the order in which they are asked. */
  readonly authenticators: readonly Authenticator[];
  readonly clock: Clock;
  readonly events: LoginEvents;
  readonly throttle?: LoginThrottle;
}

const MS_PER_S = 1000;
/** Different credentials that are looked at, at once: beyond that, others wait outside. */
const MOST_UNDER_WAY = 100;
const denied: LoginRefusal = { refused: "denied", retryAfterS: 0 };

/** Finds out who has sent credentials, whichever way it is that they prove it. */
export class Login {
  readonly #authenticators: readonly Authenticator[];
  readonly #events: LoginEvents;
  readonly #throttle: LoginThrottle;
  readonly #cache: VerdictCache;
  /** Checks under way by their credentials: who asks again meanwhile waits for the same. */
  readonly #underWay = new Map<string, Promise<LoginOutcome>>();
  /** Counts what has changed: who was let in by what was known before is not remembered. */
  #edition = 0;

  constructor({ authenticators, clock, events, throttle = new LoginThrottle(clock) }: LoginOptions) {
    this.#authenticators = authenticators;
    this.#events = events;
    this.#throttle = throttle;
    this.#cache = new VerdictCache(clock);
  }

  /** Which kinds of credentials may let somebody in. */
  takes(kind: Credentials["kind"]): boolean {
    return this.#authenticators.some((one) => one.kind === kind && one.isInUse !== false);
  }

  /** Reads again what may have changed. What cannot be used is told of and changes nothing; false where there is such. */
  async reload(): Promise<boolean> {
    let isTaken = true;
    for (const one of this.#authenticators) {
      try {
        await one.reload?.();
      } catch (error) {
        this.#events.notReloaded(one.name, toError(error));
        isTaken = false;
      }
    }
    this.#forget();
    return isTaken;
  }

  async close(): Promise<void> {
    for (const one of this.#authenticators) await one.close?.();
  }

  /** Who it is. A promise only where something is waited for. */
  identify(credentials: Credentials, source: Source): LoginOutcome | Promise<LoginOutcome> {
    this.#lookForChanges();
    const candidates = this.#authenticators.filter(({ kind }) => kind === credentials.kind);
    const reasons: Record<string, string> = {};
    for (const one of candidates.filter(({ isGuessProof }) => isGuessProof)) {
      const verdict = ask(one, credentials, source);
      // Those that are guess-proof answer at once.
      if (verdict instanceof Promise) throw new TypeError(`${one.name} has to be waited for`);
      if (!isRejection(verdict)) return verdict;
      reasons[one.name] = verdict.reason;
    }
    const name = credentials.kind === "basic" ? credentials.user : undefined;
    const pauseMs = this.#throttle.pauseMs(source.remote, name);
    if (pauseMs > 0) return { refused: "throttled", retryAfterS: pauseMs / MS_PER_S };
    const others = candidates.filter(({ isGuessProof }) => !isGuessProof);
    if (others.length > 0) return this.#identifyAmong(others, credentials, source, reasons);
    this.#throttle.begin(source.remote, name);
    this.#events.refused(credentials, source, reasons);
    return denied;
  }

  #identifyAmong(
    others: readonly Authenticator[],
    credentials: Credentials,
    source: Source,
    reasons: Record<string, string>,
  ): LoginOutcome | Promise<LoginOutcome> {
    const key = this.#cache.keyOf(credentials);
    const believed = this.#cache.get(key) ?? this.#underWay.get(key);
    if (believed) return believed;
    if (this.#underWay.size >= MOST_UNDER_WAY) return { refused: "unavailable", retryAfterS: 1 };
    const checked = this.#check(others, credentials, source, reasons, key);
    this.#underWay.set(key, checked);
    const forget = () => {
      if (this.#underWay.get(key) === checked) this.#underWay.delete(key);
    };
    checked.then(forget, forget);
    return checked;
  }

  async #check(
    others: readonly Authenticator[],
    credentials: Credentials,
    source: Source,
    reasons: Record<string, string>,
    key: string,
  ): Promise<LoginOutcome> {
    const attempt = this.#throttle.begin(source.remote, credentials.kind === "basic" ? credentials.user : undefined);
    const edition = this.#edition;
    let retryAfterS: number | undefined;
    let isDenied = false;
    for (const one of others) {
      const verdict = await this.#ask(one, credentials, source);
      if (!isRejection(verdict)) {
        attempt.succeeded();
        if (edition === this.#edition) this.#cache.add(key, verdict);
        return verdict;
      }
      reasons[one.name] = verdict.reason;
      if (verdict.rejected === "unavailable") retryAfterS = Math.max(retryAfterS ?? 1, verdict.retryAfterS ?? 1);
      else isDenied ||= one.isInUse !== false;
    }
    this.#events.refused(credentials, source, reasons);
    if (retryAfterS === undefined) return denied;
    if (isDenied) attempt.deniedInPart();
    else attempt.undecided();
    return { refused: "unavailable", retryAfterS };
  }

  /** What an authenticator says; where it fails, nobody is let in. */
  async #ask(one: Authenticator, credentials: Credentials, source: Source): Promise<Verdict> {
    try {
      return await ask(one, credentials, source);
    } catch (error) {
      this.#events.failed(one.name, toError(error));
      return { rejected: "unavailable", reason: "it failed", retryAfterS: 1 };
    }
  }

  #lookForChanges(): void {
    for (const one of this.#authenticators) {
      try {
        if (one.hasChanged?.()) this.#forget();
      } catch (error) {
        this.#events.notReloaded(one.name, toError(error));
      }
    }
  }

  #forget(): void {
    this.#edition++;
    this.#cache.clear();
    this.#underWay.clear();
  }
}

function ask(one: Authenticator, credentials: Credentials, source: Source): Verdict | Promise<Verdict> {
  if (one.kind === "bearer" && credentials.kind === "bearer") return one.authenticate(credentials, source);
  if (one.kind === "basic" && credentials.kind === "basic") return one.authenticate(credentials, source);
  throw new TypeError(`${one.name} does not take ${credentials.kind} credentials`);
}
