import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { importJWK, SignJWT } from "jose";
import { isRejection } from "../../../src/auth/authenticator.ts";
import { OidcAuthenticator } from "../../../src/auth/oidc/oidc-authenticator.ts";
import type { OidcError } from "../../../src/auth/oidc/oidc-error.ts";
import type { OidcSettings } from "../../../src/auth/oidc/oidc-settings.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { makeKey } from "../../support/oidc-provider.ts";

const key = await makeKey("one", "ES256");
const START_MS = Date.UTC(2026, 0, 1);

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

const json =
  (value: unknown): Answer =>
  (response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(value));
  };

/** An issuer that answers as a test says, and counts how often it is asked for what. */
async function startIssuer(changes: { metadata?: (issuer: string) => Answer; keys?: Answer } = {}) {
  const asked: string[] = [];
  const behaviour = { keys: changes.keys ?? json({ keys: [key.public] }) };
  let waiting = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    waiting.resolve();
    waiting = Promise.withResolvers<void>();
    if (request.url === "/jwks") behaviour.keys(response, request);
    else metadata(response, request);
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const metadata = changes.metadata?.(issuer) ?? json({ issuer, jwks_uri: `${issuer}/jwks` });
  return { issuer, asked, behaviour, nextRequest: () => waiting.promise };
}

function start(issuer: string, changes: Partial<OidcSettings> = {}) {
  const clock = new ManualClock(START_MS);
  const failures: OidcError[] = [];
  const told: string[] = [];
  const settings: OidcSettings = {
    issuer,
    audience: "opendcre",
    jwksUri: undefined,
    readCa: () => Promise.resolve(undefined),
    algorithms: ["ES256"],
    clockToleranceS: 0,
    nameClaim: "sub",
    rolesClaim: "roles",
    roles: [{ value: "admin", role: "admin" }],
    boardsClaim: undefined,
    timeoutMs: 1000,
    maxKeyAgeMs: 3_600_000,
    ...changes,
  };
  const oidc = new OidcAuthenticator(settings, clock, {
    failed: (error, hasKeys) => {
      failures.push(error);
      told.push(hasKeys ? "failed, has keys" : "failed, has none");
    },
    recovered: () => void told.push("recovered"),
  });
  const look = async (kid = "one") => {
    const token = await new SignJWT({ roles: ["admin"] })
      .setProtectedHeader({ alg: "ES256", kid })
      .setIssuer(issuer)
      .setAudience("opendcre")
      .setSubject("alice")
      .setExpirationTime(START_MS / 1000 + 7 * 86_400)
      .sign(await importJWK(key.private, "ES256"));
    const verdict = await oidc.authenticate({ kind: "bearer", token });
    return isRejection(verdict) ? `${verdict.rejected}: ${verdict.reason}` : "let in";
  };
  return { clock, failures, told, look, oidc };
}

const NO_KEYS = "unavailable: the issuer's keys cannot be had";
const UNKNOWN_KEY = "denied: signed with a key that the issuer does not have";

describe("An issuer's keys", () => {
  test("are fetched once for many tokens", async () => {
    const { issuer, asked } = await startIssuer();
    const { look } = start(issuer);
    expect(await Promise.all([look(), look(), look()])).toEqual(["let in", "let in", "let in"]);
    expect(await look()).toBe("let in");
    expect(asked).toEqual(["/.well-known/openid-configuration", "/jwks"]);
  });

  test("are fetched for unknown ones no more than once in ten seconds", async () => {
    const { issuer, asked } = await startIssuer();
    const { look, clock } = start(issuer, { jwksUri: `${issuer}/jwks` });
    await look();
    for (let count = 0; count < 20; count++) expect(await look(`k${count}`)).toBe(UNKNOWN_KEY);
    expect(asked).toEqual(["/jwks"]);
    await clock.advance(10_000);
    expect(await Promise.all([look("x"), look("y"), look("z")])).toEqual([UNKNOWN_KEY, UNKNOWN_KEY, UNKNOWN_KEY]);
    expect(asked).toEqual(["/jwks", "/jwks"]);
    expect(await look()).toBe("let in");
  });

  test("are fetched again after a while, while tokens do not wait", async () => {
    const { issuer, asked, behaviour, nextRequest } = await startIssuer();
    const { look, clock } = start(issuer, { jwksUri: `${issuer}/jwks` });
    await look();
    await clock.advance(300_001);
    const held: (() => void)[] = [];
    behaviour.keys = (response, request) => void held.push(() => json({ keys: [] })(response, request));
    const request = nextRequest();
    expect(await look()).toBe("let in");
    await request;
    expect(asked).toHaveLength(2);
    for (const answer of held) answer();
    await waitFor(async () => (await look()) !== "let in");
    expect(await look()).toBe(UNKNOWN_KEY);
  });

  test("go on being used while the issuer is down, but not for ever", async () => {
    const { issuer, behaviour, asked } = await startIssuer();
    const { look, clock, told, failures } = start(issuer, { jwksUri: `${issuer}/jwks` });
    await look();
    behaviour.keys = (response) => void response.writeHead(500).end();
    for (const _ of [1, 2]) {
      await clock.advance(1_000_000);
      expect(await look()).toBe("let in");
      await waitFor(() => Promise.resolve(failures.length > 0));
    }
    expect(await look("new")).toBe(NO_KEYS);
    expect(told).toEqual(["failed, has keys"]);
    await clock.advance(3_600_000);
    expect(await look()).toBe(NO_KEYS);
    const count = asked.length;
    expect(await look()).toBe(NO_KEYS);
    expect(asked).toHaveLength(count);
    behaviour.keys = json({ keys: [key.public] });
    await clock.advance(10_000);
    expect(await look()).toBe("let in");
    expect(told).toEqual(["failed, has keys", "recovered"]);
  });

  const refusals: readonly (readonly [string, Answer, OidcError["code"]])[] = [
    ["answers 500", (response) => void response.writeHead(500).end("{}"), "bad-status"],
    [
      "sends us elsewhere",
      (response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      "bad-status",
    ],
    ["sends no JSON", (response) => void response.end("<html>"), "bad-metadata"],
    ["sends nothing", (response) => void response.end(), "bad-metadata"],
    ["sends no key set", json({ keys: "none" }), "bad-metadata"],
    ["sends keys that are none", json({ keys: [7, null, []] }), "bad-metadata"],
    ["sends a list", json([]), "bad-metadata"],
    ["breaks off", (response) => void (response.write('{"keys":['), response.destroy()), "unreachable"],
    ["sends without end", (response) => pour(response), "too-much-data"],
  ];
  test.each(refusals)("cannot be had where the issuer %s", async (_, answer, code) => {
    const { issuer } = await startIssuer({ keys: answer });
    const { look, failures, clock } = start(issuer);
    expect(await look()).toBe(NO_KEYS);
    expect(failures.map((failure) => failure.code)).toEqual([code]);
    expect(clock.timers).toBe(0);
  });

  test("cannot be had where nobody listens", async () => {
    const { look, failures } = start("http://127.0.0.1:1");
    expect(await look()).toBe(NO_KEYS);
    expect(failures.map(({ code }) => code)).toEqual(["unreachable"]);
  });

  test.each(["says nothing", "says it drop by drop"])("cannot be had in time where the issuer %s", async (how) => {
    const { issuer, nextRequest } = await startIssuer({
      keys: (response) => void (how === "says nothing" || response.write('{"keys":')),
    });
    const { look, failures, clock } = start(issuer, { jwksUri: `${issuer}/jwks` });
    const request = nextRequest();
    const verdict = look();
    await request;
    await clock.advance(999);
    expect(failures).toEqual([]);
    await clock.advance(1);
    expect(await verdict).toBe(NO_KEYS);
    expect(failures.map(({ code }) => code)).toEqual(["timeout"]);
  });

  test("are not taken from who speaks for another issuer, or sends us to where anyone can listen", async () => {
    const lies: readonly ((issuer: string) => unknown)[] = [
      (issuer) => ({ issuer: "https://evil.example", jwks_uri: `${issuer}/jwks` }),
      (issuer) => ({ issuer: `${issuer}/`, jwks_uri: `${issuer}/jwks` }),
      (issuer) => ({ jwks_uri: `${issuer}/jwks` }),
      (issuer) => ({ issuer }),
      (issuer) => ({ issuer, jwks_uri: ["/jwks"] }),
      (issuer) => ({ issuer, jwks_uri: "http://192.0.2.1/jwks" }),
      (issuer) => ({ issuer, jwks_uri: "file:///etc/passwd" }),
      (issuer) => ({ issuer, jwks_uri: "http://127.0.0.1.evil.example/jwks" }),
      () => null,
    ];
    for (const lie of lies) {
      const { issuer, asked } = await startIssuer({ metadata: (name) => json(lie(name)) });
      const { look, failures } = start(issuer);
      expect(await look()).toBe(NO_KEYS);
      expect(failures.map(({ code }) => code)).toEqual(["bad-metadata"]);
      expect(asked).not.toContain("/jwks");
    }
  });

  test("that are secret, private, short or not what they say let nobody in", async () => {
    const rsa = await makeKey("one", "RS256");
    const sets: readonly unknown[] = [
      { kty: "oct", k: "c2VjcmV0", kid: "one", alg: "ES256" },
      { ...key.private },
      { ...key.public, x: "AAAA" },
      { ...rsa.public, alg: "ES256" },
      { ...key.public, use: "enc" },
      { ...key.public, kty: "RSA" },
      {},
    ];
    for (const member of sets) {
      const { issuer } = await startIssuer({ keys: json({ keys: [member] }) });
      const { look } = start(issuer);
      expect(await look()).toMatch(/^denied: /);
    }
  });

  test("are no longer asked for once we stop", async () => {
    const { issuer, nextRequest } = await startIssuer({ keys: () => {} });
    const { look, oidc, clock, told } = start(issuer, { jwksUri: `${issuer}/jwks` });
    const request = nextRequest();
    const verdict = look();
    await request;
    oidc.close();
    expect(await verdict).toBe(NO_KEYS);
    await settle();
    // Nothing has failed.
    expect([clock.timers, told]).toEqual([0, []]);
  });
});

/** Waits until something holds that other work of this process makes true. */
async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await settle();
}

/** Writes sixteen times what is taken of anybody, and does not end. Really without end, it might leave nobody else of this process a turn. */
function pour(response: ServerResponse): void {
  response.on("error", () => {});
  for (let chunk = 0; chunk < 64; chunk++) response.write(Buffer.alloc(65_536, 0x20));
}
