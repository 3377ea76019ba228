import { closeSession } from "../commands/session.ts";
import type { SessionCodec } from "../session/session-codec.ts";
import { BMC_ADDRESS, decodeResponse, encodeRequest, REMOTE_CONSOLE_ADDRESS } from "../wire/message.ts";
import { payloadTypes } from "../wire/packet.ts";
import { encodeBridged, SEND_MESSAGE } from "./bridging.ts";
import type { Call } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import type { Link } from "./link.ts";
import type { Schedule, Timing } from "./timing.ts";

/** rqSeq has 6 bits. */
const SEQUENCES = 64;

/** What becomes of calls. */
export interface ConversationListener {
  /** It has left the conversation. */
  answered(call: Call): void;
  /** Everything was sent that may be, and no answer came. It is in the conversation until it is abandoned: an answer may come late. */
  silent(call: Call): void;
  /** `elapsed` is to be called at this time, or before. */
  due(atMs: number): void;
}

interface Slot {
  readonly call: Call;
  /** The message, which is the same each time that it is sent. */
  readonly message: Uint8Array;
}

function encode({ request, sequence }: Exchange): Uint8Array {
  const { target } = request;
  return encodeRequest({
    netFn: target ? SEND_MESSAGE.netFn : request.netFn,
    command: target ? SEND_MESSAGE.code : request.code,
    sequence,
    responderAddress: BMC_ADDRESS,
    responderLun: target ? 0 : request.lun,
    requesterAddress: REMOTE_CONSOLE_ADDRESS,
    requesterLun: 0,
    data: target ? encodeBridged(request, target, sequence) : request.data,
  });
}

/** Commands and answers within one session: ties them together by rqSeq, netFn and command. Time comes from outside. */
export class Conversation {
  readonly link: Link;
  readonly #session: SessionCodec;
  readonly #timing: Timing;
  readonly #listener: ConversationListener;
  readonly #now: () => number;
  readonly #slots: (Slot | undefined)[] = Array.from<Slot | undefined>({ length: SEQUENCES });
  readonly #calls = new Set<Call>();
  #sequence = SEQUENCES - 1;
  #lastHeardMs: number;
  /** Datagrams sent since the BMC was heard last. */
  #unanswered = 0;
  /** True where something was given up since the BMC was heard last. */
  #hasGivenUp = false;

  constructor(link: Link, session: SessionCodec, timing: Timing, listener: ConversationListener, now: () => number) {
    this.link = link;
    this.#session = session;
    this.#timing = timing;
    this.#listener = listener;
    this.#now = now;
    this.#lastHeardMs = now();
    link.listen((datagram) => this.#received(datagram));
  }

  /** Calls in flight, pauses between tries included, in the order in which they began. */
  get calls(): ReadonlySet<Call> {
    return this.#calls;
  }

  /** When the BMC was last heard, on the monotonic clock. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  /** Whether the session should be tried before something is sent that must not be lost. */
  needsConfirmation(nowMs: number): boolean {
    return this.#hasGivenUp || nowMs - this.#lastHeardMs >= this.#timing.confirmAfterMs;
  }

  /** @throws RangeError for data that a message, or the session's packets, have no room for */
  begin(call: Call, schedule?: Schedule): void {
    this.#calls.add(call);
    const nowMs = this.#now();
    try {
      this.#send(call, nowMs, schedule ?? this.#scheduleAt(nowMs));
    } catch (error) {
      this.#release(call);
      throw error;
    }
  }

  /** Forgets a call; its answer will be dropped. False where it was not here. */
  abandon(call: Call): boolean {
    if (!this.#calls.has(call)) return false;
    this.#release(call);
    if (!call.exchange.isPausing) this.#hasGivenUp = true;
    return true;
  }

  /** Sends again what is due, and gives up what has been sent often enough. */
  elapsed(nowMs: number): void {
    for (const call of this.#calls) {
      switch (call.exchange.elapsed(nowMs)) {
        case "send":
          this.link.counters.retransmitted++;
          this.#transmit(this.#slots[call.exchange.sequence]);
          break;
        case "renew":
          this.link.counters.busy++;
          this.#send(call, nowMs, this.#scheduleAt(nowMs));
          break;
        case "silent":
          this.#hasGivenUp = true;
          this.#listener.silent(call);
          break;
        case "wait":
          break;
      }
    }
  }

  /** Ends the session without waiting for an answer. What is in flight is forgotten. */
  leave(): void {
    const data = closeSession.request.encode({ sessionId: this.#session.bmcSessionId, handle: undefined });
    const message = encodeRequest({
      netFn: closeSession.netFn,
      command: closeSession.code,
      sequence: this.#nextSequence(),
      responderAddress: BMC_ADDRESS,
      responderLun: 0,
      requesterAddress: REMOTE_CONSOLE_ADDRESS,
      requesterLun: 0,
      data,
    });
    this.link.send(this.#session.seal(message));
    this.link.close();
    this.#calls.clear();
    this.#slots.fill(undefined);
  }

  /** The BMC's number of the session, which closes it. */
  get bmcSessionId(): number {
    return this.#session.bmcSessionId;
  }

  #send(call: Call, nowMs: number, schedule: Schedule): void {
    const { exchange } = call;
    exchange.begin(this.#nextSequence(), schedule, nowMs);
    this.#listener.due(exchange.dueMs);
    const slot = { call, message: encode(exchange) };
    this.#slots[exchange.sequence] = slot;
    this.#transmit(slot);
  }

  #scheduleAt(nowMs: number): Schedule {
    const isSuspect = this.#hasGivenUp || nowMs - this.#lastHeardMs >= this.#timing.suspectAfterMs;
    return isSuspect ? { ...this.#timing, attempts: this.#timing.attemptsWhenSuspect } : this.#timing;
  }

  #transmit(slot: Slot | undefined): void {
    if (!slot) return;
    this.#unanswered++;
    this.link.show("sent", slot.message);
    this.link.send(this.#session.seal(slot.message));
  }

  /** Numbers go round, so that one is used again as late as can be; those in flight are left out. */
  #nextSequence(): number {
    do this.#sequence = (this.#sequence + 1) % SEQUENCES;
    while (this.#slots[this.#sequence]);
    return this.#sequence;
  }

  #received(datagram: Uint8Array): void {
    const opened = this.#session.open(datagram);
    if (opened.kind === "rejected") return this.link.drop(opened.reason);
    if (opened.payloadType !== payloadTypes.ipmi) return this.link.drop("unexpected-payload");
    this.link.show("received", opened.payload);
    const message = decodeResponse(opened.payload);
    if (typeof message === "string") return this.link.drop("damaged-message");
    const nowMs = this.#now();
    this.#lastHeardMs = nowMs;
    this.#unanswered = 0;
    this.#hasGivenUp = false;
    const call = this.#slots[message.sequence]?.call;
    if (!call) return this.link.drop("late");
    switch (call.exchange.received(message, nowMs)) {
      case "answered":
        this.link.counters.answered++;
        this.#release(call);
        this.#listener.answered(call);
        break;
      case "foreign":
        this.link.drop("late");
        break;
      case "wait":
        // The BMC is busy: what else comes under this number answers nothing.
        if (call.exchange.isPausing) this.#slots[message.sequence] = undefined;
        this.#listener.due(call.exchange.dueMs);
    }
  }

  #release(call: Call): void {
    this.#calls.delete(call);
    const { sequence } = call.exchange;
    if (this.#slots[sequence]?.call === call) this.#slots[sequence] = undefined;
  }
}
