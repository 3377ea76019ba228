import type { Grant } from "../grant.ts";
import type { LdapServer } from "./ldap-server.ts";

/**
 * How it is found out who is in a group. Directories do the comparing, so that it does not matter how a DN is spelled.
 *
 * - `memberof`: the user's entry names its groups (Active Directory; OpenLDAP with the overlay memberof)
 * - `member`: the group's entry names its members, as `memberFilter` says
 * - `nested`: as `memberof`, and groups in groups count (Active Directory, LDAP_MATCHING_RULE_IN_CHAIN)
 */
type GroupCheck = "memberof" | "member" | "nested";

/** What the members of a group may do. */
interface GroupGrant extends Grant {
  /** The group's DN. */
  readonly group: string;
}

/** An account that may search. */
export interface ServiceAccount {
  readonly name: string;
  /** Reads the password, which may change while we run. @throws what the system says */
  readonly password: () => Promise<string>;
}

/** A directory and how its users are found and what they may do. */
export interface LdapSettings {
  /** Tried in this order. At least one. */
  readonly servers: readonly LdapServer[];
  /** Reads certificates of the authorities to believe, PEM, each time anew; undefined for those of the system. @throws what the system says */
  readonly readCa: () => Promise<string | undefined>;
  /** Who looks for users. Without one, users are bound as `bindName` says, or are looked for anonymously. */
  readonly account: ServiceAccount | undefined;
  /** What a user binds with, a template with `{user}`; undefined where the user has to be looked for first. */
  readonly bindName: string | undefined;
  /** Where users are looked for; undefined where `bindName` is their DN. */
  readonly userBase: string | undefined;
  /** The filter that finds a user, a template with `{user}`. */
  readonly userFilter: string;
  /** The attribute with the name by which the user is known: people may type it in several spellings. */
  readonly nameAttribute: string;
  /** Users may do what any of their groups may. A group may stand there several times. */
  readonly groups: readonly GroupGrant[];
  readonly groupCheck: GroupCheck;
  /** With `member`: holds for the entry of a group that the user is in; a template with `{dn}`, the user's DN, and `{user}`, their name. */
  readonly memberFilter: string;
  /** How long one server may take, for everything, in milliseconds. */
  readonly timeoutMs: number;
}
