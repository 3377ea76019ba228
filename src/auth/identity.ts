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

/** More in a name would only fill logs. */
const LONGEST_NAME = 256;

/** Whether what others say somebody is called can stand in logs and answers. */
export const isPresentable = (name: string): boolean =>
  name.trim() !== "" && name.length <= LONGEST_NAME && !/\p{Cc}/u.test(name);

/** Somebody with grants, as the devices know them. */
export const callerOf = ({ name, via, grants }: Identity): Caller => ({
  name,
  via,
  may: (right, board) => grants.some((grant) => allows(grant, right, board)),
});
