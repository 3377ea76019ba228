import { Type } from "@sinclair/typebox";
import { flag, integer, optionalText } from "./setting-types.ts";

const role = Type.Union([Type.Literal("reader"), Type.Literal("operator"), Type.Literal("admin")]);
/** Absent for all boards. */
const boards = Type.Optional(
  Type.Array(Type.String({ pattern: "^(?:0[xX])?0*[0-9a-fA-F]{1,8}$" }), { minItems: 1, maxItems: 1024 }),
);
const strict = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });

const SERVER = String.raw`^[lL][dD][aA][pP][sS]?://(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?/?$`;
const ISSUER = String.raw`^(?:https://[^\s?#/@]+|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?)(?:/[^\s?#]*)?$`;
const FILTER = String.raw`^\(.*\)$`;

/** A directory whose users may come in with their passwords. */
export const ldap = Type.Object(
  {
    servers: Type.Union([Type.Array(Type.String({ pattern: SERVER }), { minItems: 1, maxItems: 8 }), Type.Null()], {
      default: null,
      description:
        'Directory servers, tried in this order: "ldaps://dc1.example.org", or "ldap://..." for StartTLS; null where there are none.',
      expected: 'a list of URLs, such as ["ldaps://dc1.example.org"], or null',
    }),
    allow_unencrypted: flag(
      false,
      "Speaks to ldap:// servers without StartTLS: passwords go over the network for anyone to read.",
    ),
    ca_file: optionalText(
      "the path of a file of certificates",
      "The authorities that may have signed the servers' certificates, PEM; null for those of the system.",
    ),
    bind_dn: optionalText(
      "a DN",
      "The account that looks for users; null where users are bound by bind_template, or may be looked for by anyone.",
    ),
    bind_password_file: optionalText(
      "the path of a file",
      "The file with that account's password; null where there is none.",
    ),
    bind_template: optionalText(
      'a text with {user}, such as "uid={user},ou=people,dc=example,dc=org"',
      'What a user is bound with, where nobody has to look for them: "uid={user},ou=people,dc=example,dc=org", or for Active Directory "{user}@example.org"; null where bind_dn looks for them.',
      String.raw`^(?=.*[=@\\]).*\{user\}`,
    ),
    user_base: optionalText("a DN", "The DN below which users are; null where bind_template is their DN."),
    user_filter: Type.String({
      pattern: FILTER,
      default: "(uid={user})",
      description: 'The filter that finds a user. For Active Directory: "(sAMAccountName={user})".',
      expected: 'a filter with {user}, such as "(uid={user})"',
    }),
    name_attribute: Type.String({
      pattern: String.raw`^[A-Za-z][\w-]*$`,
      default: "uid",
      description:
        "The attribute with the name by which logs know a user, however it was typed. For Active Directory: sAMAccountName.",
      expected: "the name of an attribute",
    }),
    group_check: Type.Union([Type.Literal("memberof"), Type.Literal("member"), Type.Literal("nested")], {
      default: "memberof",
      description:
        'How a user is known to be in a group: by the user\'s memberOf ("memberof"), by the group as member_filter says ("member"), or by memberOf with groups in groups, which Active Directory can ("nested").',
    }),
    member_filter: Type.String({
      pattern: FILTER,
      default: "(|(member={dn})(uniqueMember={dn})(memberUid={user}))",
      description: 'With "member": the filter that holds for a group with the user.',
      expected: 'a filter with {dn} or {user}, such as "(member={dn})"',
    }),
    groups: Type.Array(Type.Object({ group: text, role, boards }, strict), {
      maxItems: 64,
      default: [],
      description:
        'Groups and what their members may do: {"group": "cn=ops,ou=groups,dc=example,dc=org", "role": "operator", "boards": ["10"]}, without boards on all. Who is in several may do what any of them may; one group may stand there several times. Who is in none does not come in.',
      expected: 'a list of {"group": DN, "role": reader, operator or admin, "boards": [IDS], if not all}',
    }),
    timeout_ms: integer(100, 60_000, 5000, "How long one server may take for a login, in milliseconds."),
  },
  { description: "LDAP and Active Directory: users of a directory come in with their passwords." },
);

/** An issuer whose tokens are believed. */
export const oidc = Type.Object(
  {
    issuer: optionalText(
      "an https URL",
      "The issuer whose tokens are believed, to the letter as in their claim iss; null where there is none.",
      ISSUER,
    ),
    audience: Type.String({
      minLength: 1,
      default: "opendcre",
      description: "What a token's claim aud has to name.",
      expected: "a text",
    }),
    jwks_uri: optionalText(
      "an https URL",
      "Where the issuer's keys are; null asks the issuer (/.well-known/openid-configuration).",
      ISSUER,
    ),
    ca_file: optionalText(
      "the path of a file of certificates",
      "The authorities that may have signed the issuer's certificate, PEM; null for those of the system.",
    ),
    algorithms: Type.Union(
      [
        Type.Array(Type.String({ pattern: "^(?:(?:RS|PS|ES)(?:256|384|512)|EdDSA|Ed25519)$" }), { minItems: 1 }),
        Type.Null(),
      ],
      {
        default: null,
        description:
          "How tokens may be signed; null allows RS, PS and ES with 256, 384 and 512, EdDSA and Ed25519. Shared secrets (HS256) and none are never allowed.",
        expected: 'a list of signature algorithms with a public key, such as ["RS256", "ES256"], or null',
      },
    ),
    clock_tolerance_s: integer(0, 300, 30, "By how much the issuer's clock may differ from this one, in seconds."),
    name_claim: Type.String({
      minLength: 1,
      default: "sub",
      description: "The claim with the name by which logs know a caller, such as preferred_username.",
      expected: "the name of a claim",
    }),
    roles_claim: Type.String({
      minLength: 1,
      default: "roles",
      description: "The claim with a caller's roles; dots lead into objects: realm_access.roles.",
      expected: "the name of a claim",
    }),
    roles: Type.Array(Type.Object({ value: text, role, boards }, strict), {
      maxItems: 64,
      default: [],
      description:
        'Values of that claim and what they allow: {"value": "rack-operator", "role": "operator", "boards": ["10"]}, without boards on all. Who has several may do what any of them allows; one value may stand there several times. Who has none does not come in.',
      expected: 'a list of {"value": TEXT, "role": reader, operator or admin, "boards": [IDS], if not all}',
    }),
    boards_claim: optionalText(
      "the name of a claim",
      "The claim with the ids of the boards that a caller is limited to, a list; a token without it has none. null where tokens say nothing of boards.",
    ),
    timeout_ms: integer(100, 60_000, 5000, "How long the issuer may take to hand out its keys, in milliseconds."),
    max_key_age_s: integer(60, 604_800, 21_600, "How long its keys are believed while it cannot be asked, in seconds."),
  },
  { description: "OAuth 2 and OpenID Connect: callers come in with an issuer's tokens (JWT)." },
);
