import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportSPKI, importJWK, SignJWT, type JWTHeaderParameters } from "jose";
import { isRejection, type Verdict } from "../../../src/auth/authenticator.ts";
import { OidcAuthenticator } from "../../../src/auth/oidc/oidc-authenticator.ts";
import type { OidcError } from "../../../src/auth/oidc/oidc-error.ts";
import type { OidcSettings } from "../../../src/auth/oidc/oidc-settings.ts";
import { boardId } from "../../../src/devices/ids.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import {
  AUDIENCE,
  makeKey,
  startOidcProvider,
  type OidcProvider,
  type SigningKey,
} from "../../support/oidc-provider.ts";
import { makeCertificate } from "../../support/slapd.ts";

const clients = {
  ops: { secret: "secret-of-client-ops", claims: { realm_access: { roles: ["other", "rack-operator"] } } },
  both: { secret: "secret-of-client-both", claims: { realm_access: { roles: ["rack-admin", "rack-reader"] } } },
  guest: { secret: "secret-of-client-guest", claims: { realm_access: { roles: ["rack-guest"] } } },
  nobody: { secret: "secret-of-client-nobody", claims: {} },
  board: {
    secret: "secret-of-client-board",
    claims: { realm_access: { roles: ["rack-admin"] }, boards: ["10", "0000001A", "xyz", 12] },
  },
} as const;

const reasonOf = (verdict: Verdict) =>
  isRejection(verdict) ? `${verdict.rejected}: ${verdict.reason}` : `let in as ${verdict.name}`;

/** The time of the provider, standing still. */
const clockNow = () => new ManualClock(Date.now());

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The parts of a token as they were written. */
const partsOf = (token: string) =>
  token
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));

describe("Tokens of an OpenID provider", () => {
  let provider: OidcProvider;
  let key: SigningKey;
  const failures: OidcError[] = [];

  beforeAll(async () => {
    key = await makeKey("one");
    provider = await startOidcProvider({ clients, keys: [key] });
  }, 30_000);
  afterAll(() => provider.stop());

  const settings = (): OidcSettings => ({
    issuer: provider.issuer,
    audience: AUDIENCE,
    jwksUri: undefined,
    readCa: () => Promise.resolve(undefined),
    algorithms: ["RS256", "ES256"],
    clockToleranceS: 30,
    nameClaim: "sub",
    rolesClaim: "realm_access.roles",
    roles: [
      { value: "rack-reader", role: "reader" },
      { value: "rack-operator", role: "operator", boards: new Set([boardId(0x10)]) },
      { value: "rack-admin", role: "admin" },
    ],
    boardsClaim: undefined,
    timeoutMs: 5000,
    maxKeyAgeMs: 3_600_000,
  });

  const authenticator = (changes: Partial<OidcSettings> = {}, clock = clockNow()) => {
    failures.length = 0;
    return new OidcAuthenticator({ ...settings(), ...changes }, clock, {
      failed: (error) => void failures.push(error),
      recovered: () => {},
    });
  };

  const ask = async (token: string, changes: Partial<OidcSettings> = {}, clock = clockNow()) =>
    authenticator(changes, clock).authenticate({ kind: "bearer", token });

  /** What the provider's tokens say, with changes, signed with a key. */
  async function forge(
    claims: Readonly<Record<string, unknown>>,
    signingKey = key,
    header: JWTHeaderParameters = { alg: "RS256", kid: "one", typ: "at+jwt" },
  ): Promise<string> {
    const [, payload] = partsOf(await provider.token("ops"));
    const changed = Object.fromEntries(
      Object.entries({ ...payload, ...claims }).filter(([, value]) => value !== undefined),
    );
    return new SignJWT(changed).setProtectedHeader(header).sign(await importJWK(signingKey.private, header.alg));
  }

  describe("let in", () => {
    test("whoever has a role, with its boards, until they expire", async () => {
      const token = await provider.token("ops");
      const [, { exp }] = partsOf(token);
      const expected = {
        name: "ops",
        via: "oidc",
        grants: [{ role: "operator", boards: new Set([boardId(0x10)]) }],
        expiresMs: (exp + 30) * 1000,
      } as const;
      expect(await ask(token)).toEqual(expected);
      expect(failures).toEqual([]);
    });

    test("with all of several roles, and all that is said of each", async () => {
      const token = await provider.token("both");
      expect(await ask(token)).toMatchObject({ name: "both", grants: [{ role: "reader" }, { role: "admin" }] });
      const boards = new Set([boardId(0x10)]);
      const roles = [
        { value: "rack-reader", role: "operator", boards },
        { value: "rack-guest", role: "admin" },
        { value: "rack-reader", role: "reader" },
      ] as const;
      expect(await ask(token, { roles })).toMatchObject({ grants: [{ role: "operator", boards }, { role: "reader" }] });
    });

    test("on the boards that they name, and on no others", async () => {
      const boards = new Set([boardId(0x10), boardId(0x1a)]);
      const token = await provider.token("board");
      expect(await ask(token, { boardsClaim: "boards" })).toMatchObject({ grants: [{ role: "admin", boards }] });
      const roles = [{ value: "rack-admin", role: "admin", boards: new Set([boardId(0x1a), boardId(0x99)]) }] as const;
      expect(await ask(token, { boardsClaim: "boards", roles })).toMatchObject({
        grants: [{ boards: new Set([boardId(0x1a)]) }],
      });
      expect(await ask(await provider.token("both"), { boardsClaim: "boards" })).toMatchObject({
        grants: [{ boards: new Set() }, { boards: new Set() }],
      });
    });

    test("with keys of other kinds", async () => {
      for (const alg of ["ES256", "PS256", "EdDSA"] as const) {
        await using other = await startOidcProvider({ clients, keys: [await makeKey("k", alg)] });
        expect(await ask(await other.token("ops"), { issuer: other.issuer, algorithms: [alg] })).toMatchObject({
          name: "ops",
        });
      }
    });

    test("with keys from an address that is configured", async () => {
      expect(await ask(await provider.token("ops"), { jwksUri: `${provider.issuer}/jwks` })).toMatchObject({
        name: "ops",
      });
    });

    test("a little before and after their time, as clocks differ", async () => {
      const nowS = Math.floor(Date.now() / 1000);
      expect(await ask(await forge({ exp: nowS - 20 }))).toMatchObject({ name: "ops" });
      expect(await ask(await forge({ nbf: nowS + 20 }))).toMatchObject({ name: "ops" });
    });

    test("with one audience of several, and another claim for the name", async () => {
      const token = await forge({ aud: ["other", AUDIENCE], "https://example.org/name": "Olga" });
      expect(await ask(token, { nameClaim: "https://example.org/name" })).toMatchObject({ name: "Olga" });
    });

    test("with roles in a text", async () => {
      expect(await ask(await forge({ scope: "openid rack-reader" }), { rolesClaim: "scope" })).toMatchObject({
        grants: [{ role: "reader" }],
      });
    });
  });

  describe("are refused", () => {
    test("without a role that is known", async () => {
      for (const client of ["guest", "nobody"])
        expect(reasonOf(await ask(await provider.token(client)))).toBe(
          "denied: no role in the claim realm_access.roles",
        );
      const values = [{}, "rack-admin rack-reader".split(""), { roles: { 0: "rack-admin" } }, ["rack-admin"], null, 7];
      for (const realm_access of values)
        expect(reasonOf(await ask(await forge({ realm_access })))).toBe(
          "denied: no role in the claim realm_access.roles",
        );
      for (const rolesClaim of [
        "__proto__",
        "constructor.name",
        "realm_access.roles.0",
        "realm_access.roles.length",
        "",
      ])
        expect(await ask(await forge({}), { rolesClaim })).toMatchObject({ rejected: "denied" });
    });

    test("without a name that can be shown", async () => {
      for (const sub of [undefined, "", " ", "line\nbreak", "\u0007", 5, "a".repeat(257), ["ops"]])
        expect(await ask(await forge({ sub }))).toMatchObject({ rejected: "denied" });
    });

    test("signed with another key, whatever they say of it", async () => {
      const evil = await makeKey("one");
      expect(reasonOf(await ask(await forge({}, evil)))).toBe("denied: wrong signature");
      const jwk = evil.public;
      const header = { alg: "RS256", kid: "one", jwk, jku: "http://127.0.0.1:1/jwks", x5u: "http://127.0.0.1:1/" };
      expect(reasonOf(await ask(await forge({}, evil, header)))).toBe("denied: wrong signature");
      expect(reasonOf(await ask(await forge({}, evil, { alg: "RS256", kid: "two" })))).toBe(
        "denied: signed with a key that the issuer does not have",
      );
    });

    test("changed by a bit, or with their parts mixed", async () => {
      const [one, other] = [await provider.token("ops"), await provider.token("both")];
      const [head, , signature] = one.split(".");
      expect(reasonOf(await ask([head, other.split(".")[1], signature].join(".")))).toBe("denied: wrong signature");
      const changed = signature?.replace(/^./, (first) => (first === "A" ? "B" : "A"));
      expect(reasonOf(await ask([...one.split(".").slice(0, 2), changed].join(".")))).toBe("denied: wrong signature");
    });

    test("with no algorithm", async () => {
      const [, payload] = partsOf(await provider.token("ops"));
      for (const alg of ["none", "None", "NONE", "nOnE", "", undefined, null, 0, ["RS256"]])
        for (const signature of ["", "AA"]) {
          const verdict = await ask(`${base64url({ alg, kid: "one" })}.${base64url(payload)}.${signature}`);
          expect(reasonOf(verdict)).toMatch(/^denied: (?:not a JWT|an algorithm that is not allowed)$/);
        }
    });

    test("with a secret that everybody knows: the public key", async () => {
      const [, payload] = partsOf(await provider.token("ops"));
      const publicKey = await importJWK(key.public, "RS256");
      if (publicKey instanceof Uint8Array) throw new TypeError("a symmetric key");
      const pem = await exportSPKI(publicKey);
      for (const secret of [pem, pem.trim(), JSON.stringify(key.public)]) {
        const signed = `${base64url({ alg: "HS256", kid: "one", typ: "at+jwt" })}.${base64url(payload)}`;
        const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
        expect(reasonOf(await ask(token))).toBe("denied: an algorithm that is not allowed");
      }
    });

    test("with an algorithm that is not allowed here, or not for the key", async () => {
      expect(reasonOf(await ask(await provider.token("ops"), { algorithms: ["ES256"] }))).toBe(
        "denied: an algorithm that is not allowed",
      );
      const ec = await makeKey("one", "ES256");
      expect(reasonOf(await ask(await forge({}, ec, { alg: "ES256", kid: "one" })))).toBe(
        "denied: signed with a key that the issuer does not have",
      );
    });

    test("expired, and not yet valid", async () => {
      const nowS = Math.floor(Date.now() / 1000);
      const clock = new ManualClock(nowS * 1000);
      expect(reasonOf(await ask(await forge({ exp: nowS - 30 }), {}, clock))).toBe("denied: expired");
      expect(reasonOf(await ask(await forge({ nbf: nowS + 31 }), {}, clock))).toBe("denied: claim nbf check_failed");
      expect(reasonOf(await ask(await forge({ exp: undefined })))).toBe("denied: claim exp missing");
      for (const exp of ["9999999999", null, {}, true])
        expect(await ask(await forge({ exp }))).toMatchObject({ rejected: "denied" });
    });

    test("for another audience, or none", async () => {
      expect(reasonOf(await ask(await forge({ aud: "another" })))).toBe("denied: claim aud check_failed");
      expect(reasonOf(await ask(await forge({ aud: undefined })))).toBe("denied: claim aud missing");
      expect(reasonOf(await ask(await forge({ aud: [`${AUDIENCE}x`, ""] })))).toBe("denied: claim aud check_failed");
    });

    test("of another issuer, or none, and nobody is asked for keys", async () => {
      for (const iss of [`${provider.issuer}/`, "https://evil.example", undefined, null, [provider.issuer]]) {
        const jwksUri = "http://127.0.0.1:1/nobody-listens-here";
        expect(reasonOf(await ask(await forge({ iss }), { jwksUri }))).toBe("denied: of another issuer");
      }
      expect(failures).toEqual([]);
    });

    test("with an extension that must be understood", async () => {
      const token = await forge({});
      const [header, payload] = partsOf(token);
      const critical = `${base64url({ ...header, crit: ["b64"], b64: false })}.${base64url(payload)}.AA`;
      expect(await ask(critical)).toMatchObject({ rejected: "denied" });
      expect(await ask(`${base64url({ ...header, crit: ["exp"], exp: 1 })}.${base64url(payload)}.AA`)).toMatchObject({
        rejected: "denied",
      });
    });

    test.each([
      "",
      ".",
      "..",
      "a.b.c",
      "a.b",
      "e30.e30.e30",
      "a".repeat(16_385),
      `${"e30.".repeat(5000)}e30`,
      "ëëë.ëë.ë",
    ])("where they are no JWT: %#", async (token) => {
      expect(await ask(token)).toMatchObject({ rejected: "denied" });
      expect(failures).toEqual([]);
    });
  });

  test("are believed when the issuer has new keys, and no longer when it has withdrawn theirs", async () => {
    const [first, second] = [await makeKey("first"), await makeKey("second", "ES256")];
    const before = await startOidcProvider({ clients, keys: [first] });
    const port = Number(new URL(before.issuer).port);
    const old = await before.token("ops");
    const clock = clockNow();
    const oidc = authenticator({ issuer: before.issuer }, clock);
    const look = async (token: string) => reasonOf(await oidc.authenticate({ kind: "bearer", token }));
    expect(await look(old)).toBe("let in as ops");
    await before.stop();
    await using after = await startOidcProvider({ clients, keys: [second], port });
    const fresh = await after.token("ops");
    // The keys were fetched a moment ago: nobody can make us ask all the time.
    expect(await look(fresh)).toBe("denied: signed with a key that the issuer does not have");
    await clock.advance(10_000);
    expect(await look(fresh)).toBe("let in as ops");
    expect(await look(old)).toBe("denied: signed with a key that the issuer does not have");
    expect(failures).toEqual([]);
  });

  test("are believed over HTTPS where its certificate is of an authority that is named", async () => {
    const folder = mkdtempSync(join(tmpdir(), "opendcre-oidc-"));
    await makeCertificate(folder, "localhost", "DNS:localhost");
    await makeCertificate(folder, "other", "DNS:other.example");
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    const tlsOf = (name: string) => ({ key: read(`${name}.key`), cert: read(`${name}.pem`), ca: read("ca.pem") });
    const readCa = () => Promise.resolve(read("ca.pem"));
    const tls = tlsOf("localhost");
    await using secure = await startOidcProvider({ clients, keys: [key], tls });
    expect(await ask(await secure.token("ops"), { issuer: secure.issuer, readCa })).toMatchObject({ name: "ops" });
    expect(await ask(await secure.token("ops"), { issuer: secure.issuer })).toMatchObject({ rejected: "unavailable" });
    expect(failures.map(({ code, message }) => `${code} ${message}`)).toEqual([
      expect.stringMatching(/^unreachable https:.*certificate/),
    ]);
    await using impostor = await startOidcProvider({ clients, keys: [key], tls: tlsOf("other") });
    const token = await forge({ iss: impostor.issuer });
    expect(await ask(token, { issuer: impostor.issuer, readCa })).toMatchObject({ rejected: "unavailable" });
    rmSync(folder, { recursive: true });
  });
});
