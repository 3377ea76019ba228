import type { Notice } from "./config.ts";
import type { ConfigProblem } from "./errors.ts";
import type { RuleInput } from "./rule-input.ts";
import type { SettingPath } from "./schema.ts";

/** What a filter's item may be: an attribute, how it is compared, and a value in which nothing stands for itself that is special. */
const ITEM = String.raw`[\w;.:-]+[~<>]?=(?:[^()\\]|\\[\da-fA-F]{2})*`;
const item = new RegExp(`\\(${ITEM}\\)`, "g");
/** A group of filters whose members have been looked at already. */
const group = /\((?:[&|](?:\(\))+|!\(\))\)/g;

/** Whether a text is a filter as RFC 4515 has them, looked at from the inside out. */
function isFilter(text: string): boolean {
  let rest = text.replaceAll(item, "()");
  for (let before = ""; before !== rest;) [before, rest] = [rest, rest.replaceAll(group, "()")];
  return rest === "()";
}

type Ldap = RuleInput["values"]["ldap"];

interface LdapRule {
  /** The setting that is to blame, and those that it is about. Where one of them has a mistake of its own, nothing is said. */
  readonly at: SettingPath;
  readonly about?: readonly SettingPath[];
  /** What is wrong; undefined where nothing is. */
  readonly fault: (ldap: Ldap) => string | undefined;
}

const rules: readonly LdapRule[] = [
  {
    at: "ldap.groups",
    fault: ({ groups }) => (groups.length === 0 ? "given without ldap.groups, which says who may come in" : undefined),
  },
  {
    at: "ldap.bind_dn",
    about: ["ldap.bind_password_file"],
    fault: ({ bind_dn: name, bind_password_file: file }) =>
      name !== null && file === null ? "given without ldap.bind_password_file" : undefined,
  },
  {
    at: "ldap.bind_password_file",
    about: ["ldap.bind_dn"],
    fault: ({ bind_dn: name, bind_password_file: file }) =>
      name === null && file !== null ? "given without ldap.bind_dn, whose password it is" : undefined,
  },
  {
    at: "ldap.bind_template",
    about: ["ldap.bind_dn"],
    fault: ({ bind_dn: name, bind_template: template }) =>
      name !== null && template !== null ? "given together with ldap.bind_dn; expected one or the other" : undefined,
  },
  {
    at: "ldap.user_base",
    about: ["ldap.bind_template"],
    fault: ({ user_base: base, bind_template: template }) =>
      base === null && template?.includes("=") !== true
        ? "expected ldap.user_base, which says where users are, or their DN in ldap.bind_template"
        : undefined,
  },
  {
    at: "ldap.user_filter",
    fault: ({ user_filter: filter }) =>
      isFilter(filter) && filter.includes("{user}")
        ? undefined
        : `found ${JSON.stringify(filter)}, expected a filter with {user}`,
  },
  {
    at: "ldap.member_filter",
    fault: ({ member_filter: filter }) =>
      isFilter(filter) && /\{(?:dn|user)\}/.test(filter)
        ? undefined
        : `found ${JSON.stringify(filter)}, expected a filter with {dn} or {user}`,
  },
];

/** What the settings of a directory have to do with each other. */
export function ldapRules({ values, origins, faulty }: RuleInput, problems: ConfigProblem[], notices: Notice[]): void {
  const { ldap } = values;
  const servers = origins.get("ldap.servers");
  if (ldap.servers === null || !servers) return;
  for (const { at, about = [], fault } of rules) {
    const message = [at, ...about].some((path) => faulty.has(path)) ? undefined : fault(ldap);
    if (message !== undefined) problems.push({ origin: origins.get(at) ?? servers, message });
  }
  if (ldap.allow_unencrypted && ldap.servers.some((url) => /^ldap:/i.test(url)))
    notices.push({ level: "warn", message: "ldap.allow_unencrypted: anyone on the network may read users' passwords" });
}

/** What the settings of an issuer have to do with each other. */
export function oidcRules({ values, origins, faulty }: RuleInput, problems: ConfigProblem[]): void {
  const { issuer, roles } = values.oidc;
  const origin = origins.get("oidc.issuer");
  if (issuer === null || !origin || roles.length > 0 || faulty.has("oidc.roles")) return;
  problems.push({ origin, message: "given without oidc.roles, which says who may come in" });
}
