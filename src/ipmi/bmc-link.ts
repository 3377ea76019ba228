import { IpmiError, type IpmiErrorCode } from "ipmi-js";
import type { LinkHealth } from "../devices/backend.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";

/** How often a BMC is asked for a sign of life. */
export interface LinkPolicy {
  /** After so long without an answer to anything a BMC is asked for one: before it forgets its session. */
  readonly idleMs: number;
  /** Pauses between attempts to reach a BMC that is down: each is twice the one before, give or take a fifth. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** Sessions die after 30 to 60 idle seconds, on Cisco's and others' BMCs. */
export const defaultLinkPolicy: LinkPolicy = { idleMs: 15_000, firstPauseMs: 1000, longestPauseMs: 60_000 };

/** What becomes of a BMC, for people and their monitoring. */
interface LinkEvents {
  up(): void;
  /** It does not answer, or lets nobody in. Attempts go on. */
  down(reason: Error): void;
  /** One more attempt has failed; the next one follows in `nextMs`. */
  stillDown(reason: Error, nextMs: number): void;
}

export interface BmcLinkOptions {
  readonly policy: LinkPolicy;
  readonly clock: Clock;
  /** From 0 up to, but not including, 1: spreads attempts, so that many BMCs that went together do not come back together. */
  readonly random: () => number;
  readonly events: LinkEvents;
  /** Asks the BMC for a sign of life, by way of `watch`. What it throws is looked at there. */
  readonly probe: () => Promise<unknown>;
}

/** Failures that say that nobody is there, or that nobody is let in. */
const silent: ReadonlySet<IpmiErrorCode> = new Set<IpmiErrorCode>([
  "timeout",
  "network",
  "authentication",
  "no-resources",
  "unsupported",
]);

/** True for a failure that says that nobody is there, or that nobody is let in. */
export const isSilence = (error: unknown): boolean => error instanceof IpmiError && silent.has(error.code);

/** Failures that time alone does not mend. Asking often would only fill the BMC's log, or lock the account. */
const lasting: ReadonlySet<IpmiErrorCode> = new Set<IpmiErrorCode>(["authentication", "unsupported"]);

/** Failures that say nothing about the BMC. */
const ours: ReadonlySet<IpmiErrorCode> = new Set<IpmiErrorCode>([
  "invalid-argument",
  "busy",
  "cancelled",
  "closed",
  "session-lost",
]);

/** How far pauses differ from each other. */
const JITTER = 0.2;

type LinkState =
  | { readonly kind: "starting"; readonly sinceMs: number }
  | { readonly kind: "up"; readonly sinceMs: number }
  | { readonly kind: "down"; readonly sinceMs: number; readonly reason: Error };

/**
 * Whether a BMC answers: learned from everything that it is asked, and from asking for a sign of life while it is not asked anything.
 */
export class BmcLink {
  readonly #options: BmcLinkOptions;
  #state: LinkState;
  #lastError: Error | undefined;
  #lastFailureMs = Number.NEGATIVE_INFINITY;
  #lastAnswerMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #timer: Timer | undefined;
  #isProbing = false;
  #isClosed = false;

  constructor(options: BmcLinkOptions) {
    this.#options = options;
    this.#state = { kind: "starting", sinceMs: options.clock.wallMs() };
  }

  get isUp(): boolean {
    return this.#state.kind === "up";
  }

  /** The state, but for the link's name and board. */
  get health(): Omit<LinkHealth, "name" | "board"> {
    const { kind: state, sinceMs } = this.#state;
    return { state, sinceMs, ...(this.#lastError && { lastError: this.#lastError.message }) };
  }

  /** Asks for the first sign of life. */
  start(): void {
    if (!this.#isClosed) void this.#probe();
  }

  /** Why the BMC did not answer, where that was found out after a moment of the monotonic clock. */
  failureSince(askedMs: number): Error | undefined {
    return this.#lastFailureMs > askedMs ? this.#lastError : undefined;
  }

  /**
   * Why nobody is let in, until an attempt in the background shows that somebody is: whoever asks meanwhile is not to cost a login each
   * time.
   */
  get lockedOut(): Error | undefined {
    if (this.#state.kind !== "down") return undefined;
    const { reason } = this.#state;
    return reason instanceof IpmiError && lasting.has(reason.code) ? reason : undefined;
  }

  /** Hands on what becomes of something that the BMC was asked, and learns from it. */
  async watch<T>(asked: Promise<T>): Promise<T> {
    try {
      const answer = await asked;
      this.#answered();
      return answer;
    } catch (error) {
      this.#learn(toError(error));
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #learn(error: Error): void {
    if (!(error instanceof IpmiError) || ours.has(error.code)) return;
    if (silent.has(error.code)) this.#silent(error);
    // Whoever refuses is there.
    else this.#answered();
  }

  #answered(): void {
    if (this.#isClosed) return;
    this.#lastAnswerMs = this.#options.clock.monotonicMs();
    this.#failures = 0;
    if (this.#state.kind === "up") return;
    this.#state = { kind: "up", sinceMs: this.#options.clock.wallMs() };
    this.#options.events.up();
    this.#probeAfter(this.#options.policy.idleMs);
  }

  #silent(error: IpmiError): void {
    if (this.#isClosed) return;
    const { clock, events } = this.#options;
    this.#lastError = error;
    this.#lastFailureMs = clock.monotonicMs();
    if (this.#state.kind === "down") {
      this.#state = { ...this.#state, reason: error };
      if (this.#isProbing) events.stillDown(error, this.#retryAfter(error));
      return;
    }
    this.#failures = 0;
    this.#state = { kind: "down", sinceMs: clock.wallMs(), reason: error };
    events.down(error);
    this.#retryAfter(error);
  }

  /** Makes the next attempt after a pause, which it returns. */
  #retryAfter(error: IpmiError): number {
    const pauseMs = this.#pauseMs(error);
    this.#failures++;
    this.#probeAfter(pauseMs);
    return pauseMs;
  }

  #pauseMs({ code }: IpmiError): number {
    const { policy, random } = this.#options;
    const grown = policy.firstPauseMs * 2 ** this.#failures;
    const pauseMs = lasting.has(code) ? policy.longestPauseMs : Math.min(grown, policy.longestPauseMs);
    return pauseMs * (1 + JITTER * (2 * random() - 1));
  }

  #probeAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, () => this.#due());
  }

  #due(): void {
    this.#timer = undefined;
    // What was answered meanwhile was a sign of life, too: asking once more can wait.
    const restMs = this.isUp ? this.#lastAnswerMs + this.#options.policy.idleMs - this.#options.clock.monotonicMs() : 0;
    if (restMs > 0) this.#probeAfter(restMs);
    else void this.#probe();
  }

  async #probe(): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    try {
      await this.#options.probe();
    } catch {
      // `watch` has seen it.
    } finally {
      this.#isProbing = false;
    }
    const { idleMs, firstPauseMs } = this.#options.policy;
    if (!this.#isClosed && !this.#timer) this.#probeAfter(this.isUp ? idleMs : firstPauseMs);
  }
}
