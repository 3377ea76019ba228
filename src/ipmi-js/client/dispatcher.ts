import { getDeviceId } from "../commands/device.ts";
import { closeSession } from "../commands/session.ts";
import type { CallOptions } from "../commands/command.ts";
import { IpmiError } from "../errors.ts";
import { Alarm } from "./alarm.ts";
import { Call, type CallOutcome } from "./call.ts";
import { CallQueue } from "./call-queue.ts";
import { Conversation } from "./conversation.ts";
import { newCounters } from "./counters.ts";
import type { ExchangeRequest } from "./exchange.ts";
import { Link } from "./link.ts";
import type { ResolvedOptions } from "./options.ts";
import { SessionOpener } from "./session-opener.ts";

export type ClientState = "idle" | "connecting" | "open" | "closing" | "closed";

/** Calls that end without an answer after this many datagrams without one end the session too. */
const LOST_AFTER = 3;

const nobody: CallOutcome = { answered: () => {}, failed: () => {} };

/** Any command that every BMC has and that changes nothing. */
const harmless: ExchangeRequest = {
  name: getDeviceId.name,
  netFn: getDeviceId.netFn,
  code: getDeviceId.code,
  lun: 0,
  data: new Uint8Array(),
  isRepeatable: true,
  target: undefined,
};

/**
 * Brings calls to the BMC and their answers back: opens a session for them, keeps it, and opens another one when it is lost.
 *
 * A lost session shows as silence. What may be repeated is then repeated once, in the next session; what must not be is failed, and says that
 * it may have been carried out.
 */
export class Dispatcher {
  readonly counters = newCounters();
  readonly #options: ResolvedOptions;
  readonly #opener: SessionOpener;
  readonly #alarm: Alarm;
  readonly #queue: CallQueue;
  readonly #abort = new AbortController();
  #conversation: Conversation | undefined;
  #opening: Promise<void> | undefined;
  /** Tries the session before something that must not be lost; also what keeps it alive. */
  #probe: Call | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#opener = new SessionOpener(options);
    this.#queue = new CallQueue(options.queueLimit);
    this.#alarm = new Alarm(options.clock, () => this.#elapsed());
  }

  get state(): ClientState {
    if (this.#isClosed) return "closed";
    if (this.#closing) return "closing";
    if (this.#conversation) return "open";
    return this.#opening ? "connecting" : "idle";
  }

  get cipherSuite(): number | undefined {
    return this.#opener.cipherSuite;
  }

  /** Takes a call. Its outcome is told once. */
  submit(request: ExchangeRequest, { signal, deadlineMs }: CallOptions, outcome: CallOutcome): void {
    const { timing, clock, address } = this.#options;
    const dueMs = clock.monotonicMs() + (deadlineMs ?? timing.deadlineMs);
    const call = new Call(request, timing, dueMs, outcome, signal);
    if (this.#closing) return call.failWith("closed", `The client of ${address} is closed.`, { address });
    if (signal?.aborted) return this.#cancelled(call);
    if (this.#queue.isFull) {
      const message = `${request.name} was not sent to ${address}: ${this.#queue.size} calls wait already.`;
      return call.failWith("busy", message, { address });
    }
    call.watch(() => this.#leave(call));
    this.#queue.add(call);
    this.#alarm.by(dueMs);
    this.#pump();
  }

  /** Opens the session where there is none. @throws IpmiError */
  open(): Promise<void> {
    if (this.#closing) return Promise.reject(this.#closedError());
    if (this.#conversation) return Promise.resolve();
    return this.#openSession();
  }

  /** Fails all calls, says goodbye to the BMC, and leaves nothing behind. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Sends what may be sent now. */
  #pump(): void {
    for (let call = this.#queue.first; call; call = this.#queue.first) {
      const conversation = this.#conversation;
      if (!conversation) {
        this.#openSession().catch(() => {
          // Those who wait have been told.
        });
        return;
      }
      if (!this.#hasRoomFor(call, conversation)) return;
      if (!call.request.isRepeatable && conversation.needsConfirmation(this.#options.clock.monotonicMs())) {
        this.#startProbe(conversation);
        return;
      }
      this.#queue.remove(call);
      this.#begin(call, conversation);
    }
  }

  #hasRoomFor(call: Call, { calls }: Conversation): boolean {
    if (calls.size === 0) return true;
    if (calls.size >= this.#options.window || !call.request.isRepeatable) return false;
    for (const other of calls) if (!other.request.isRepeatable) return false;
    return true;
  }

  #begin(call: Call, conversation: Conversation): void {
    try {
      conversation.begin(call);
    } catch (cause) {
      const { address } = this.#options;
      call.failWith(
        "invalid-argument",
        `${call.request.name} cannot be sent to ${address} as it is.`,
        { address },
        cause,
      );
    }
  }

  #startProbe(conversation: Conversation): void {
    const { timing } = this.#options;
    this.#probe = new Call(harmless, timing, Number.POSITIVE_INFINITY, nobody, undefined);
    this.#begin(this.#probe, conversation);
  }

  #openSession(): Promise<void> {
    this.#opening ??= this.#establish().finally(() => {
      this.#opening = undefined;
      this.#pump();
    });
    return this.#opening;
  }

  async #establish(): Promise<void> {
    const { signal } = this.#abort;
    const { clock, timing } = this.#options;
    let link: Link | undefined;
    try {
      link = await Link.open(this.#options, this.counters, signal);
      const session = await this.#opener.open(link, signal);
      this.counters.sessionsOpened++;
      const listener = {
        answered: (call: Call) => this.#answered(call),
        silent: (call: Call) => this.#silent(call),
        due: (atMs: number) => this.#alarm.by(atMs),
      };
      this.#conversation = new Conversation(link, session, timing, listener, () => clock.monotonicMs());
      this.#keepAlive();
    } catch (error) {
      link?.close();
      const failure = this.#asIpmiError(error);
      for (const call of this.#queue.drain()) call.fail(failure);
      throw failure;
    }
  }

  #answered(call: Call): void {
    if (call === this.#probe) this.#probed();
    call.answered();
    this.#pump();
  }

  /** The session is alive: then what has gone unanswered, or its answer, was lost on the way. */
  #probed(): void {
    this.#probe = undefined;
    for (const call of this.#conversation?.calls ?? []) {
      if (!call.exchange.isSilent) continue;
      this.#giveUp(call);
      this.#failUnanswered(call);
    }
  }

  #silent(call: Call): void {
    const conversation = this.#conversation;
    if (!conversation) return;
    if (this.#closing) {
      this.#giveUp(call);
      this.#failUnanswered(call);
    } else if (call.request.isRepeatable) this.#lose(call);
    // It must not be sent again; something else shows whether the session is lost.
    else this.#startProbe(conversation);
    this.#pump();
  }

  #failUnanswered(call: Call): void {
    const cause = this.#conversation?.link.lastFailure;
    call.failWith("timeout", this.#unanswered(call), { address: this.#options.address }, cause);
  }

  /** The session is lost; `silent` has shown it. */
  #lose(silent: Call | undefined): void {
    const conversation = this.#conversation;
    if (!conversation) return;
    this.counters.sessionsLost++;
    const { address } = this.#options;
    const again: Call[] = [];
    for (const call of conversation.calls) {
      if (call === this.#probe) continue;
      if (call.request.isRepeatable && !(call === silent && call.hasBeenRepeated)) {
        if (call === silent) call.hasBeenRepeated = true;
        again.push(call);
      } else if (call === silent) {
        this.#failUnanswered(call);
      } else {
        const message = `The session with ${address} was lost before ${call.request.name} was answered.`;
        call.failWith("session-lost", `${message} It may have been carried out.`, { address });
      }
    }
    this.#conversation = undefined;
    this.#probe = undefined;
    this.#queue.putBack(again);
    // It may be alive for all that: then it would take up one of the BMC's few places.
    conversation.leave();
  }

  #unanswered({ request, exchange }: Call): string {
    const { address } = this.#options;
    if (exchange.sent === 0) return `${request.name} was not sent to ${address} before its deadline.`;
    if (request.isRepeatable) return `${address} did not answer ${request.name}, sent ${exchange.sent} times.`;
    return `${address} did not answer ${request.name}. It was sent once, and may have been carried out.`;
  }

  /** The caller has gone. */
  #leave(call: Call): void {
    const wasSent = this.#giveUp(call);
    this.#cancelled(call);
    if (wasSent) this.#loseIfDead();
    this.#pump();
  }

  /** True where it was in flight. */
  #giveUp(call: Call): boolean {
    this.#queue.remove(call);
    return this.#conversation?.abandon(call) ?? false;
  }

  /** Callers who never wait long enough for the silence to be noticed must not keep a dead session. */
  #loseIfDead(): void {
    const limit = Math.min(LOST_AFTER, this.#options.timing.attempts);
    if (this.#conversation && this.#conversation.unanswered >= limit) this.#lose(undefined);
  }

  #cancelled(call: Call): void {
    const { address } = this.#options;
    call.failWith("cancelled", `${call.request.name} to ${address} was cancelled.`, { address });
  }

  /** Something may be due. */
  #elapsed(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#expire(nowMs);
    this.#conversation?.elapsed(nowMs);
    this.#keepAlive();
    this.#pump();
    this.#rearm();
  }

  /** Ends calls whose deadline is over. */
  #expire(nowMs: number): void {
    const due = [...this.#queue, ...(this.#conversation?.calls ?? [])].filter(({ deadlineMs }) => deadlineMs <= nowMs);
    let wasSent = false;
    for (const call of due) {
      wasSent = this.#giveUp(call) || wasSent;
      this.#failUnanswered(call);
    }
    if (wasSent) this.#loseIfDead();
  }

  #rearm(): void {
    for (const call of this.#queue) this.#alarm.by(call.deadlineMs);
    for (const call of this.#conversation?.calls ?? []) this.#alarm.by(Math.min(call.deadlineMs, call.exchange.dueMs));
  }

  /** Sends something harmless where the session has been silent for long enough, and sees to it that this is looked at in time. */
  #keepAlive(): void {
    const { keepAliveMs, clock } = this.#options;
    const conversation = this.#conversation;
    if (keepAliveMs === 0 || !conversation || this.#closing) return;
    const nowMs = clock.monotonicMs();
    const dueMs = conversation.lastHeardMs + keepAliveMs;
    if (nowMs < dueMs) this.#alarm.by(dueMs);
    else if (conversation.calls.size > 0) this.#alarm.by(nowMs + keepAliveMs);
    else this.#startProbe(conversation);
  }

  async #close(): Promise<void> {
    const { address } = this.#options;
    const conversation = this.#conversation;
    this.#abort.abort(this.#closedError());
    for (const call of [...this.#queue.drain(), ...(conversation?.calls ?? [])]) {
      conversation?.abandon(call);
      const message = `The client of ${address} was closed before ${call.request.name} was answered.`;
      call.failWith("closed", message, { address });
    }
    await this.#opening?.catch(() => {
      // Whoever waits for the session has been told.
    });
    if (conversation) {
      await this.#sayGoodbye(conversation);
      conversation.link.close();
    }
    this.#conversation = undefined;
    this.#alarm.off();
    this.#isClosed = true;
  }

  /** Closes the session. One that does not answer is asked twice, for a short time. */
  #sayGoodbye(conversation: Conversation): Promise<void> {
    const { timing } = this.#options;
    const { name, netFn, code, request } = closeSession;
    const data = request.encode({ sessionId: conversation.bmcSessionId, handle: undefined });
    return new Promise<void>((resolve) => {
      const outcome = { answered: () => resolve(), failed: () => resolve() };
      // It may be repeated: a session is closed only once.
      const goodbye = { name, netFn, code, lun: 0, data, isRepeatable: true, target: undefined };
      const call = new Call(goodbye, { ...timing, busyRetries: 0 }, Number.POSITIVE_INFINITY, outcome, undefined);
      conversation.begin(call, { firstRetransmitMs: timing.closeMs / 3, growth: 2, attempts: 2 });
    });
  }

  #closedError(): IpmiError {
    const { address } = this.#options;
    return new IpmiError("closed", `The client of ${address} is closed.`, { address });
  }

  #asIpmiError(error: unknown): IpmiError {
    if (error instanceof IpmiError) return error;
    const { address } = this.#options;
    const message = `The session with ${address} could not be set up.`;
    return new IpmiError("malformed-reply", message, { address }, { cause: error });
  }
}
