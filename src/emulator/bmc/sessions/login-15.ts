import { decodeLatin1 } from "../../../ipmi-js/bytes/text.ts";
import type { AuthType15 } from "../../../ipmi-js/crypto/auth-code-15.ts";
import { authTypes15, paddedPassword15 } from "../../../ipmi-js/crypto/auth-code-15.ts";
import { isSameCode } from "../../../ipmi-js/crypto/hash.ts";
import { systemRandom } from "../../../ipmi-js/session/random.ts";
import { openPacket15, Session15 } from "../../../ipmi-js/session/session-15.ts";
import type { BmcModel } from "../model/bmc-model.ts";
import type { User } from "../model/users.ts";
import { Session, type Peer } from "./session.ts";
import type { PendingSession, SessionTable } from "./session-table.ts";

const CHALLENGE_BYTES = 16;
const ADMINISTRATOR = 4;
/** Challenges that are remembered; the oldest one is forgotten for another. */
const MOST_CHALLENGES = 8;

/** Completion codes of the two commands. @see IPMI 2.0, sections 22.16 and 22.17 */
const refusals = {
  invalidUserName: 0x81,
  nullUserNotEnabled: 0x82,
  noSlot: 0x81,
  noSlotForUser: 0x82,
  invalidSessionId: 0x85,
  privilegeTooHigh: 0x86,
  invalidData: 0xcc,
} as const;

interface Pending15 extends PendingSession {
  readonly kind: "1.5";
  readonly user: User;
  readonly authType: AuthType15;
  readonly challenge: Uint8Array;
}

const isPending15 = (pending: PendingSession): pending is Pending15 => "kind" in pending && pending.kind === "1.5";

/** What Activate Session asks for. */
export interface Activation {
  readonly authType: AuthType15 | undefined;
  readonly privilege: number;
  readonly challenge: Uint8Array;
  /** First sequence number of what the BMC sends. */
  readonly initialOutboundSequence: number;
}

/** The set-up of IPMI 1.5 sessions, from the BMC's side. @see IPMI 2.0, sections 22.16 and 22.17 */
export class Login15 {
  readonly #model: BmcModel;
  readonly #sessions: SessionTable;

  constructor(model: BmcModel, sessions: SessionTable) {
    this.#model = model;
    this.#sessions = sessions;
  }

  /** The number of an authentication type that is offered; undefined for all others. */
  offered(name: string): AuthType15 | undefined {
    const type = this.#model.description.ipmi15.find((offer) => offer === name);
    return type && authTypes15[type];
  }

  /** Get Session Challenge. A number is the completion code of a refusal. */
  challenge(
    authType: AuthType15 | undefined,
    userName: Uint8Array | string,
  ): { readonly temporarySessionId: number; readonly challenge: Uint8Array } | number {
    const name = typeof userName === "string" ? userName : decodeLatin1(userName);
    if (authType === undefined) return refusals.invalidData;
    if (name === "") return refusals.nullUserNotEnabled;
    const user = this.#model.users.find(name);
    // Of 20 bytes an IPMI 1.5 session would compare the first 16 alone. @see IPMI 2.0, section 22.30
    if (!user || user.isLongPassword) return refusals.invalidUserName;
    const asked = this.#sessions.pending().filter(isPending15);
    if (asked.length >= MOST_CHALLENGES && asked[0]) this.#sessions.giveUp(asked[0].id);
    const challenge = systemRandom(CHALLENGE_BYTES);
    const id = this.#sessions.newId();
    const startedMs = this.#sessions.nowMs;
    // Whoever asks for a challenge has shown nothing yet.
    const pending: Pending15 = { kind: "1.5", id, startedMs, hasSlot: false, user, authType, challenge };
    this.#sessions.begin(pending);
    return { temporarySessionId: id, challenge };
  }

  /** The payload of a packet under a temporary session id, which proves that its sender knows the password. */
  open(datagram: Uint8Array, sessionId: number): Uint8Array | undefined {
    const pending = this.#pending(sessionId);
    if (!pending) return undefined;
    const password = paddedPassword15(pending.user.password);
    const packet = openPacket15(datagram, (id) => id === sessionId, pending.authType, password);
    return typeof packet === "string" ? undefined : packet.payload;
  }

  /** What seals the answer to such a packet, which may be a refusal. */
  sealer(sessionId: number): Session15 | undefined {
    const pending = this.#pending(sessionId);
    if (!pending) return undefined;
    const { authType, user } = pending;
    return new Session15({
      sessionId,
      authType,
      password: user.password,
      privilege: 0,
      firstSent: 1,
      firstReceived: 1,
    });
  }

  /** Activate Session. A number is the completion code of a refusal. */
  activate(temporaryId: number, wanted: Activation, peer: Peer): Session | number {
    const pending = this.#pending(temporaryId);
    if (!pending) return refusals.invalidSessionId;
    const { user, authType, challenge } = pending;
    if (wanted.authType !== authType || !isSameCode(wanted.challenge, challenge)) return refusals.invalidData;
    if (wanted.privilege === 0 || wanted.privilege > ADMINISTRATOR) return refusals.invalidData;
    if (wanted.privilege > user.privilege) return refusals.privilegeTooHigh;
    const refusal = this.#lackOfRoom(user);
    if (refusal !== undefined) {
      this.#sessions.counters.refused++;
      return refusal;
    }
    const codec = new Session15({
      sessionId: this.#sessions.newId(),
      authType,
      password: user.password,
      privilege: wanted.privilege,
      firstSent: wanted.initialOutboundSequence,
      firstReceived: 1,
    });
    const handle = this.#sessions.newHandle();
    const session = new Session({ handle, protocol: "ipmi-1.5", user, peer, codec, nowMs: this.#sessions.nowMs });
    this.#sessions.open(session, temporaryId);
    return session;
  }

  #lackOfRoom(user: User): number | undefined {
    if (!this.#sessions.hasRoom) return refusals.noSlot;
    return this.#sessions.hasRoomFor(user) ? undefined : refusals.noSlotForUser;
  }

  #pending(id: number): Pending15 | undefined {
    return this.#sessions
      .pending()
      .filter(isPending15)
      .find((pending) => pending.id === id);
  }
}
