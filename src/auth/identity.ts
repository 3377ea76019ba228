import type { Caller } from "../devices/caller.ts";
import { allows, type Grant } from "./grant.ts";

/** Someone who has proved who they are. */
export interface Identity {
  /** What people know them by: the name of a user or a token. No secret. */
  readonly name: string;
  /** How they proved it: `token`, `user`, `htpasswd`, `ldap`, `oidc`, `proxy`. */
  readonly via: string;
  /** They may do what any of these allows. */
  readonly grants: readonly Grant[];
  /** When the proof itself expires, in milliseconds since 1970: it is not believed longer than that. */
  readonly expiresMs?: number | undefined;
}

/** Somebody with grants, as the devices know them. */
export const callerOf = ({ name, via, grants }: Identity): Caller => ({
  name,
  via,
  may: (right, board) => grants.some((grant) => allows(grant, right, board)),
});
