import { LengthError } from "../bytes/layout.ts";
import type { CipherSuite } from "../crypto/algorithms.ts";
import { isSameCode } from "../crypto/hash.ts";
import type { RakpExchange } from "../crypto/rakp.ts";
import { IpmiError, type SessionStep } from "../errors.ts";
import { decodePacket, encodePacket20, payloadTypes } from "../wire/packet.ts";
import { openSessionRequest, openSessionResponse } from "./open-session.ts";
import { rakp1, rakp2, rakp3, rakp4 } from "./rakp-messages.ts";
import { concludeRakp, verifyRakp2, type RakpOutcome, type RakpSecrets } from "./rakp-secrets.ts";
import { randomSessionId } from "./random.ts";
import { closingDatagram } from "./session-command.ts";
import type { Handshake, HandshakeStep, Rejection } from "./session-codec.ts";
import { malformedError, statusError, wrongKgError, wrongPasswordError, type Applicant } from "./session-errors.ts";
import type { CheckedRequest } from "./session-request.ts";
import { Session20 } from "./session-20.ts";
import { statusCodes } from "./status-codes.ts";

/** What a session is asked for with. */
export interface RakpTerms {
  readonly request: CheckedRequest;
  readonly suite: CipherSuite;
  readonly secrets: RakpSecrets;
  /** The byte of RAKP message 1: privilege level, and how the user is looked up. */
  readonly role: number;
  readonly applicant: Applicant;
}

interface Opening {
  readonly tag: number;
  readonly consoleSessionId: number;
}
interface Opened extends Opening {
  readonly bmcSessionId: number;
  readonly answeredPrivilege: number;
  readonly consoleRandom: Uint8Array;
}
/** What is being waited for, and what is known by then. */
type Stage =
  | { readonly step: "none" }
  | { readonly step: "open-session"; readonly opening: Opening }
  | { readonly step: "rakp-1-2"; readonly opened: Opened }
  | {
      readonly step: "rakp-3-4";
      readonly opened: Opened;
      readonly exchange: RakpExchange;
      readonly outcome: RakpOutcome;
      readonly session: Session20;
    };

/**
 * Statuses that show a mix-up and not a refusal: a BMC that got RAKP message 1 twice may expect the answer to its second RAKP
 * message 2 when we have answered the first, or have given the half-open session to another.
 */
const mixUps: ReadonlySet<number> = new Set([
  statusCodes.invalidSessionId,
  statusCodes.inactiveSessionId,
  statusCodes.invalidIntegrityCheckValue,
]);
/** Times that a handshake begins anew after a mix-up. */
const MAX_RESTARTS = 2;

const ignored = (reason: Rejection): HandshakeStep => ({ kind: "ignored", reason });

/**
 * Open Session and RAKP messages 1 to 4 from the console's end. The session that it establishes has the level of a user, whatever
 * was asked for.
 *
 * @see IPMI 2.0, sections 13.14 to 13.23
 */
export class RakpHandshake implements Handshake {
  readonly #terms: RakpTerms;
  #stage: Stage = { step: "none" };
  #tag = 0;
  #restarts = 0;
  #again: (() => Uint8Array) | undefined;
  #farewell: (() => Uint8Array) | undefined;

  constructor(terms: RakpTerms) {
    this.#terms = terms;
  }

  start(): HandshakeStep {
    return this.#open();
  }

  repeat(): Uint8Array {
    if (!this.#again) throw new RangeError("nothing is waited for");
    return this.#again();
  }

  farewell(): Uint8Array | undefined {
    const datagram = this.#farewell?.();
    this.#farewell = undefined;
    return datagram;
  }

  #send(step: SessionStep, make: () => Uint8Array): HandshakeStep {
    this.#again = make;
    return { kind: "send", step, datagram: make() };
  }

  #fail(error: IpmiError): HandshakeStep {
    this.#over();
    return { kind: "failed", error };
  }

  #over(): void {
    this.#stage = { step: "none" };
    this.#again = undefined;
  }

  #open(): HandshakeStep {
    const opening: Opening = { tag: this.#tag, consoleSessionId: randomSessionId(this.#terms.request.random) };
    const payload = openSessionRequest.encode({
      ...opening,
      privilege: this.#terms.request.privilegeNumber,
      authentication: this.#terms.suite.authentication.number,
      integrity: this.#terms.suite.integrity.number,
      confidentiality: this.#terms.suite.confidentiality.number,
    });
    this.#stage = { step: "open-session", opening };
    return this.#send("open-session", () => setUpPacket(payloadTypes.openSessionRequest, payload));
  }

  received(datagram: Uint8Array): HandshakeStep {
    const stage = this.#stage;
    if (stage.step === "none") return ignored("replayed");
    const packet = decodePacket(datagram);
    if (typeof packet === "string") return ignored("malformed");
    if (packet.format !== "2.0" || packet.sessionId !== 0) return ignored("foreign-session");
    if (packet.payloadType !== answerTypes[stage.step]) return ignored("replayed");
    if (packet.isEncrypted || packet.isAuthenticated) return ignored("malformed");
    try {
      if (stage.step === "open-session") return this.#receivedOpenSession(stage.opening, packet.payload);
      if (stage.step === "rakp-1-2") return this.#receivedRakp2(stage.opened, packet.payload);
      return this.#receivedRakp4(stage, packet.payload);
    } catch (error) {
      if (error instanceof LengthError) return ignored("malformed");
      throw error;
    }
  }

  #receivedOpenSession(opening: Opening, payload: Uint8Array): HandshakeStep {
    const answer = openSessionResponse.decode(payload);
    const misdirected = misdirectionOf(answer, opening);
    if (misdirected) return misdirected;
    if (answer.status !== statusCodes.ok)
      return this.#fail(statusError("open-session", answer.status, this.#terms.applicant));
    const { bmcSessionId, authentication, integrity, confidentiality, privilege } = answer;
    if (bmcSessionId === undefined || confidentiality === undefined)
      return this.#fail(malformedError("open-session", new LengthError(FULL_RESPONSE_SIZE, payload.length)));
    const suite = this.#terms.suite;
    if (
      authentication !== suite.authentication.number ||
      integrity !== suite.integrity.number ||
      confidentiality !== suite.confidentiality.number
    ) {
      return this.#fail(
        new IpmiError(
          "unsupported",
          `Open Session failed: the BMC wants other algorithms than suite ${suite.number}'s`,
          {
            step: "open-session",
            expected: algorithmNumbers(
              suite.authentication.number,
              suite.integrity.number,
              suite.confidentiality.number,
            ),
            received: algorithmNumbers(authentication, integrity, confidentiality),
          },
        ),
      );
    }
    const opened: Opened = {
      ...opening,
      bmcSessionId,
      answeredPrivilege: privilege ?? 0,
      consoleRandom: Uint8Array.from(this.#terms.request.random(RANDOM_SIZE)),
    };
    const { username } = this.#terms.request;
    const message = rakp1.encode({ ...opened, role: this.#terms.role, username });
    this.#stage = { step: "rakp-1-2", opened };
    this.#farewell = () => giveUp(opened, statusCodes.insufficientResources);
    return this.#send("rakp-1-2", () => setUpPacket(payloadTypes.rakp1, message));
  }

  #receivedRakp2(opened: Opened, payload: Uint8Array): HandshakeStep {
    const answer = rakp2.decode(payload);
    const misdirected = misdirectionOf(answer, opened);
    if (misdirected) return misdirected;
    if (answer.status !== statusCodes.ok) return this.#refused("rakp-1-2", answer.status);
    const { bmcRandom, bmcGuid, code } = answer;
    const codeSize = this.#terms.suite.authentication.codeSize;
    if (!bmcRandom || !bmcGuid || !code || code.length < codeSize)
      return this.#fail(malformedError("rakp-1-2", new LengthError(RAKP2_CODE_AT + codeSize, payload.length)));
    const { username } = this.#terms.request;
    const told: RakpExchange = { ...opened, bmcRandom, bmcGuid, role: this.#terms.role, username };
    const verdict = verifyRakp2(this.#terms.secrets, told, opened.answeredPrivilege, code.subarray(0, codeSize));
    if (verdict.kind !== "verified") {
      this.#farewell = () => giveUp(opened, statusCodes.invalidIntegrityCheckValue);
      return this.#fail(wrongPasswordError(verdict.kind === "truncated-password", this.#terms.applicant));
    }
    const exchange = { ...told, role: verdict.role };
    const outcome = concludeRakp(this.#terms.secrets, exchange);
    const session = new Session20({
      ...opened,
      side: "console",
      suite: this.#terms.suite,
      keys: outcome.keys,
      privilege: this.#terms.request.privilegeNumber,
      random: this.#terms.request.random,
    });
    const message = rakp3.encode({ ...opened, status: statusCodes.ok, code: outcome.rakp3Code });
    this.#stage = { step: "rakp-3-4", opened, exchange, outcome, session };
    this.#farewell = () => closingDatagram(session, this.#terms.request.requesterAddress);
    return this.#send("rakp-3-4", () => setUpPacket(payloadTypes.rakp3, message));
  }

  #receivedRakp4(stage: Extract<Stage, { step: "rakp-3-4" }>, payload: Uint8Array): HandshakeStep {
    const answer = rakp4.decode(payload);
    const misdirected = misdirectionOf(answer, stage.opened);
    if (misdirected) return misdirected;
    if (answer.status !== statusCodes.ok) return this.#refused("rakp-3-4", answer.status);
    const { checkValueSize } = this.#terms.suite.authentication;
    const received = answer.checkValue?.subarray(0, checkValueSize) ?? new Uint8Array();
    if (!isSameCode(received, stage.outcome.checkValue)) {
      const { secrets } = this.#terms;
      const withoutKg = concludeRakp({ ...secrets, kg: undefined }, stage.exchange).checkValue;
      return this.#fail(wrongKgError(secrets.kg !== undefined, isSameCode(received, withoutKg)));
    }
    this.#over();
    this.#farewell = undefined;
    return { kind: "established", session: stage.session };
  }

  /** A status other than 0 in RAKP message 2 or 4. */
  #refused(step: SessionStep, status: number): HandshakeStep {
    if (mixUps.has(status) && this.#restarts < MAX_RESTARTS) {
      this.#restarts++;
      this.#tag = (this.#tag + 1) & 0xff;
      this.#farewell = undefined;
      return this.#open();
    }
    return this.#fail(statusError(step, status, this.#terms.applicant));
  }
}

/** Bytes of an Open Session Response with status 0. */
const FULL_RESPONSE_SIZE = 36;
const RAKP2_CODE_AT = 40;
const RANDOM_SIZE = 16;

/** Payload types of the answers. */
const answerTypes = {
  "open-session": payloadTypes.openSessionResponse,
  "rakp-1-2": payloadTypes.rakp2,
  "rakp-3-4": payloadTypes.rakp4,
} as const;

/** A packet outside sessions. */
const setUpPacket = (payloadType: number, payload: Uint8Array): Uint8Array =>
  encodePacket20({ payloadType, isEncrypted: false, sessionId: 0, sequence: 0, payload });

/** Why an answer is not for this handshake; undefined where it is. A refusal may come without a session id. */
function misdirectionOf(
  answer: { readonly tag: number; readonly status: number; readonly consoleSessionId: number | undefined },
  opening: Opening,
): HandshakeStep | undefined {
  if (answer.tag !== opening.tag) return ignored("replayed");
  if (answer.consoleSessionId === undefined) return answer.status === statusCodes.ok ? ignored("malformed") : undefined;
  return answer.consoleSessionId === opening.consoleSessionId ? undefined : ignored("foreign-session");
}

/** RAKP message 3 with a status: the BMC may forget the half-open session. @see IPMI 2.0, section 13.22 */
const giveUp = ({ tag, bmcSessionId }: Opened, status: number): Uint8Array =>
  setUpPacket(payloadTypes.rakp3, rakp3.encode({ tag, status, bmcSessionId, code: new Uint8Array() }));

const algorithmNumbers = (...numbers: readonly (number | undefined)[]): string =>
  numbers.map((number) => number ?? "none").join(", ");
