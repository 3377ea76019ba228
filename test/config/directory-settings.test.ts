import { describe, expect, test } from "bun:test";
import type { Config } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { loadConfig } from "../../src/config/load-config.ts";

const load = (sections: object): Config =>
  loadConfig({ fileName: "/etc/opendcre/rack.json", env: {}, readFile: () => JSON.stringify(sections) });

/** Everything that is wrong with a configuration, in its words. */
function mistakes(sections: object): readonly string[] {
  try {
    load(sections);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
}

const groups = [
  { group: "cn=ops,ou=groups,dc=example,dc=org", role: "operator", boards: ["10", "0x1A"] },
  { group: "cn=staff,ou=groups,dc=example,dc=org", role: "reader" },
];
const ldap = { servers: ["ldaps://dc1.example.org"], user_base: "ou=people,dc=example,dc=org", groups };
const roles = [{ value: "rack-operator", role: "operator", boards: ["10"] }];
const oidc = { issuer: "https://id.example.org/realms/rack", roles };

describe("a directory", () => {
  test("is off where no server is named", () => {
    expect(load({}).ldap).toBeNull();
    expect(load({ ldap: { groups } }).ldap).toBeNull();
  });

  test("is complete with servers, the place of users, and groups", () => {
    expect(load({ ldap }).ldap).toMatchObject({
      servers: ["ldaps://dc1.example.org"],
      allowUnencrypted: false,
      userFilter: "(uid={user})",
      groupCheck: "memberof",
      groups: [
        { group: groups[0]?.group, role: "operator", boards: [0x10, 0x1a] },
        { group: groups[1]?.group, role: "reader" },
      ],
      timeoutMs: 5000,
    });
  });

  test("has files that are relative to the configuration's", () => {
    const files = { ca_file: "ca.pem", bind_dn: "cn=finder", bind_password_file: "secrets/ldap" };
    expect(load({ ldap: { ...ldap, ...files } }).ldap).toMatchObject({
      caFile: "/etc/opendcre/ca.pem",
      bindPasswordFile: "/etc/opendcre/secrets/ldap",
    });
  });

  test.each(["ldaps://[2001:db8::1]:6360", "ldap://192.0.2.1/", "LDAPS://dc1"])("may be at %s", (server) => {
    expect(load({ ldap: { ...ldap, servers: [server] } }).ldap?.servers).toEqual([server]);
  });

  test.each([
    "dc1.example.org",
    "https://dc1",
    "ldaps://",
    "ldaps://user:secret@dc1",
    "ldaps://dc1/dc=example",
    "ldaps://dc1?x",
    "ldaps://dc1#x",
    "ldaps://dc1:port",
    "ldapi:///run/ldapi",
  ])("is not at %s", (server) => {
    expect(mistakes({ ldap: { ...ldap, servers: [server] } })).toEqual([
      expect.stringContaining("ldap.servers: found an array, expected a list of URLs"),
    ]);
  });

  test.each([
    [{ groups: [] }, "given without ldap.groups"],
    [{ groups: undefined }, "given without ldap.groups"],
    [{ groups: [{ group: "cn=ops", role: "king" }] }, "ldap.groups: found an array"],
    [{ groups: [{ group: "cn=ops", role: "admin", board: ["10"] }] }, "ldap.groups: found an array"],
    [{ groups: [{ group: "cn=ops", role: "admin", boards: [] }] }, "ldap.groups: found an array"],
    [{ groups: [{ group: "cn=ops", role: "admin", boards: ["1xyz"] }] }, "ldap.groups: found an array"],
    [{ bind_dn: "cn=finder" }, "ldap.bind_dn: given without ldap.bind_password_file"],
    [{ bind_password_file: "x" }, "ldap.bind_password_file: given without ldap.bind_dn"],
    [{ bind_template: "{user}" }, 'ldap.bind_template: found "{user}"'],
    [{ bind_template: "uid=alice" }, 'ldap.bind_template: found "uid=alice"'],
    [{ user_base: undefined }, "expected ldap.user_base"],
    [{ user_base: undefined, bind_template: "{user}@example.org" }, "expected ldap.user_base"],
    [
      { bind_dn: "cn=finder", bind_password_file: "x", bind_template: "uid={user},dc=example" },
      "given together with ldap.bind_dn",
    ],
    [{ user_filter: "(uid=alice)" }, "expected a filter with {user}"],
    [{ user_filter: "uid={user}" }, "expected a filter with {user}"],
    [{ user_filter: "(&(uid={user})" }, "expected a filter with {user}"],
    [{ user_filter: "(uid={user}))" }, "expected a filter with {user}"],
    [{ user_filter: "(!(uid={user})(uid=x))" }, "expected a filter with {user}"],
    [{ member_filter: "(member=x)" }, "expected a filter with {dn} or {user}"],
    [{ name_attribute: "u id" }, "ldap.name_attribute: found"],
    [{ group_check: "maybe" }, "ldap.group_check: found"],
    [{ timeout_ms: 1 }, "ldap.timeout_ms: found 1"],
  ])("is refused with %j", (change, message) => {
    expect(mistakes({ ldap: { ...ldap, ...change } })).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    "(&(objectClass=person)(sAMAccountName={user})(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
    "(|(uid={user})(mail={user}))",
    String.raw`(&(cn=a\2ab*)(uid={user}))`,
  ])("finds users by %s", (user_filter) => {
    expect(load({ ldap: { ...ldap, user_filter } }).ldap?.userFilter).toBe(user_filter);
  });

  test("is warned of where passwords go over the network for anyone to read", () => {
    const servers = ["ldap://dc1.example.org"];
    expect(load({ ldap: { ...ldap, servers } }).notices.filter(({ message }) => message.includes("ldap"))).toEqual([]);
    expect(load({ ldap: { ...ldap, servers, allow_unencrypted: true } }).notices).toContainEqual({
      level: "warn",
      message: "ldap.allow_unencrypted: anyone on the network may read users' passwords",
    });
  });
});

describe("an issuer", () => {
  test("is off where it has no name", () => {
    expect(load({}).oidc).toBeNull();
    expect(load({ oidc: { roles } }).oidc).toBeNull();
  });

  test("is complete with its name and roles", () => {
    expect(load({ oidc }).oidc).toMatchObject({
      issuer: "https://id.example.org/realms/rack",
      audience: "opendcre",
      jwksUri: null,
      algorithms: null,
      clockToleranceS: 30,
      roles: [{ value: "rack-operator", role: "operator", boards: [0x10] }],
      maxKeyAgeMs: 21_600_000,
    });
  });

  test.each(["http://localhost:8080", "http://127.0.0.1:8080/realms/x", "http://[::1]:8080", "https://id:8443/a/b"])(
    "may be %s",
    (issuer) => {
      expect(load({ oidc: { ...oidc, issuer } }).oidc?.issuer).toBe(issuer);
    },
  );

  test.each([
    [{ issuer: "http://id.example.org" }, "oidc.issuer: found"],
    [{ issuer: "http://127.0.0.1.evil.example" }, "oidc.issuer: found"],
    [{ issuer: "http://localhost.evil.example" }, "oidc.issuer: found"],
    [{ issuer: "https://user@id.example.org" }, "oidc.issuer: found"],
    [{ issuer: "https://id.example.org/?x" }, "oidc.issuer: found"],
    [{ issuer: "https://id.example.org/#x" }, "oidc.issuer: found"],
    [{ issuer: "id.example.org" }, "oidc.issuer: found"],
    [{ jwks_uri: "file:///etc/passwd" }, "oidc.jwks_uri: found"],
    [{ algorithms: ["HS256"] }, "oidc.algorithms: found an array"],
    [{ algorithms: ["RS256", "none"] }, "oidc.algorithms: found an array"],
    [{ algorithms: [] }, "oidc.algorithms: found an array"],
    [{ roles: [] }, "given without oidc.roles"],
    [{ roles: [{ value: "", role: "admin" }] }, "oidc.roles: found an array"],
    [{ clock_tolerance_s: 301 }, "oidc.clock_tolerance_s: found 301"],
  ])("is refused with %j", (change, message) => {
    expect(mistakes({ oidc: { ...oidc, ...change } })).toEqual([expect.stringContaining(message)]);
  });
});
