import type { ConfigValues } from "./schema.ts";

type Role = ConfigValues["ldap"]["groups"][number]["role"];

/** What those may do who have something to show for it. */
interface GrantConfig {
  readonly role: Role;
  /** Board numbers; absent for all. */
  readonly boards?: readonly number[];
}

/** A directory whose users may come in. */
export interface LdapConfig {
  readonly servers: readonly string[];
  readonly allowUnencrypted: boolean;
  readonly caFile: string | null;
  readonly bindDn: string | null;
  readonly bindPasswordFile: string | null;
  readonly bindTemplate: string | null;
  readonly userBase: string | null;
  readonly userFilter: string;
  readonly nameAttribute: string;
  readonly groupCheck: ConfigValues["ldap"]["group_check"];
  readonly memberFilter: string;
  readonly groups: readonly (GrantConfig & { readonly group: string })[];
  readonly timeoutMs: number;
}

/** An issuer whose tokens are believed. */
export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string | null;
  readonly caFile: string | null;
  /** Null for all that are signed with a private key. */
  readonly algorithms: readonly string[] | null;
  readonly clockToleranceS: number;
  readonly nameClaim: string;
  readonly rolesClaim: string;
  readonly roles: readonly (GrantConfig & { readonly value: string })[];
  readonly boardsClaim: string | null;
  readonly timeoutMs: number;
  readonly maxKeyAgeMs: number;
}

const MS_PER_S = 1000;

const grantOf = ({ role, boards }: { role: Role; boards?: readonly string[] }): GrantConfig => ({
  role,
  ...(boards && { boards: boards.map((board) => Number.parseInt(board, 16)) }),
});

export function ldapOf({ ldap }: ConfigValues): LdapConfig | null {
  if (ldap.servers === null) return null;
  return {
    servers: ldap.servers,
    allowUnencrypted: ldap.allow_unencrypted,
    caFile: ldap.ca_file,
    bindDn: ldap.bind_dn,
    bindPasswordFile: ldap.bind_password_file,
    bindTemplate: ldap.bind_template,
    userBase: ldap.user_base,
    userFilter: ldap.user_filter,
    nameAttribute: ldap.name_attribute,
    groupCheck: ldap.group_check,
    memberFilter: ldap.member_filter,
    groups: ldap.groups.map((entry) => ({ group: entry.group, ...grantOf(entry) })),
    timeoutMs: ldap.timeout_ms,
  };
}

export function oidcOf({ oidc }: ConfigValues): OidcConfig | null {
  if (oidc.issuer === null) return null;
  return {
    issuer: oidc.issuer,
    audience: oidc.audience,
    jwksUri: oidc.jwks_uri,
    caFile: oidc.ca_file,
    algorithms: oidc.algorithms,
    clockToleranceS: oidc.clock_tolerance_s,
    nameClaim: oidc.name_claim,
    rolesClaim: oidc.roles_claim,
    roles: oidc.roles.map((entry) => ({ value: entry.value, ...grantOf(entry) })),
    boardsClaim: oidc.boards_claim,
    timeoutMs: oidc.timeout_ms,
    maxKeyAgeMs: oidc.max_key_age_s * MS_PER_S,
  };
}
