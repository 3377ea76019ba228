import { findCipherSuite } from "../crypto/algorithms.ts";
import { isAuthenticating, rakp2Code, type RakpExchange } from "../crypto/rakp.ts";
import { openSessionRequest, openSessionResponse, type OpenSessionRequest } from "../session/open-session.ts";
import { concludeRakp, type RakpOutcome } from "../session/rakp-secrets.ts";
import { rakp1, rakp2, rakp3, rakp4 } from "../session/rakp-messages.ts";
import { Session20 } from "../session/session-20.ts";
import { statusCodes } from "../session/status-codes.ts";
import type { CipherSuite } from "../crypto/algorithms.ts";
import { encodePacket20, payloadTypes, type Packet20 } from "../wire/packet.ts";

/** Who may open sessions, and with what. */
export interface FakeAccess {
  readonly username: string;
  readonly password: string;
  readonly cipherSuites: readonly number[];
}

interface Pending {
  readonly request: OpenSessionRequest;
  readonly suite: CipherSuite;
  readonly rakp?: { readonly exchange: RakpExchange; readonly outcome: RakpOutcome };
}

const utf8 = new TextEncoder();
const text = new TextDecoder();
const guid = Uint8Array.from({ length: 16 }, (_, index) => index);
const bmcRandom = Uint8Array.from({ length: 16 }, (_, index) => 0xf0 - index);

const packet = (payloadType: number, payload: Uint8Array): Uint8Array =>
  encodePacket20({ payloadType, isEncrypted: false, sessionId: 0, sequence: 0, payload });

/** A BMC's end of the set-up of IPMI 2.0 sessions, for one user. Its random numbers are always the same. */
export class FakeLogin {
  readonly #access: FakeAccess;
  readonly #established: (session: Session20) => void;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0x100;

  /** `established` is told each session that has been set up. */
  constructor(access: FakeAccess, established: (session: Session20) => void) {
    this.#access = access;
    this.#established = established;
  }

  /** Forgets what is half done. */
  clear(): void {
    this.#pending.clear();
  }

  /**
   * The answer to a packet of the set-up; undefined for what deserves none.
   *
   * @param hasRoom whether another session may be opened
   */
  answer({ payloadType, payload }: Packet20, hasRoom: boolean): Uint8Array | undefined {
    switch (payloadType) {
      case payloadTypes.openSessionRequest:
        return packet(payloadTypes.openSessionResponse, this.#open(payload, hasRoom));
      case payloadTypes.rakp1: {
        const answer = this.#rakp1(payload);
        return answer && packet(payloadTypes.rakp2, answer);
      }
      case payloadTypes.rakp3: {
        const answer = this.#rakp3(payload);
        return answer && packet(payloadTypes.rakp4, answer);
      }
      default:
        return undefined;
    }
  }

  #open(payload: Uint8Array, hasRoom: boolean): Uint8Array {
    const request = openSessionRequest.decode(payload);
    const { tag, privilege, consoleSessionId, authentication, integrity, confidentiality } = request;
    const suite = findCipherSuite({ authentication, integrity, confidentiality });
    const refuse = (status: number) =>
      openSessionResponse.encode({
        tag,
        status,
        privilege: 0,
        consoleSessionId,
        bmcSessionId: undefined,
        authentication: undefined,
        integrity: undefined,
        confidentiality: undefined,
      });
    if (!hasRoom) return refuse(statusCodes.insufficientResources);
    if (!suite || !this.#access.cipherSuites.includes(suite.number)) return refuse(statusCodes.noCipherSuiteMatch);
    const bmcSessionId = this.#nextId++;
    this.#pending.set(bmcSessionId, { request, suite });
    const algorithms = { authentication, integrity, confidentiality };
    return openSessionResponse.encode({
      tag,
      status: statusCodes.ok,
      privilege,
      consoleSessionId,
      bmcSessionId,
      ...algorithms,
    });
  }

  #rakp1(payload: Uint8Array): Uint8Array | undefined {
    const { tag, bmcSessionId, consoleRandom, role, username } = rakp1.decode(payload);
    const pending = this.#pending.get(bmcSessionId);
    if (!pending) return undefined;
    const { consoleSessionId } = pending.request;
    if (text.decode(username) !== this.#access.username) {
      const status = statusCodes.unauthorizedName;
      return rakp2.encode({ tag, status, consoleSessionId, bmcRandom: undefined, bmcGuid: undefined, code: undefined });
    }
    const exchange = { consoleSessionId, bmcSessionId, consoleRandom, bmcRandom, bmcGuid: guid, role, username };
    const algorithm = pending.suite.authentication;
    const password = utf8.encode(this.#access.password);
    const outcome = concludeRakp({ algorithm, password, kg: undefined }, exchange);
    this.#pending.set(bmcSessionId, { ...pending, rakp: { exchange, outcome } });
    const code = isAuthenticating(algorithm) ? rakp2Code(algorithm, password, exchange) : new Uint8Array();
    return rakp2.encode({ tag, status: statusCodes.ok, consoleSessionId, bmcRandom, bmcGuid: guid, code });
  }

  #rakp3(payload: Uint8Array): Uint8Array | undefined {
    const { tag, status, bmcSessionId, code } = rakp3.decode(payload);
    const pending = this.#pending.get(bmcSessionId);
    if (!pending?.rakp) return undefined;
    if (status !== statusCodes.ok) {
      this.#pending.delete(bmcSessionId);
      return undefined;
    }
    const { request, suite, rakp } = pending;
    const { consoleSessionId } = request;
    const { rakp3Code, checkValue, keys } = rakp.outcome;
    const isRight = code.length === rakp3Code.length && rakp3Code.every((byte, index) => byte === code[index]);
    if (!isRight) {
      const refusal = { tag, status: statusCodes.invalidIntegrityCheckValue, consoleSessionId };
      return rakp4.encode({ ...refusal, checkValue: undefined });
    }
    this.#pending.delete(bmcSessionId);
    this.#established(
      new Session20({ side: "bmc", consoleSessionId, bmcSessionId, suite, keys, privilege: request.privilege }),
    );
    return rakp4.encode({ tag, status: statusCodes.ok, consoleSessionId, checkValue });
  }
}
