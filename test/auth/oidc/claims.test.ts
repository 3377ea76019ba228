import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { grantsIn, nameIn } from "../../../src/auth/oidc/claims.ts";
import type { OidcSettings } from "../../../src/auth/oidc/oidc-settings.ts";

const settings: OidcSettings = {
  issuer: "https://id.example.org",
  audience: "opendcre",
  jwksUri: undefined,
  readCa: () => Promise.resolve(undefined),
  algorithms: ["RS256"],
  clockToleranceS: 0,
  nameClaim: "sub",
  rolesClaim: "realm_access.roles",
  roles: [{ value: "rack", role: "admin" }],
  boardsClaim: "boards",
  timeoutMs: 1000,
  maxKeyAgeMs: 1000,
};

/** Claims as a token may have them: any JSON object, some with what is looked for in unlikely places. */
const claims = fc.oneof(
  fc.dictionary(
    fc.constantFrom("sub", "realm_access", "roles", "boards", "__proto__", "realm_access.roles"),
    fc.jsonValue(),
  ),
  fc.record({ realm_access: fc.record({ roles: fc.jsonValue() }), boards: fc.jsonValue(), sub: fc.jsonValue() }),
);

describe("claims", () => {
  test("grant nothing but by a role in its place, and never more boards than they name", () => {
    fc.assert(
      fc.property(claims, (token) => {
        const spelled = JSON.stringify(token);
        for (const grant of grantsIn(token, settings)) {
          expect(spelled).toMatch(/\brack\b/);
          for (const board of grant.boards ?? []) expect(spelled.toLowerCase()).toContain(board.toString(16));
          expect(grant.boards).toBeInstanceOf(Set);
        }
        const name = nameIn(token, settings);
        expect(name === undefined || token["sub"] === name).toBe(true);
      }),
    );
  });

  test.each([
    [{ realm_access: { roles: ["rack"] } }, 0],
    [{ realm_access: { roles: "other rack" } }, 0],
    [{ "realm_access.roles": ["rack"], boards: "1 0000000a" }, 2],
    [{ realm_access: { roles: ["rack"] }, boards: ["1", "01", "100000000", "-1", " 1", "1e1"] }, 2],
  ])("%j allow something on %d boards", (token, boards) => {
    expect(grantsIn(token, settings).map((grant) => grant.boards?.size)).toEqual([boards]);
  });

  test.each([
    {},
    { realm_access: "rack" },
    { realm_access: { roles: { rack: true } } },
    { realm_access: { roles: ["Rack", "rack ", "rac"] } },
    { realm_access: { roles: [["rack"]] } },
    { realm_access: [{ roles: ["rack"] }] },
    { "realm_access.roles": [], realm_access: { roles: ["rack"] } },
  ])("%j allow nothing", (token) => {
    expect(grantsIn(token, settings)).toEqual([]);
  });
});
