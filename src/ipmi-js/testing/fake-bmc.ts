import type { Clock } from "../clock.ts";
import { systemClock } from "../clock.ts";
import { netFns } from "../commands/command.ts";
import {
  closeSession,
  getChannelAuthenticationCapabilities,
  getChannelCipherSuites,
  setSessionPrivilegeLevel,
} from "../commands/session.ts";
import { cipherSuites } from "../crypto/algorithms.ts";
import { encodeCipherSuiteRecord } from "../crypto/cipher-suite-records.ts";
import { sessionless } from "../session/session-15.ts";
import type { Session20 } from "../session/session-20.ts";
import type { SessionCodec } from "../session/session-codec.ts";
import type { OpenTransport, Transport, TransportListener } from "../transport/transport.ts";
import { decodeAsf, encodePresencePong } from "../wire/asf.ts";
import { decodeRequest, encodeResponse, type RequestMessage } from "../wire/message.ts";
import { decodePacket, payloadTypes } from "../wire/packet.ts";
import { answer, AnswerTable, silence, type FakeAnswer } from "./answers.ts";
import { FakeControllers } from "./fake-controllers.ts";
import { FakeLogin } from "./fake-login.ts";

/** A datagram, and what the network does to it. */
export interface FakeDatagram {
  readonly direction: "to-bmc" | "to-client";
  /** How many went the same way before. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Delays in milliseconds of the copies that arrive: nothing for a loss, two for a duplicate, a long one to be overtaken. */
export type Fate = readonly number[];

export interface FakeBmcOptions {
  /** Commands besides those of the session's set-up and end. The others are answered as invalid. */
  readonly answers?: Iterable<FakeAnswer>;
  readonly username?: string;
  readonly password?: string;
  /** 0, 3 and 17 by default. */
  readonly cipherSuites?: readonly number[];
  /** True answers Get Channel Cipher Suites, which many BMCs ignore. */
  readonly listsCipherSuites?: boolean;
  /** Controllers to which Send Message hands on, by slave address. */
  readonly controllers?: ReadonlyMap<number, Iterable<FakeAnswer>>;
  /** True puts their replies into that to Send Message, as some BMCs do. */
  readonly embedsBridgedReplies?: boolean;
  /** Sessions at a time; 4 by default. */
  readonly maxSessions?: number;
  /** What the network does; all datagrams arrive at once where it is absent. */
  readonly fate?: (datagram: FakeDatagram) => Fate;
  readonly clock?: Clock;
}

/** A command that a fake BMC has carried out. */
export interface FakeBmcRequest extends RequestMessage {
  readonly bmcSessionId: number;
}

const AT_ONCE: Fate = [0];
const PORTION = 16;

/**
 * A BMC in memory, down to the datagram: IPMI 2.0 sessions with their cryptography, commands from a table, and a network between it and the
 * client that does what a test wants.
 *
 * @example
 * const bmc = new FakeBmc({ answers: [answer(getDeviceId, () => deviceId)], username: "admin", password: "secret" });
 * const client = new IpmiClient({ host: "fake", username: "admin", password: "secret", transport: bmc.transport });
 */
export class FakeBmc {
  readonly #answers: AnswerTable;
  readonly #controllers: FakeControllers;
  readonly #login: FakeLogin;
  readonly #sessions = new Map<number, Session20>();
  readonly #listeners = new Set<TransportListener>();
  readonly #clock: Clock;
  readonly #requests: FakeBmcRequest[] = [];
  readonly #counts = { "to-bmc": 0, "to-client": 0 };
  /** Sessions at a time. */
  maxSessions: number;
  /** True answers nothing, as a BMC that is off. */
  isSilent = false;
  /** What the network does. */
  fate: (datagram: FakeDatagram) => Fate;

  constructor(options: FakeBmcOptions = {}) {
    const { username = "", password = "", cipherSuites: suites = [0, 3, 17] } = options;
    this.#clock = options.clock ?? systemClock;
    this.maxSessions = options.maxSessions ?? 4;
    this.fate = options.fate ?? (() => AT_ONCE);
    this.#login = new FakeLogin({ username, password, cipherSuites: suites }, (session) =>
      this.#sessions.set(session.bmcSessionId, session),
    );
    const listing = options.listsCipherSuites ? [listingOf(suites)] : [];
    const granted = answer(setSessionPrivilegeLevel, ({ privilege }) => ({ privilege }));
    this.#answers = new AnswerTable([granted, capabilities, ...listing, ...(options.answers ?? [])]);
    this.#controllers = new FakeControllers(options.controllers ?? new Map(), options.embedsBridgedReplies ?? false);
  }

  /** Commands within sessions that it has carried out, in order; those of the session's set-up and end included. */
  get requests(): readonly FakeBmcRequest[] {
    return this.#requests;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Transports that are open. */
  get transports(): number {
    return this.#listeners.size;
  }

  /** Adds an answer, or replaces that to the same command. */
  answer(entry: FakeAnswer): void {
    this.#answers.set(entry);
  }

  /** Forgets all sessions, as a BMC that restarts. */
  loseSessions(): void {
    this.#sessions.clear();
    this.#login.clear();
  }

  /** Tells all clients that the host refuses datagrams. */
  refuse(error: Error): void {
    for (const listener of this.#listeners) listener.failed(error);
  }

  /** For `IpmiClientOptions.transport`. */
  readonly transport: OpenTransport = async (_peer, listener): Promise<Transport> => {
    this.#listeners.add(listener);
    return {
      send: (bytes) => this.#carry("to-bmc", bytes, (copy) => this.#received(copy, listener)),
      close: () => void this.#listeners.delete(listener),
    };
  };

  /** Sends any bytes to the client, as they are. */
  inject(bytes: Uint8Array): void {
    for (const listener of this.#listeners) listener.received(Uint8Array.from(bytes));
  }

  #carry(direction: FakeDatagram["direction"], bytes: Uint8Array, deliver: (copy: Uint8Array) => void): void {
    const index = this.#counts[direction]++;
    for (const delayMs of this.fate({ direction, index, bytes })) {
      const arrive = () => deliver(Uint8Array.from(bytes));
      if (delayMs === 0) queueMicrotask(arrive);
      else this.#clock.after(delayMs, arrive);
    }
  }

  #received(bytes: Uint8Array, listener: TransportListener): void {
    if (this.isSilent) return;
    for (const reply of this.#answersTo(bytes)) {
      this.#carry("to-client", reply, (copy) => {
        if (this.#listeners.has(listener)) listener.received(copy);
      });
    }
  }

  #answersTo(bytes: Uint8Array): readonly Uint8Array[] {
    const asf = decodeAsf(bytes);
    if (asf?.kind === "ping") return [encodePresencePong(asf.tag, pong)];
    const packet = decodePacket(bytes);
    if (typeof packet === "string") return [];
    if (packet.format === "1.5") return this.#answerMessage(bytes, sessionless);
    if (packet.sessionId === 0) {
      const reply = this.#login.answer(packet, this.#sessions.size < this.maxSessions);
      return reply ? [reply] : [];
    }
    const session = this.#sessions.get(packet.sessionId);
    return session ? this.#answerMessage(bytes, session) : [];
  }

  #answerMessage(bytes: Uint8Array, codec: SessionCodec): readonly Uint8Array[] {
    const opened = codec.open(bytes);
    if (opened.kind === "rejected" || opened.payloadType !== payloadTypes.ipmi) return [];
    const request = decodeRequest(opened.payload);
    if (typeof request === "string") return [];
    const { netFn, command, data } = request;
    if (codec === sessionless) {
      const isAnswered = netFn === netFns.app && OUTSIDE_SESSIONS.has(command) && this.#answers.has(netFn, command);
      if (!isAnswered) return [];
    } else this.#requests.push({ ...request, bmcSessionId: codec.bmcSessionId });
    const bridged = this.#controllers.answer(request);
    if (bridged) return bridged.map((message) => codec.seal(message));
    const isClose = netFn === closeSession.netFn && command === closeSession.code;
    if (isClose) this.#sessions.delete(closeSession.request.decode(data).sessionId);
    const reply = isClose ? { completionCode: 0, data: new Uint8Array() } : this.#answers.answer(netFn, command, data);
    if (reply === silence) return [];
    return [codec.seal(encodeResponse({ ...request, netFn: netFn + 1, ...reply }))];
  }
}

/** Commands that a BMC takes before a session. The list of cipher suites is in the table only where it is to be answered. */
const OUTSIDE_SESSIONS: ReadonlySet<number> = new Set([
  getChannelAuthenticationCapabilities.code,
  getChannelCipherSuites.code,
]);

const capabilities = answer(getChannelAuthenticationCapabilities, ({ wantsIpmi20 }) => ({
  channel: 1,
  isExtended: wantsIpmi20,
  hasOem: false,
  hasPassword: false,
  hasMd5: false,
  hasMd2: false,
  hasNone: false,
  needsKg: false,
  isPerMessageAuthenticationOn: true,
  isUserLevelAuthenticationOn: true,
  hasNamedUsers: true,
  hasNullUsers: false,
  hasAnonymousLogin: false,
  supportsIpmi20: wantsIpmi20,
  supportsIpmi15: false,
  oemId: undefined,
  oemAuxiliary: undefined,
}));

const pong = {
  enterprise: Uint8Array.of(0, 0, 0x11, 0xbe),
  oem: new Uint8Array(4),
  supportsIpmi: true,
  asfVersion: 1,
  interactions: 0,
};

function listingOf(numbers: readonly number[]): FakeAnswer {
  const records = numbers.flatMap((number) => {
    const suite = cipherSuites.find((candidate) => candidate.number === number);
    return suite ? [...encodeCipherSuiteRecord(suite)] : [];
  });
  return answer(getChannelCipherSuites, ({ index }) => ({
    channel: 1,
    records: Uint8Array.from(records.slice(index * PORTION, (index + 1) * PORTION)),
  }));
}
