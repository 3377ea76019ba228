import { decodeAsf, encodePresencePong } from "../../ipmi-js/wire/asf.ts";
import { sessionless } from "../../ipmi-js/session/session-15.ts";
import { decodePacket, encodePacket20, payloadTypes, type Packet15, type Packet20 } from "../../ipmi-js/wire/packet.ts";
import type { BmcCounters } from "./bmc-counters.ts";
import type { CallerTraits } from "./commands/executor.ts";
import { Executor } from "./commands/executor.ts";
import type { BmcDescription } from "./file/bmc-shape.ts";
import { BmcModel } from "./model/bmc-model.ts";
import type { Trouble } from "./model/fault-script.ts";
import { Login15 } from "./sessions/login-15.ts";
import { Login20 } from "./sessions/login-20.ts";
import type { Peer, Session } from "./sessions/session.ts";
import { SessionTable } from "./sessions/session-table.ts";

/** A datagram to send, and when. */
export interface Answer {
  readonly datagram: Uint8Array;
  readonly delayMs: number;
}

/** What a payload came by, and how what is answered goes back. */
interface Envelope {
  readonly payload: Uint8Array;
  readonly session: Session | undefined;
  readonly temporarySessionId: number | undefined;
  readonly seal: (payload: Uint8Array) => Uint8Array;
}

/** ASF's own number, for pongs without more than the specification says. @see IPMI 2.0, table 13-7 */
const ASF_ENTERPRISE = Uint8Array.of(0x00, 0x00, 0x11, 0xbe);

/**
 * A whole BMC but for its socket and its clock: datagrams in, datagrams out. What it does depends on what it is asked when, and on
 * nothing else but the random numbers of sessions.
 */
export class BmcResponder {
  readonly model: BmcModel;
  readonly sessions: SessionTable;
  readonly #login15: Login15;
  readonly #login20: Login20;
  readonly #executor: Executor;
  readonly #commands: Record<string, number> = {};
  readonly #counts = { received: 0, sent: 0, rejected: 0, repeated: 0, failures: 0 };
  #silentUntilMs = Number.NEGATIVE_INFINITY;

  /** `nowMs` is of a clock that never jumps, `wallMs` the time of day; `report` is told of faults of the emulation itself. */
  constructor(
    description: BmcDescription,
    { nowMs, wallMs }: { readonly nowMs: number; readonly wallMs: number },
    report: (message: string, error: unknown) => void = () => undefined,
  ) {
    this.model = new BmcModel(description, nowMs, wallMs);
    this.sessions = new SessionTable(description.sessions, this.model.agenda);
    this.#login15 = new Login15(this.model, this.sessions);
    this.#login20 = new Login20(this.model, this.sessions);
    this.#executor = new Executor((message, error) => {
      this.#counts.failures++;
      report(message, error);
    });
  }

  get counters(): BmcCounters {
    const { chassis } = this.model;
    return {
      ...this.#counts,
      commands: { ...this.#commands },
      controls: { ...chassis.carriedOut },
      sessions: { ...this.sessions.counters },
    };
  }

  /** Brings the BMC up to now, without a question. */
  advance(nowMs: number): void {
    this.model.advance(nowMs);
    this.sessions.expire();
  }

  /** What is answered to a datagram; nothing where it is none, or a fault is scripted. */
  receive(datagram: Uint8Array, peer: Peer, nowMs: number): readonly Answer[] {
    this.advance(nowMs);
    this.#counts.received++;
    if (nowMs < this.#silentUntilMs) return [];
    const trouble = this.model.faults.meetDatagram();
    if (trouble.isSessionLost) this.sessions.forgetAll();
    if (trouble.isSilent) return [];
    const { datagrams, more } = this.#answer(datagram, peer);
    if (trouble.isAnswerLost) return [];
    const delayMs = trouble.delayMs + (more?.delayMs ?? 0);
    const isDoubled = trouble.isDoubled || more?.isDoubled === true;
    const answers = datagrams.flatMap((each) => (isDoubled ? [each, each] : [each]));
    this.#counts.sent += answers.length;
    return answers.map((each) => ({ datagram: each, delayMs }));
  }

  /** A restart: nothing is answered for some time, and no session is known any more. SEL and FRU stay. */
  restart(): void {
    this.#silentUntilMs = this.model.agenda.nowMs + this.model.description.coldResetMs;
    this.sessions.forgetAll();
    this.model.sdrs.reservation.cancel();
    this.model.log.reservation.cancel();
  }

  #answer(
    datagram: Uint8Array,
    peer: Peer,
  ): { readonly datagrams: readonly Uint8Array[]; readonly more: Trouble | undefined } {
    const asf = decodeAsf(datagram);
    if (asf?.kind === "ping") return { datagrams: [this.#pong(asf.tag)], more: undefined };
    const packet = decodePacket(datagram);
    if (typeof packet !== "string") {
      if (packet.format === "2.0" && isSetUp(packet)) {
        const answer = this.#login20.receive(packet, peer);
        return { datagrams: answer ? [answer] : [], more: undefined };
      }
      const envelope = packet.format === "2.0" ? this.#open20(packet, datagram) : this.#open15(packet, datagram);
      if (envelope) return this.#carryOut(envelope, peer);
    }
    this.#counts.rejected++;
    return { datagrams: [], more: undefined };
  }

  #pong(tag: number): Uint8Array {
    return encodePresencePong(tag, {
      enterprise: ASF_ENTERPRISE,
      oem: new Uint8Array(4),
      supportsIpmi: true,
      asfVersion: 1,
      interactions: 0,
    });
  }

  #open20(packet: Packet20, datagram: Uint8Array): Envelope | undefined {
    if (packet.sessionId !== 0) return this.#openInSession(packet.sessionId, datagram);
    if (packet.payloadType !== payloadTypes.ipmi || packet.isEncrypted || packet.isAuthenticated) return undefined;
    const { payloadType } = packet;
    const seal = (payload: Uint8Array) =>
      encodePacket20({ payloadType, isEncrypted: false, sessionId: 0, sequence: 0, payload });
    return { payload: packet.payload, session: undefined, temporarySessionId: undefined, seal };
  }

  #open15({ sessionId }: Packet15, datagram: Uint8Array): Envelope | undefined {
    if (sessionId === 0) {
      const opened = sessionless.open(datagram);
      if (opened.kind === "rejected") return undefined;
      const { payload } = opened;
      return {
        payload,
        session: undefined,
        temporarySessionId: undefined,
        seal: (reply) => sessionless.seal(reply),
      };
    }
    if (!this.#login15.isTemporary(sessionId)) return this.#openInSession(sessionId, datagram);
    const opened = this.#login15.open(datagram, sessionId);
    return opened && { ...opened, session: undefined, temporarySessionId: sessionId };
  }

  #openInSession(sessionId: number, datagram: Uint8Array): Envelope | undefined {
    const session = this.sessions.find(sessionId);
    const opened = session?.codec.open(datagram);
    if (!session || opened?.kind !== "payload" || opened.payloadType !== payloadTypes.ipmi) return undefined;
    session.lastHeardMs = this.model.agenda.nowMs;
    session.lastOfSetUp = undefined;
    return {
      payload: opened.payload,
      session,
      temporarySessionId: undefined,
      seal: (reply) => session.codec.seal(reply),
    };
  }

  #carryOut({ payload, session, temporarySessionId, seal }: Envelope, peer: Peer) {
    const { nowMs } = this.model.agenda;
    const before = session?.replies.find(payload, nowMs);
    if (before) {
      this.#counts.repeated++;
      return { datagrams: before.map(seal), more: undefined };
    }
    const effects: (() => void)[] = [];
    const traits: CallerTraits = {
      model: this.model,
      sessions: this.sessions,
      login15: this.#login15,
      session,
      temporarySessionId,
      peer,
      afterwards: (action) => void effects.push(action),
      restart: () => this.restart(),
    };
    const { replies, command, trouble } = this.#executor.execute(traits, payload);
    if (command === undefined && replies.length === 0) this.#counts.rejected++;
    else this.#count(command ?? "unknown");
    if (trouble?.isSessionLost === true) this.sessions.forgetAll();
    if (isFinal(trouble)) session?.replies.remember(payload, replies, nowMs);
    const datagrams = trouble?.isAnswerLost === true ? [] : replies.map(seal);
    for (const effect of effects) effect();
    return { datagrams, more: trouble };
  }

  #count(command: string): void {
    this.#commands[command] = (this.#commands[command] ?? 0) + 1;
  }
}

/** True where a command was carried out, or refused for good: then a request that comes again is answered the same. */
const isFinal = (trouble: Trouble | undefined) =>
  trouble === undefined || !(trouble.isSilent || trouble.isSessionLost || trouble.isBusy);

/** A message of an IPMI 2.0 session's set-up, which is outside of all sessions. */
const isSetUp = ({ payloadType, sessionId }: Packet20) =>
  sessionId === 0 && payloadType >= payloadTypes.openSessionRequest && payloadType <= payloadTypes.rakp4;
