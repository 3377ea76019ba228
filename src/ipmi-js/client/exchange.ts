import type { BridgeTarget } from "../commands/command.ts";
import { completionCodes } from "../completion-codes.ts";
import { decodeResponse, type ResponseMessage } from "../wire/message.ts";
import { SEND_MESSAGE } from "./bridging.ts";
import { silenceAfter, wholeSilence, type Schedule, type Timing } from "./timing.ts";

/** A request, whatever carries it. */
export interface ExchangeRequest {
  /** The command, as the specification names it. */
  readonly name: string;
  readonly netFn: number;
  readonly code: number;
  readonly lun: number;
  readonly data: Uint8Array;
  readonly isRepeatable: boolean;
  readonly target: BridgeTarget | undefined;
  /** The timing's where it is undefined. */
  readonly busyRetries?: number | undefined;
}

/** What the one who runs an exchange has to do when time has passed. */
export type DueStep =
  /** Go on waiting, until `dueMs`. */
  | "wait"
  /** Send the same request again. */
  | "send"
  /** Begin again, with a sequence number of its own. */
  | "renew"
  /** No answer, and nothing more to be sent. An answer may still come. */
  | "silent";

/** What a message means to an exchange. */
export type ReceivedStep =
  /** Go on waiting, until `dueMs`. */
  | "wait"
  /** `completionCode` and `data` are there. */
  | "answered"
  /** It answers something else. */
  | "foreign";

/**
 * One command and its answer: a state machine with no timer and no I/O.
 *
 * A request that may be repeated is sent again, at growing intervals, under the same rqSeq, until the attempts are used up. One that must not be
 * carried out twice is sent once, since some BMCs carry out again what they have seen already, whatever its numbers say.
 * A BMC that is busy (C0h) has not carried anything out: it is asked again after a pause, as a new request. So is one that answers a repeated
 * request with "duplicated" (CFh) or with no reason at all (FFh), where that does no harm.
 */
export class Exchange {
  readonly request: ExchangeRequest;
  readonly #timing: Timing;
  #schedule: Schedule;
  /** rqSeq, 0–63. */
  sequence = 0;
  /** When to call `elapsed`, on the monotonic clock. */
  dueMs = Number.POSITIVE_INFINITY;
  /** Datagrams sent, in all sessions. */
  sent = 0;
  completionCode = 0;
  data: Uint8Array = new Uint8Array();
  #attempts = 0;
  #busyAnswers = 0;
  #isPausing = false;

  constructor(request: ExchangeRequest, timing: Timing) {
    this.request = request;
    this.#timing = timing;
    this.#schedule = timing;
  }

  /** True while a pause is to pass before the request is sent again: no answer is expected then. */
  get isPausing(): boolean {
    return this.#isPausing;
  }

  /** True where everything was sent that may be, and no answer has come. */
  get isSilent(): boolean {
    return this.sent > 0 && this.dueMs === Number.POSITIVE_INFINITY;
  }

  /** False where nothing was sent, or the BMC has said that it was too busy for it. */
  get mayHaveBeenCarriedOut(): boolean {
    return this.sent > 0 && !(this.#isPausing && this.completionCode === completionCodes.nodeBusy);
  }

  /** The request is sent for the first time under this number. */
  begin(sequence: number, schedule: Schedule, nowMs: number): void {
    this.sequence = sequence;
    this.#schedule = schedule;
    this.#isPausing = false;
    this.#attempts = 1;
    this.sent++;
    const silenceMs = this.request.isRepeatable ? silenceAfter(schedule, 1) : wholeSilence(schedule);
    this.dueMs = nowMs + silenceMs;
  }

  /** Time has passed. */
  elapsed(nowMs: number): DueStep {
    if (nowMs < this.dueMs) return "wait";
    if (this.#isPausing) return "renew";
    if (!this.request.isRepeatable || this.#attempts >= this.#schedule.attempts) {
      this.dueMs = Number.POSITIVE_INFINITY;
      return "silent";
    }
    this.#attempts++;
    this.sent++;
    this.dueMs = nowMs + silenceAfter(this.#schedule, this.#attempts);
    return "send";
  }

  /** A message with this exchange's sequence number has arrived. */
  received(message: ResponseMessage, nowMs: number): ReceivedStep {
    const { request } = this;
    if (request.target && isReplyTo(SEND_MESSAGE, message)) return this.#handedOn(message, nowMs);
    return isReplyTo(request, message) ? this.#answered(message, nowMs) : "foreign";
  }

  /** The BMC has answered Send Message itself: the controller's own answer follows, or is in it. @see IPMI 2.0, section 6.13 */
  #handedOn(message: ResponseMessage, nowMs: number): ReceivedStep {
    if (message.completionCode !== 0) return this.#answered(message, nowMs);
    const inner = decodeResponse(message.data);
    return typeof inner !== "string" && isReplyTo(this.request, inner) ? this.#answered(inner, nowMs) : "wait";
  }

  #answered(message: ResponseMessage, nowMs: number): ReceivedStep {
    const { completionCode } = message;
    const { isRepeatable } = this.request;
    if (completionCode === completionCodes.duplicateRequest && !isRepeatable) return "foreign";
    this.completionCode = completionCode;
    if (this.#busyAnswers < this.#busyLimit(completionCode)) {
      this.dueMs = nowMs + this.#timing.busyPauseMs * 2 ** this.#busyAnswers;
      this.#busyAnswers++;
      this.#isPausing = true;
      return "wait";
    }
    this.data = message.data;
    return "answered";
  }

  /** How often the request is made anew on account of this completion code. */
  #busyLimit(completionCode: number): number {
    if (completionCode === completionCodes.nodeBusy) return this.request.busyRetries ?? this.#timing.busyRetries;
    if (!this.request.isRepeatable) return 0;
    const isUnclear =
      completionCode === completionCodes.unspecified || completionCode === completionCodes.duplicateRequest;
    return isUnclear ? 1 : 0;
  }
}

const isReplyTo = (request: { readonly netFn: number; readonly code: number }, message: ResponseMessage): boolean =>
  message.command === request.code && message.netFn === (request.netFn | 1);
