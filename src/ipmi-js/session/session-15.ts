import { authCode15, authTypes15, paddedPassword15, type AuthType15 } from "../crypto/auth-code-15.ts";
import { isSameCode } from "../crypto/hash.ts";
import { decodePacket, encodePacket15, payloadTypes } from "../wire/packet.ts";
import { SequenceCounter, SequenceWindow } from "./sequence-numbers.ts";
import type { Opened, Rejection, SessionCodec } from "./session-codec.ts";

/** What the set-up of a session has agreed on. */
export interface Session15Options {
  readonly sessionId: number;
  /** For packets of the established session, as Activate Session answered. */
  readonly authType: AuthType15;
  /** Up to 16 bytes. */
  readonly password: Uint8Array;
  /** 1 callback – 5 OEM. */
  readonly privilege: number;
  /** The first number for packets that we send. */
  readonly firstSent: number;
  /** The lowest number that we accept. */
  readonly firstReceived: number;
}

const WINDOW_SIZE = 8;

const rejected = (reason: Rejection): Opened => ({ kind: "rejected", reason });

/** Reads a packet of a session whose authentication is known, whatever its sequence number. */
export function openPacket15(
  datagram: Uint8Array,
  isSession: (sessionId: number) => boolean,
  authType: AuthType15,
  paddedPassword: Uint8Array,
): { readonly payload: Uint8Array; readonly sequence: number } | Rejection {
  const packet = decodePacket(datagram);
  if (typeof packet === "string") return "malformed";
  if (packet.format !== "1.5" || !isSession(packet.sessionId)) return "foreign-session";
  if (packet.authType !== authType) return "bad-authentication";
  const expected = authCode15(authType, paddedPassword, packet);
  if (expected && !(packet.authCode && isSameCode(packet.authCode, expected))) return "bad-authentication";
  return packet;
}

/** An IPMI 1.5 session, of either side: both use one id. @see IPMI 2.0, sections 6.12.11 and 22.17 */
export class Session15 implements SessionCodec {
  readonly bmcSessionId: number;
  readonly privilege: number;
  readonly #authType: AuthType15;
  readonly #password: Uint8Array;
  readonly #sent: SequenceCounter;
  readonly #received: SequenceWindow;

  constructor(options: Session15Options) {
    this.bmcSessionId = options.sessionId;
    this.privilege = options.privilege;
    this.#authType = options.authType;
    this.#password = paddedPassword15(options.password);
    this.#sent = new SequenceCounter(options.firstSent);
    this.#received = new SequenceWindow(WINDOW_SIZE, options.firstReceived);
  }

  /** @throws RangeError for payloads that are no IPMI messages, for which IPMI 1.5 has no room */
  seal(payload: Uint8Array, payloadType: number = payloadTypes.ipmi): Uint8Array {
    if (payloadType !== payloadTypes.ipmi)
      throw new RangeError("an IPMI 1.5 session carries nothing but IPMI messages");
    const packet = {
      authType: this.#authType,
      sequence: this.#sent.next(),
      sessionId: this.bmcSessionId,
      payload,
    };
    return encodePacket15({ ...packet, authCode: authCode15(this.#authType, this.#password, packet) });
  }

  open(datagram: Uint8Array): Opened {
    const packet = openPacket15(datagram, (id) => id === this.bmcSessionId, this.#authType, this.#password);
    if (typeof packet === "string") return rejected(packet);
    if (!this.#received.accept(packet.sequence)) return rejected("replayed");
    return { kind: "payload", payloadType: payloadTypes.ipmi, payload: packet.payload };
  }
}

/** What is said before and outside sessions: IPMI 1.5 packets without authentication, with id and sequence number 0. */
export const sessionless: SessionCodec = {
  bmcSessionId: 0,
  privilege: 0,
  seal(payload) {
    return encodePacket15({ authType: authTypes15.none, sequence: 0, sessionId: 0, authCode: undefined, payload });
  },
  open(datagram) {
    const packet = openPacket15(datagram, (id) => id === 0, authTypes15.none, new Uint8Array());
    if (typeof packet === "string") return rejected(packet);
    return { kind: "payload", payloadType: payloadTypes.ipmi, payload: packet.payload };
  },
};
