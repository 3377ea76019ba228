import { IpmiError, type SessionStep } from "../errors.ts";
import { silenceCause, stepNames } from "../session/session-errors.ts";
import type { Handshake, HandshakeStep, SessionCodec } from "../session/session-codec.ts";
import { ask, pause } from "./ask.ts";
import { newHandshake15, newHandshake20 } from "./handshakes.ts";
import type { Link } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";
import { discoverCipherSuites } from "./suite-discovery.ts";
import { silences, type Schedule } from "./timing.ts";

/** Cipher suites from the strongest to the weakest: with encryption, with integrity, with authentication alone. Suite 0 has none. */
const STRENGTH: readonly number[] = [17, 3, 8, 12, 16, 2, 7, 11, 15, 1, 6];
/** For BMCs that list nothing: OpenBMC and newer Intel boards take 17 alone, iLO 4 and older need 3. */
const USUAL: readonly number[] = [17, 3];
/** Datagrams for a suite that a BMC which lists nothing may not even refuse. */
const PROBE_ATTEMPTS = 2;
/** A pause grows up to 2 to the power of this times the first one. */
const MAX_DOUBLINGS = 3;
/** Set-ups in all where the network came in the way of one. */
const MAX_SETUPS = 4;
/** Steps that are the first of a handshake. */
const FIRST_STEPS: ReadonlySet<SessionStep | undefined> = new Set([
  "get-channel-authentication-capabilities",
  "open-session",
]);

type SendStep = Extract<HandshakeStep, { kind: "send" }>;

/** What a set-up is bounded by. */
interface Limits {
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * Sets sessions up: chooses the version and the cipher suite, which it remembers, runs the handshake, and tries again where the BMC has no
 * room for another session.
 */
export class SessionOpener {
  readonly #options: ResolvedOptions;
  /** Schedule of the questions behind the first. Somebody is there: it is better to begin anew than to insist. */
  readonly #within: Schedule;
  /** The suite that the last session was opened with. */
  #lastSuite: number | undefined;
  /** What the BMC has answered when it was asked for its suites: they do not change while it runs. */
  #offered: readonly number[] | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#within = { ...options.timing, attempts: options.timing.attemptsWhenSuspect };
  }

  /** Number of the suite that the last session was opened with. */
  get cipherSuite(): number | undefined {
    return this.#lastSuite;
  }

  /** @throws IpmiError, or the signal's reason */
  async open(link: Link, signal: AbortSignal): Promise<SessionCodec> {
    const { clock, timing } = this.#options;
    const limits = { deadlineMs: clock.monotonicMs() + timing.deadlineMs, signal };
    let setups = 0;
    for (let refusals = 0; ;) {
      try {
        setups++;
        return await this.#negotiate(link, limits);
      } catch (error) {
        if (!(error instanceof IpmiError)) throw error;
        const pauseMs = timing.noResourcesPauseMs * 2 ** Math.min(refusals, MAX_DOUBLINGS);
        if (isPassing(error) && clock.monotonicMs() + pauseMs < limits.deadlineMs) {
          refusals++;
          await pause(clock, pauseMs, signal);
        } else if (!isDisturbed(error) || setups >= MAX_SETUPS) {
          throw error;
        }
      }
    }
  }

  async #negotiate(link: Link, limits: Limits): Promise<SessionCodec> {
    const { ipmiVersion } = this.#options;
    if (ipmiVersion === "1.5") return this.#run(newHandshake15(this.#options), link, this.#options.timing, limits);
    try {
      return await this.#negotiate20(link, limits);
    } catch (error) {
      const isOld = error instanceof IpmiError && error.code === "unsupported" && isBeforeSession(error);
      if (ipmiVersion !== "auto" || !isOld) throw error;
      return this.#run(newHandshake15(this.#options), link, this.#options.timing, limits);
    }
  }

  async #negotiate20(link: Link, limits: Limits): Promise<SessionCodec> {
    const { cipherSuite, timing } = this.#options;
    if (cipherSuite !== "auto") return this.#open20(link, cipherSuite, timing, limits);
    if (this.#lastSuite !== undefined) {
      try {
        return await this.#open20(link, this.#lastSuite, timing, limits);
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        // Its firmware, or its configuration, is another now.
        this.#lastSuite = undefined;
        this.#offered = undefined;
      }
    }
    const offered = this.#offered ?? (await this.#discover(link, limits));
    return offered ? this.#tryAll(link, offered, limits) : this.#tryUsual(link, limits);
  }

  async #discover(link: Link, limits: Limits): Promise<readonly number[] | undefined> {
    const { clock, timing } = this.#options;
    const offer = await discoverCipherSuites(link, clock, { ...limits, waitMs: timing.firstRetransmitMs });
    if (offer.kind !== "offered") return undefined;
    const suites = STRENGTH.filter((suite) => offer.suites.includes(suite));
    if (suites.length === 0) return undefined;
    this.#offered = suites;
    return suites;
  }

  /** From the strongest on: some BMCs list suites that their configuration does not allow. */
  async #tryAll(link: Link, suites: readonly number[], limits: Limits): Promise<SessionCodec> {
    let failure: unknown;
    for (const suite of suites) {
      try {
        return await this.#open20(link, suite, this.#options.timing, limits);
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** A BMC may refuse a suite, or say nothing; and one that says nothing may not be there, or not have heard. */
  async #tryUsual(link: Link, limits: Limits): Promise<SessionCodec> {
    const { timing } = this.#options;
    const probe = { ...timing, attempts: Math.min(PROBE_ATTEMPTS, timing.attempts) };
    const [first, ...others] = USUAL;
    const unheard: number[] = [];
    if (first !== undefined) {
      try {
        return await this.#open20(link, first, probe, limits);
      } catch (error) {
        if (isUnanswered(error)) unheard.push(first);
        else if (!isUnsupported(error)) throw error;
      }
    }
    return this.#tryAll(link, [...others, ...unheard], limits);
  }

  async #open20(link: Link, suite: number, schedule: Schedule, limits: Limits): Promise<SessionCodec> {
    const session = await this.#run(newHandshake20(this.#options, suite), link, schedule, limits);
    this.#lastSuite = suite;
    return session;
  }

  /** Runs one handshake to its end. `schedule` is that of its first question; once it is answered, somebody is there. */
  async #run(handshake: Handshake, link: Link, schedule: Schedule, limits: Limits): Promise<SessionCodec> {
    let step = handshake.start();
    try {
      for (let exchange = 0; ; exchange++) {
        if (step.kind === "established") return step.session;
        if (step.kind === "failed") throw step.error;
        if (step.kind === "ignored") throw new TypeError(`a handshake began with ${step.reason}`);
        step = await this.#ask(handshake, step, link, exchange === 0 ? schedule : this.#within, limits);
      }
    } catch (error) {
      const isNumberUnknown = step.kind === "send" && step.step === "open-session";
      if (limits.signal.aborted && isNumberUnknown) await this.#lastAnswer(handshake, link);
      const farewell = handshake.farewell();
      if (farewell) link.send(farewell);
      throw error;
    }
  }

  /** Where a set-up is broken off, the BMC may hold a session whose number is still on its way to us. */
  async #lastAnswer(handshake: Handshake, link: Link): Promise<void> {
    const { clock, timing } = this.#options;
    await ask<HandshakeStep>(link, clock, {
      silencesMs: [timing.closeMs],
      deadlineMs: clock.monotonicMs() + timing.closeMs,
      signal: new AbortController().signal,
      datagram: () => undefined,
      read(datagram) {
        const step = handshake.received(datagram);
        return step.kind === "ignored" ? undefined : step;
      },
    });
  }

  async #ask(handshake: Handshake, asked: SendStep, link: Link, schedule: Schedule, limits: Limits) {
    let attempts = 0;
    const answer = await ask<HandshakeStep>(link, this.#options.clock, {
      ...limits,
      silencesMs: silences(schedule),
      datagram(attempt) {
        attempts = attempt;
        if (attempt === 1) return asked.datagram;
        link.counters.retransmitted++;
        return handshake.repeat();
      },
      read(datagram) {
        const step = handshake.received(datagram);
        if (step.kind !== "ignored") return step;
        link.drop(step.reason);
        return undefined;
      },
    });
    if (answer === undefined) throw this.#silent(asked, attempts, link);
    if (answer.kind !== "failed") return answer;
    const { code, message, detail, cause } = answer.error;
    const { address } = this.#options;
    throw new IpmiError(
      code,
      `${address}: ${message}`,
      { ...detail, address, attempts },
      cause === undefined ? undefined : { cause },
    );
  }

  #silent({ step }: SendStep, attempts: number, link: Link): IpmiError {
    const { address } = this.#options;
    const cause = link.lastFailure;
    const reason = cause?.message ?? silenceCause(step, this.#options);
    const message = `${address} does not answer to ${stepNames[step]}, sent ${attempts} times${reason ? `: ${reason}` : ""}.`;
    return new IpmiError("timeout", message, { address, step, attempts }, cause && { cause });
  }
}

const isUnsupported = (error: unknown): boolean => error instanceof IpmiError && error.code === "unsupported";

/** True where the first question found nobody. */
const isUnanswered = (error: unknown): boolean =>
  error instanceof IpmiError && error.code === "timeout" && FIRST_STEPS.has(error.detail.step);

/** True where a BMC that is there was lost on the way. */
const isDisturbed = ({ code, detail }: IpmiError): boolean => code === "timeout" && !FIRST_STEPS.has(detail.step);

/** True where the same may succeed a little later: no room for a session, or busy, or starting. */
const isPassing = ({ code }: IpmiError): boolean => code === "no-resources" || code === "completion-code";

/** True where the BMC has said beforehand that it has no IPMI 2.0. */
const isBeforeSession = (error: IpmiError): boolean => error.detail.step === "get-channel-authentication-capabilities";
