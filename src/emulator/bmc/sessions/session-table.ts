import { randomSessionId, systemRandom } from "../../../ipmi-js/session/random.ts";
import type { SessionLimits } from "../file/access-shapes.ts";
import type { Agenda } from "../model/agenda.ts";
import type { User } from "../model/users.ts";
import type { Session } from "./session.ts";

/** A session whose set-up has begun. */
export interface PendingSession {
  readonly id: number;
  readonly startedMs: number;
  /** Whether it has a slot already. */
  readonly hasSlot: boolean;
  /** True where a session has come of it, and it is only remembered for a client that did not get the answer. */
  readonly isDone?: boolean;
}

/** Counted since the start. */
export interface SessionCounters {
  opened: number;
  closed: number;
  expired: number;
  refused: number;
}

/** Sessions and those that are being set up: so many and no more, each for as long as it is heard of. */
export class SessionTable {
  readonly limits: SessionLimits;
  readonly counters: SessionCounters = { opened: 0, closed: 0, expired: 0, refused: 0 };
  readonly #agenda: Agenda;
  readonly #sessions = new Map<number, Session>();
  readonly #pending = new Map<number, PendingSession>();

  constructor(limits: SessionLimits, agenda: Agenda) {
    this.limits = limits;
    this.#agenda = agenda;
  }

  get nowMs(): number {
    return this.#agenda.nowMs;
  }

  get active(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** True where another one can be begun. */
  get hasRoom(): boolean {
    const halfOpen = this.pending().filter(({ hasSlot }) => hasSlot).length;
    return this.#sessions.size + halfOpen < this.limits.max;
  }

  /** True where the user may have one more. */
  hasRoomFor(user: User): boolean {
    const own = this.active.filter((session) => session.user.id === user.id).length;
    return user.maxSessions === undefined || own < user.maxSessions;
  }

  /** An id that no session has, and none that is being set up. */
  newId(): number {
    for (;;) {
      const id = randomSessionId(systemRandom);
      if (!this.#sessions.has(id) && !this.#pending.has(id)) return id;
    }
  }

  newHandle(): number {
    const taken = new Set(this.active.map(({ handle }) => handle));
    let handle = 1;
    while (taken.has(handle)) handle++;
    return handle;
  }

  find(id: number): Session | undefined {
    return this.#sessions.get(id);
  }

  pending(): readonly PendingSession[] {
    return [...this.#pending.values()];
  }

  begin(pending: PendingSession): void {
    this.#pending.set(pending.id, pending);
  }

  giveUp(id: number): void {
    this.#pending.delete(id);
  }

  /** A session is set up. */
  open(session: Session): void {
    this.#sessions.set(session.id, session);
    this.counters.opened++;
  }

  close(session: Session): void {
    if (this.#sessions.delete(session.id)) this.counters.closed++;
  }

  /** Forgets all of them, as a BMC does that starts anew. */
  forgetAll(): void {
    this.#sessions.clear();
    this.#pending.clear();
  }

  /** Ends what has not been heard of for too long. */
  expire(): void {
    const { idleTimeoutS, setupTimeoutS } = this.limits;
    for (const session of this.#sessions.values()) {
      if (this.nowMs - session.lastHeardMs < idleTimeoutS * 1000) continue;
      this.#sessions.delete(session.id);
      this.counters.expired++;
    }
    for (const { id, startedMs, isDone } of this.#pending.values()) {
      if (this.nowMs - startedMs < setupTimeoutS * 1000) continue;
      this.#pending.delete(id);
      if (isDone !== true) this.counters.expired++;
    }
  }
}
