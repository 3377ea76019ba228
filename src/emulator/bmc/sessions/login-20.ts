import { LengthError } from "../../../ipmi-js/bytes/layout.ts";
import { decodeLatin1 } from "../../../ipmi-js/bytes/text.ts";
import { cipherSuite as suiteByNumber, findCipherSuite, type CipherSuite } from "../../../ipmi-js/crypto/algorithms.ts";
import { isSameCode } from "../../../ipmi-js/crypto/hash.ts";
import {
  isAuthenticating,
  rakp2Code,
  rakp3Code,
  rakp4CheckValue,
  sessionIntegrityKey,
  sessionKeys,
  type RakpExchange,
} from "../../../ipmi-js/crypto/rakp.ts";
import {
  openSessionRequest,
  openSessionResponse,
  type OpenSessionRequest,
} from "../../../ipmi-js/session/open-session.ts";
import {
  MAX_USERNAME_SIZE,
  NAME_ONLY_LOOKUP,
  rakp1,
  rakp2,
  rakp3,
  rakp4,
  type Rakp1,
} from "../../../ipmi-js/session/rakp-messages.ts";
import { systemRandom } from "../../../ipmi-js/session/random.ts";
import { Session20 } from "../../../ipmi-js/session/session-20.ts";
import { statusCodes } from "../../../ipmi-js/session/status-codes.ts";
import { encodePacket20, payloadTypes, type Packet20 } from "../../../ipmi-js/wire/packet.ts";
import type { BmcModel } from "../model/bmc-model.ts";
import type { User } from "../model/users.ts";
import { Session, type Peer } from "./session.ts";
import type { PendingSession, SessionTable } from "./session-table.ts";

const ADMINISTRATOR = 4;
const LEVEL_BITS = 0x0f;
/** Where a message of the set-up has the number that ties it to the one that it answers. */
const TAG_AT = 0;

/** What has been agreed so far. */
interface Pending20 extends PendingSession {
  readonly kind: "2.0";
  readonly peer: Peer;
  readonly request: OpenSessionRequest;
  readonly suite: CipherSuite;
  /** The level of the Open Session response. */
  readonly answeredPrivilege: number;
  /** From RAKP message 1 on. */
  proof: Proof | undefined;
}

/** Who wants in, and by what that is to be proved. */
interface Proof {
  readonly user: User;
  readonly message: Rakp1;
  readonly exchange: RakpExchange;
  readonly reply: Uint8Array;
}

const isPending20 = (pending: PendingSession): pending is Pending20 => "kind" in pending && pending.kind === "2.0";

type Payload = { readonly payloadType: number; readonly payload: Uint8Array };

/** The set-up of IPMI 2.0 sessions, from the BMC's side. @see IPMI 2.0, sections 13.17–13.24 */
export class Login20 {
  readonly #model: BmcModel;
  readonly #sessions: SessionTable;

  constructor(model: BmcModel, sessions: SessionTable) {
    this.#model = model;
    this.#sessions = sessions;
  }

  /** The answer to a message of the set-up. Undefined: it is none, or nothing to answer. */
  receive(packet: Packet20, peer: Peer): Uint8Array | undefined {
    const answer = this.#answer(packet, peer);
    return answer && encodePacket20({ ...answer, isEncrypted: false, sessionId: 0, sequence: 0 });
  }

  #answer({ payloadType, payload }: Packet20, peer: Peer): Payload | undefined {
    try {
      switch (payloadType) {
        case payloadTypes.openSessionRequest:
          return this.#open(openSessionRequest.decode(payload), peer);
        case payloadTypes.rakp1:
          return this.#identify(rakp1.decode(payload), payload[27] ?? 0);
        case payloadTypes.rakp3:
          return this.#prove(rakp3.decode(payload), peer);
        default:
          return undefined;
      }
    } catch (error) {
      if (error instanceof LengthError) return undefined;
      throw error;
    }
  }

  #open(request: OpenSessionRequest, peer: Peer): Payload {
    const suite = findCipherSuite(request);
    const status = this.#statusOf(request, suite);
    if (status !== statusCodes.ok || !suite) return this.#openResponse(request, { status });
    const again = this.#begunBy(request, peer);
    const pending = again ?? this.#begin(request, suite, peer);
    if (!pending) return this.#openResponse(request, { status: statusCodes.insufficientResources });
    const { authentication, integrity, confidentiality } = request;
    return this.#openResponse(request, {
      status,
      privilege: pending.answeredPrivilege,
      bmcSessionId: pending.id,
      authentication,
      integrity,
      confidentiality,
    });
  }

  #openResponse(
    { tag, consoleSessionId }: OpenSessionRequest,
    fields: { readonly status: number } & Partial<Parameters<typeof openSessionResponse.encode>[0]>,
  ): Payload {
    if (fields.status === statusCodes.insufficientResources) this.#sessions.counters.refused++;
    const absent = {
      bmcSessionId: undefined,
      authentication: undefined,
      integrity: undefined,
      confidentiality: undefined,
    };
    const payload = openSessionResponse.encode({ tag, consoleSessionId, privilege: 0, ...absent, ...fields });
    return { payloadType: payloadTypes.openSessionResponse, payload };
  }

  #statusOf(request: OpenSessionRequest, suite: CipherSuite | undefined): number {
    const { cipherSuites } = this.#model.description;
    if (request.privilege > ADMINISTRATOR) return statusCodes.invalidRole;
    if (suite && cipherSuites.includes(suite.number)) return statusCodes.ok;
    const offered = cipherSuites.flatMap((number) => {
      const found = suiteByNumber(number);
      return found ? [found] : [];
    });
    if (!offered.some(({ authentication }) => authentication.number === request.authentication))
      return statusCodes.invalidAuthenticationAlgorithm;
    if (!offered.some(({ integrity }) => integrity.number === request.integrity))
      return statusCodes.invalidIntegrityAlgorithm;
    if (!offered.some(({ confidentiality }) => confidentiality.number === request.confidentiality))
      return statusCodes.invalidConfidentialityAlgorithm;
    return statusCodes.noCipherSuiteMatch;
  }

  /** The same request once more, from the same console: it gets the same session. Some consoles give each try a tag of its own. */
  #begunBy(request: OpenSessionRequest, peer: Peer): Pending20 | undefined {
    return this.#sessions
      .pending()
      .filter(isPending20)
      .find(
        (pending) =>
          pending.peer.address === peer.address &&
          pending.peer.port === peer.port &&
          pending.proof === undefined &&
          isSameRequest(pending.request, request),
      );
  }

  #begin(request: OpenSessionRequest, suite: CipherSuite, peer: Peer): Pending20 | undefined {
    if (!this.#sessions.hasRoom) return undefined;
    const pending: Pending20 = {
      kind: "2.0",
      id: this.#sessions.newId(),
      startedMs: this.#sessions.nowMs,
      hasSlot: true,
      peer,
      request,
      suite,
      answeredPrivilege:
        request.privilege === 0 && !this.#model.description.quirks.repeatAskedPrivilege
          ? ADMINISTRATOR
          : request.privilege,
      proof: undefined,
    };
    this.#sessions.begin(pending);
    return pending;
  }

  #pending(id: number): Pending20 | undefined {
    return this.#sessions
      .pending()
      .filter(isPending20)
      .find((pending) => pending.id === id);
  }

  #identify(message: Rakp1, nameLength: number): Payload {
    const pending = this.#pending(message.bmcSessionId);
    if (!pending) return this.#rakp2(message.tag, 0, statusCodes.invalidSessionId);
    const { consoleSessionId } = pending.request;
    const before = pending.proof;
    if (before && isSameCode(before.message.consoleRandom, message.consoleRandom))
      return { payloadType: payloadTypes.rakp2, payload: before.reply.with(TAG_AT, message.tag) };
    const user = this.#userOf(message, nameLength, pending);
    if (typeof user === "number") {
      this.#sessions.giveUp(pending.id);
      return this.#rakp2(message.tag, consoleSessionId, user);
    }
    const exchange = this.#exchange(pending, message);
    const password = user.password;
    const code = isAuthenticating(pending.suite.authentication)
      ? rakp2Code(pending.suite.authentication, password, exchange)
      : new Uint8Array();
    const { bmcRandom, bmcGuid } = exchange;
    const status = statusCodes.ok;
    const reply = rakp2.encode({ tag: message.tag, status, consoleSessionId, bmcRandom, bmcGuid, code });
    pending.proof = { user, message, exchange, reply };
    return { payloadType: payloadTypes.rakp2, payload: reply };
  }

  /** Whoever it is; a status code where nobody may come in by that name. */
  #userOf({ role, username }: Rakp1, nameLength: number, { request }: Pending20): User | number {
    const highest = request.privilege === 0 ? ADMINISTRATOR : request.privilege;
    const level = role & LEVEL_BITS;
    if (nameLength > MAX_USERNAME_SIZE) return statusCodes.invalidNameLength;
    if (level === 0 || level > ADMINISTRATOR) return statusCodes.invalidRole;
    const isByName = (role & NAME_ONLY_LOOKUP) !== 0;
    const user = this.#model.users.find(decodeLatin1(username), isByName ? undefined : level);
    if (!user) return statusCodes.unauthorizedName;
    if (level > highest || level > user.privilege) return statusCodes.unauthorizedRole;
    return this.#sessions.hasRoomFor(user) ? user : statusCodes.insufficientResourcesAtRole;
  }

  #exchange({ id, request, answeredPrivilege }: Pending20, message: Rakp1): RakpExchange {
    const { description } = this.#model;
    const role = description.quirks.hashWithAnsweredPrivilege
      ? (message.role & ~LEVEL_BITS) | answeredPrivilege
      : message.role;
    return {
      consoleSessionId: request.consoleSessionId,
      bmcSessionId: id,
      consoleRandom: message.consoleRandom,
      bmcRandom: systemRandom(16),
      bmcGuid: description.device.guid,
      role,
      username: message.username,
    };
  }

  #rakp2(tag: number, consoleSessionId: number, status: number): Payload {
    const absent = { bmcRandom: undefined, bmcGuid: undefined, code: undefined };
    return { payloadType: payloadTypes.rakp2, payload: rakp2.encode({ tag, status, consoleSessionId, ...absent }) };
  }

  #prove({ tag, status, bmcSessionId, code }: ReturnType<typeof rakp3.decode>, peer: Peer): Payload | undefined {
    const pending = this.#pending(bmcSessionId);
    const proof = pending?.proof;
    if (!pending || !proof) return this.#proveAgain(tag, bmcSessionId);
    this.#sessions.giveUp(bmcSessionId);
    // The console gives up: our code did not convince it.
    if (status !== statusCodes.ok) return undefined;
    const { consoleSessionId } = pending.request;
    const algorithm = pending.suite.authentication;
    if (!isAuthenticating(algorithm)) return this.#rakp4(tag, consoleSessionId, statusCodes.invalidRole);
    const { user, exchange, message } = proof;
    if (!isSameCode(code, rakp3Code(algorithm, user.password, exchange)))
      return this.#rakp4(tag, consoleSessionId, statusCodes.invalidIntegrityCheckValue);
    // Another of the user's may have been set up since RAKP message 1.
    if (!this.#sessions.hasRoomFor(user)) {
      this.#sessions.counters.refused++;
      return this.#rakp4(tag, consoleSessionId, statusCodes.insufficientResourcesAtRole);
    }
    const kg = this.#model.description.kG ?? user.password;
    const sik = sessionIntegrityKey(algorithm, kg, exchange);
    const answer = this.#rakp4(tag, consoleSessionId, statusCodes.ok, rakp4CheckValue(algorithm, sik, exchange));
    const codec = new Session20({
      side: "bmc",
      consoleSessionId,
      bmcSessionId,
      suite: pending.suite,
      keys: sessionKeys(algorithm, sik, user.password),
      privilege: message.role & LEVEL_BITS,
    });
    const handle = this.#sessions.newHandle();
    const session = new Session({ handle, protocol: "ipmi-2.0", user, peer, codec, nowMs: this.#sessions.nowMs });
    session.lastOfSetUp = answer.payload;
    this.#sessions.open(session);
    return answer;
  }

  /** RAKP message 3 once more, of a session that nothing else has been heard in yet. */
  #proveAgain(tag: number, bmcSessionId: number): Payload {
    const session = this.#sessions.find(bmcSessionId);
    return session?.lastOfSetUp
      ? { payloadType: payloadTypes.rakp4, payload: session.lastOfSetUp.with(TAG_AT, tag) }
      : this.#rakp4(tag, 0, statusCodes.invalidSessionId);
  }

  #rakp4(tag: number, consoleSessionId: number, status: number, checkValue: Uint8Array = new Uint8Array()): Payload {
    return { payloadType: payloadTypes.rakp4, payload: rakp4.encode({ tag, status, consoleSessionId, checkValue }) };
  }
}

const isSameRequest = (left: OpenSessionRequest, right: OpenSessionRequest) =>
  left.privilege === right.privilege &&
  left.consoleSessionId === right.consoleSessionId &&
  left.authentication === right.authentication &&
  left.integrity === right.integrity &&
  left.confidentiality === right.confidentiality;
