import { decodeLatin1 } from "../../../ipmi-js/bytes/text.ts";
import type { AuthType15 } from "../../../ipmi-js/crypto/auth-code-15.ts";
import { authTypes15, paddedPassword15 } from "../../../ipmi-js/crypto/auth-code-15.ts";
import { isSameCode } from "../../../ipmi-js/crypto/hash.ts";
import { SequenceCounter } from "../../../ipmi-js/session/sequence-numbers.ts";
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

/** What a challenge has become, and the number that its activation was answered under. */
interface Activated {
  readonly session: Session;
  readonly sequence: number;
}

interface Pending15 extends PendingSession {
  readonly kind: "1.5";
  readonly user: User;
  readonly authType: AuthType15;
  readonly challenge: Uint8Array;
  isDone: boolean;
  activated: Activated | undefined;
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
    const state = { hasSlot: false, isDone: false, activated: undefined };
    const pending: Pending15 = { kind: "1.5", id, startedMs, ...state, user, authType, challenge };
    this.#sessions.begin(pending);
    return { temporarySessionId: id, challenge };
  }

  /** True for temporary session ids. */
  isTemporary(sessionId: number): boolean {
    return this.#pending(sessionId) !== undefined;
  }

  /**
   * The payload of a packet under a temporary session id, which proves that its sender knows the password, and what seals the answer:
   * a refusal, or the first message of the session.
   */
  open(
    datagram: Uint8Array,
    sessionId: number,
  ): { readonly payload: Uint8Array; readonly seal: (reply: Uint8Array) => Uint8Array } | undefined {
    const pending = this.#pending(sessionId);
    if (!pending) return undefined;
    const { authType, user } = pending;
    const { password } = user;
    const packet = openPacket15(datagram, (id) => id === sessionId, authType, paddedPassword15(password));
    if (typeof packet === "string") return undefined;
    const seal = (reply: Uint8Array) => {
      const firstSent = pending.activated?.sequence ?? 1;
      return new Session15({ sessionId, authType, password, privilege: 0, firstSent, firstReceived: 1 }).seal(reply);
    };
    return { payload: packet.payload, seal };
  }

  /** Activate Session. A number is the completion code of a refusal. */
  activate(temporaryId: number, wanted: Activation, peer: Peer): Session | number {
    const pending = this.#pending(temporaryId);
    if (!pending) return refusals.invalidSessionId;
    const { user, authType, challenge } = pending;
    if (wanted.authType !== authType || !isSameCode(wanted.challenge, challenge)) return refusals.invalidData;
    if (wanted.privilege === 0 || wanted.privilege > ADMINISTRATOR) return refusals.invalidData;
    if (wanted.privilege > user.privilege) return refusals.privilegeTooHigh;
    if (pending.activated) return this.#activatedBefore(pending.activated);
    const refusal = this.#lackOfRoom(user);
    if (refusal !== undefined) {
      this.#sessions.counters.refused++;
      return refusal;
    }
    const sequences = new SequenceCounter(wanted.initialOutboundSequence);
    const sequence = sequences.next();
    const codec = new Session15({
      sessionId: this.#sessions.newId(),
      authType,
      password: user.password,
      privilege: wanted.privilege,
      firstSent: sequences.next(),
      firstReceived: 1,
    });
    const handle = this.#sessions.newHandle();
    const session = new Session({ handle, protocol: "ipmi-1.5", user, peer, codec, nowMs: this.#sessions.nowMs });
    this.#sessions.open(session);
    pending.isDone = true;
    pending.activated = { session, sequence };
    return session;
  }

  /** Activate Session once more, from a client that did not get the answer. */
  #activatedBefore({ session }: Activated): Session | number {
    return this.#sessions.find(session.id) ?? refusals.invalidSessionId;
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
