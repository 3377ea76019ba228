import type { Caller } from "../devices/caller.ts";
import type { BoardId } from "../devices/ids.ts";
import { roleIncludes, type Role } from "./role.ts";

/** What someone was granted. */
export interface Grant {
  readonly role: Role;
  /** The boards that it holds for; all of them where it is absent. */
  readonly boards?: ReadonlySet<BoardId> | undefined;
}

/** Someone who has proved who they are. */
export interface Identity extends Grant {
  /** What people know them by: the name of a user or a token. No secret. */
  readonly name: string;
  /** How they proved it: `token`, `user`, `htpasswd`, `ldap`, `oidc`, `proxy`. */
  readonly via: string;
  /** When the proof itself expires, in milliseconds since 1970: it is not believed longer than that. */
  readonly expiresMs?: number | undefined;
}

/** Somebody with a grant, as the devices know them. A grant that is limited to boards administers nothing: the appliance is no board. */
export function callerOf({ name, via, role, boards }: Identity): Caller {
  return {
    name,
    via,
    may(right, board) {
      if (!roleIncludes(role, right)) return false;
      if (!boards) return true;
      return right !== "administer" && (board === undefined ? boards.size > 0 : boards.has(board));
    },
  };
}
