import { encodeLatin1 } from "../../../ipmi-js/bytes/text.ts";
import type { UserDescription } from "../file/access-shapes.ts";

/** User ids that there can be, the null user's among them. */
export const MAXIMUM_USERS = 15;
/** Limit of users who may not log in. @see IPMI 2.0, table 22-29 */
export const NO_ACCESS = 15;

/** Someone with a name, or the place for one. */
export interface User {
  readonly id: number;
  name: string;
  password: Uint8Array;
  privilege: number;
  isEnabled: boolean;
  maxSessions: number | undefined;
}

/** Who may log in, and how far each may go. Nobody without a name ever may. */
export class Users {
  readonly #passwordBytes: number;
  readonly #users = new Map<number, User>();

  /** `passwordBytes` are what is kept of passwords. */
  constructor(descriptions: readonly UserDescription[], passwordBytes: number) {
    this.#passwordBytes = passwordBytes;
    for (const { id, name, password, privilege, enabled, maxSessions } of descriptions) {
      const kept = this.#keep(encodeLatin1(password));
      this.#users.set(id, { id, name, password: kept, privilege, isEnabled: enabled, maxSessions });
    }
  }

  get enabled(): number {
    return [...this.#users.values()].filter(({ isEnabled }) => isEnabled).length;
  }

  /** The user with this id; one without a name or any right where nobody has it. */
  get(id: number): User {
    const user = this.#users.get(id);
    if (user) return user;
    return { id, name: "", password: new Uint8Array(), privilege: NO_ACCESS, isEnabled: false, maxSessions: undefined };
  }

  /** Takes a user's new settings. */
  put(user: User): void {
    this.#users.set(user.id, { ...user, password: this.#keep(user.password) });
  }

  /** Whoever has the name, may log in, and, where a level is given, has exactly that one. */
  find(name: string, privilege?: number): User | undefined {
    if (name === "") return undefined;
    return [...this.#users.values()].find(
      (user) =>
        user.name === name &&
        user.isEnabled &&
        user.privilege !== NO_ACCESS &&
        (privilege === undefined || user.privilege === privilege),
    );
  }

  #keep(password: Uint8Array): Uint8Array {
    return password.slice(0, this.#passwordBytes);
  }
}
