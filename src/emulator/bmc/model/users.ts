import { encodeLatin1 } from "../../../ipmi-js/bytes/text.ts";
import type { UserDescription } from "../file/access-shapes.ts";

/** User ids that there can be, the null user's among them. */
export const MAXIMUM_USERS = 15;
/** Limit of users who may not log in. @see IPMI 2.0, table 22-29 */
const NO_ACCESS = 15;

/** Bytes of passwords of the old size. @see IPMI 2.0, section 22.30 */
export const SHORT_PASSWORD = 16;

/** For what a user may use a channel. @see IPMI 2.0, table 22-26 */
interface ChannelUse {
  /** Without it nobody gets a session. */
  readonly hasIpmiMessaging: boolean;
  /** The other two are remembered, and mean nothing on a LAN. */
  readonly hasLinkAuthentication: boolean;
  readonly isCallbackOnly: boolean;
}

const messaging: ChannelUse = { hasIpmiMessaging: true, hasLinkAuthentication: false, isCallbackOnly: false };

/** Someone with a name, or the place for one. */
export interface User {
  readonly id: number;
  name: string;
  password: Uint8Array;
  /** Stored as 20 bytes, and not as 16: a test of it asks by that, and no IPMI 1.5 session can be opened with it. */
  isLongPassword: boolean;
  privilege: number;
  isEnabled: boolean;
  maxSessions: number | undefined;
  use: ChannelUse;
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
      const rights = { privilege, isEnabled: enabled, maxSessions, use: messaging };
      this.#users.set(id, { id, name, password: kept, isLongPassword: kept.length > SHORT_PASSWORD, ...rights });
    }
  }

  get enabled(): number {
    return [...this.#users.values()].filter(({ isEnabled }) => isEnabled).length;
  }

  /** The user with this id; one without a name or any right where nobody has it. */
  get(id: number): User {
    const user = this.#users.get(id);
    if (user) return user;
    const nobody = {
      name: "",
      password: new Uint8Array(),
      isLongPassword: false,
      maxSessions: undefined,
      use: messaging,
    };
    return { id, ...nobody, privilege: NO_ACCESS, isEnabled: false };
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
        user.use.hasIpmiMessaging &&
        user.privilege !== NO_ACCESS &&
        (privilege === undefined || user.privilege === privilege),
    );
  }

  #keep(password: Uint8Array): Uint8Array {
    return password.slice(0, this.#passwordBytes);
  }
}
