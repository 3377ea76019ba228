import { describe, expect, test } from "bun:test";
import { LoginGuard, type LoginGuardOptions } from "../../src/api/login-guard.ts";
import type { Authenticator } from "../../src/auth/authenticator.ts";
import type { Identity } from "../../src/auth/identity.ts";
import { Login } from "../../src/auth/login.ts";
import { TrustedProxies } from "../../src/auth/trusted-proxy.ts";
import { boardId } from "../../src/devices/ids.ts";
import { createTestApi } from "../support/api.ts";
import { ManualClock } from "../support/manual-clock.ts";

const identities: Readonly<Record<string, Identity>> = {
  reader: { name: "rita", via: "token", grants: [{ role: "reader" }] },
  operator: { name: "otto", via: "token", grants: [{ role: "operator" }] },
  admin: { name: "ada", via: "token", grants: [{ role: "admin" }] },
  boarder: { name: "bob", via: "token", grants: [{ role: "operator", boards: new Set([boardId(1)]) }] },
  night: {
    name: "nora",
    via: "token",
    grants: [{ role: "reader" }, { role: "operator", boards: new Set([boardId(1)]) }],
  },
};
const denied = { rejected: "denied", reason: "no" } as const;

const tokens: Authenticator = {
  name: "token",
  kind: "bearer",
  isGuessProof: true,
  authenticate: ({ token }) => (Object.hasOwn(identities, token) && identities[token]) || denied,
};
const users: Authenticator = {
  name: "user",
  kind: "basic",
  authenticate: async ({ user, password }) => {
    if (user === "down") return { rejected: "unavailable", reason: "no server answers", retryAfterS: 7 };
    return password === "right" ? { name: user, via: "user", grants: [{ role: "operator" }] } : denied;
  },
};

/** The API behind a guard; requests come from 192.0.2.7. */
function guarded(options: Partial<LoginGuardOptions> = {}, authenticators: readonly Authenticator[] = [tokens, users]) {
  const events = { refused: () => undefined, notReloaded: () => undefined, failed: () => undefined };
  const login = new Login({ authenticators, clock: new ManualClock(), events });
  const guard = new LoginGuard({ login, proxies: new TrustedProxies([]), anonymousRole: "none", ...options });
  return createTestApi({ guard });
}

const as = (token: string, more: RequestInit = {}): RequestInit => ({
  ...more,
  headers: { authorization: `Bearer ${token}` },
});
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const reads = [
  "scan",
  "scan/1",
  "version/1",
  "read/temperature/1/1",
  "power/1/1",
  "led/1/1",
  "fan/1/1",
  "location/1/1",
  "plc_config",
];
const acts = ["power/1/1/on", "power/off/1/1", "led/1/1/on", "fan/1/1/5000", "boot_target/1/200/pxe"];

describe("without credentials", () => {
  test("nothing is answered but test and whether all is well, and nothing is asked", async () => {
    const { ask, backend } = guarded();
    for (const path of [...reads, ...acts]) {
      const { status, headers, json } = await ask(path);
      expect([status, headers.get("www-authenticate")]).toEqual([
        401,
        'Basic realm="OpenDCRE", charset="UTF-8", Bearer realm="OpenDCRE"',
      ]);
      expect(json).toMatchObject({ code: "unauthorized" });
    }
    expect(backend.commands).toEqual([]);
    expect((await ask("test")).json).toEqual({ status: "ok" });
    expect((await ask("health")).json).toEqual({ status: "ok" });
    expect((await ask("health", as("reader"))).json).toMatchObject({ status: "ok", links: expect.anything() });
  });

  test("Basic is not offered where nobody has a password", async () => {
    const { ask } = guarded({}, [tokens]);
    expect((await ask("scan")).headers.get("www-authenticate")).toBe('Bearer realm="OpenDCRE"');
  });

  test("a reader's things are answered where anybody may read, and no more", async () => {
    const { ask, backend } = guarded({ anonymousRole: "reader" });
    expect((await ask("version/1")).status).toBe(200);
    expect((await ask("health")).json).toMatchObject({ links: expect.anything() });
    backend.commands.length = 0;
    for (const path of acts) expect((await ask(path, { method: "POST" })).status).toBe(401);
    expect(backend.commands).toEqual([]);
    // Wrong credentials are wrong, all the same.
    expect((await ask("version/1", as("wrong"))).status).toBe(401);
  });
});

describe("roles", () => {
  test.each([
    ["reader", 200, 403],
    ["operator", 200, 200],
    ["admin", 200, 200],
  ])("%s: reading is %d, changing something %d", async (token, reading, changing) => {
    const { ask } = guarded();
    expect((await ask("version/1", as(token))).status).toBe(reading);
    for (const method of ["GET", "POST"])
      for (const path of acts) expect((await ask(path, as(token, { method }))).status).toBe(changing);
  });

  test("limited to a board hold for that board", async () => {
    const { ask, backend } = guarded();
    expect((await ask("led/1/1/on", as("boarder"))).status).toBe(200);
    backend.commands.length = 0;
    for (const path of ["version/2", "led/2/1/on", "power/2/1/off", "power/off/2/1"])
      expect((await ask(path, as("boarder"))).status).toBe(403);
    expect(backend.commands).toEqual([]);
  });
});

describe("several grants", () => {
  test("allow what any of them allows: reading everywhere, changing something on a board", async () => {
    const { ask, backend } = guarded();
    for (const path of ["version/1", "version/2", "led/1/1", "led/2/1", "health"])
      expect((await ask(path, as("night"))).status).toBe(200);
    for (const method of ["GET", "POST"])
      for (const path of acts) expect((await ask(path, as("night", { method }))).status).toBe(200);
    backend.commands.length = 0;
    for (const path of acts.map((act) => act.replace(/\/1\//, "/2/").replace("off/1/1", "off/2/1")))
      expect([path, (await ask(path, as("night", { method: "POST" }))).status]).toEqual([path, 403]);
    expect(backend.commands).toEqual([]);
  });
});

describe("credentials", () => {
  test.each([
    ["a wrong token", { authorization: "Bearer wrong" }],
    ["no token", { authorization: "Bearer " }],
    ["a wrong password", { authorization: basic("otto", "wrong") }],
    ["an unknown user", { authorization: basic("nobody", "wrong") }],
    ["an empty password", { authorization: basic("otto", "") }],
    ["another scheme", { authorization: "Digest username=otto" }],
    ["two of them", { authorization: "Bearer admin, Bearer reader" }],
    ["a token in a cookie", { cookie: "authorization=Bearer admin; token=admin" }],
    ["a proxy's header, from anyone", { "x-forwarded-user": "ada", "x-role": "admin", "x-forwarded-for": "127.0.0.1" }],
    ["another method's header", { "x-authorization": "Bearer admin", "proxy-authorization": "Bearer admin" }],
  ])("%s: 401", async (_, headers) => {
    const { ask, backend } = guarded();
    const { status, json } = await ask("version/1", { headers: Object(headers) });
    expect(status).toBe(401);
    expect(json).toMatchObject({
      message: expect.stringMatching(/^(The credentials are not valid|Credentials are needed)/),
    });
    expect(backend.commands).toEqual([]);
  });

  test("in the query or the path: 401 or 404", async () => {
    const { ask } = guarded();
    for (const path of ["version/1?token=admin", "version/1?access_token=admin", "scan?authorization=Bearer%20admin"])
      expect((await ask(path)).status).toBe(401);
    const { api } = guarded();
    expect((await api.fetch(new Request("http://ada:right@localhost/opendcre/1.2/version/1"))).status).toBe(401);
  });

  test("an unknown user and a wrong password get the same answer, byte for byte", async () => {
    const { ask } = guarded();
    const answers = await Promise.all(
      [basic("otto", "wrong"), basic("nobody", "wrong")].map(async (authorization) => {
        const { status, headers, json } = await ask("version/1", { headers: { authorization } });
        headers.delete("x-request-id");
        const { request_id: _, ...body } = Object(json);
        return { status, headers: [...headers], body };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  test("of a user who is known: 200", async () => {
    const { ask } = guarded();
    expect((await ask("version/1", { headers: { authorization: basic("otto", "right") } })).status).toBe(200);
  });

  test("that cannot be checked: 503, and when to come back", async () => {
    const { ask } = guarded();
    const { status, headers, json } = await ask("version/1", { headers: { authorization: basic("down", "x") } });
    expect([status, headers.get("retry-after"), json]).toEqual([
      503,
      "7",
      expect.objectContaining({ code: "unchecked-credentials" }),
    ]);
  });

  test("that are wrong too often: 429, and when to come back", async () => {
    const { ask } = guarded();
    for (let guess = 0; guess < 6; guess++)
      expect((await ask("version/1", { headers: { authorization: basic("otto", `${guess}`) } })).status).toBe(401);
    const { status, headers, json } = await ask("version/1", { headers: { authorization: basic("otto", "right") } });
    expect([status, headers.get("retry-after"), json]).toEqual([
      429,
      "1",
      expect.objectContaining({ code: "too-many-requests" }),
    ]);
    expect((await ask("version/1", as("operator"))).status).toBe(200);
  });
});

describe("a browser that has credentials", () => {
  test("changes nothing on behalf of a page from elsewhere", async () => {
    const { ask, backend } = guarded();
    const foreign = [
      { "sec-fetch-site": "cross-site" },
      { origin: "http://evil.example" },
      { "sec-purpose": "prefetch" },
    ];
    for (const more of foreign)
      for (const method of ["GET", "POST"])
        for (const path of acts)
          expect(
            (await ask(path, { method, headers: { authorization: basic("otto", "right"), ...more } })).status,
          ).toBe(403);
    expect(backend.commands).toEqual([]);
  });

  test("shows nothing to pages from elsewhere, and no cache keeps it", async () => {
    const { ask } = guarded();
    for (const path of [...reads, "health"]) {
      const { headers } = await ask(path, as("reader"));
      expect([path, headers.get("access-control-allow-origin"), headers.get("cache-control")]).toEqual([
        path,
        null,
        "no-store",
      ]);
      const preflight = await ask(path, { method: "OPTIONS", headers: { origin: "http://evil.example" } });
      expect([...preflight.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    expect((await ask("test")).headers.get("access-control-allow-origin")).toBe("*");
    const anybody = guarded({ anonymousRole: "reader" });
    expect((await anybody.ask("version/1")).headers.get("access-control-allow-origin")).toBe("*");
  });
});

const from = (address: string, password: string): RequestInit => ({
  headers: { "x-forwarded-for": address, authorization: basic(`u${password}`, password) },
});

describe("a reverse proxy", () => {
  const proxyHeaders = { user: "X-Forwarded-User", roleHeader: "X-Role", grants: [{ role: "reader" }] } as const;
  const faults: unknown[] = [];
  const proxyFaulty = (...told: readonly unknown[]) => void faults.push(told);
  const behind = (network: string) => guarded({ proxies: new TrustedProxies([network]), proxyHeaders, proxyFaulty });

  test("that is trusted says who somebody is, and where from", async () => {
    const { ask, requests } = behind("192.0.2.0/24");
    const headers = { "x-forwarded-user": "ada", "x-role": "operator", "x-forwarded-for": "203.0.113.5" };
    expect((await ask("led/1/1/on", { headers })).status).toBe(200);
    expect(requests.at(-1)?.remote).toBe("203.0.113.5");
    expect((await ask("led/1/1/on", { headers: { ...headers, "x-role": "reader" } })).status).toBe(403);
    expect(faults).toEqual([]);
    expect((await ask("version/1", { headers: { ...headers, "x-role": "king" } })).status).toBe(401);
    expect(faults).toEqual([[expect.stringContaining('"king"'), "192.0.2.7"]]);
  });

  test("that is not trusted says nothing", async () => {
    const { ask, requests } = behind("198.51.100.0/24");
    const headers = { "x-forwarded-user": "ada", "x-role": "admin", "x-forwarded-for": "198.51.100.1" };
    expect((await ask("version/1", { headers })).status).toBe(401);
    expect(requests.at(-1)?.remote).toBe("192.0.2.7");
  });

  test("that names nobody leaves it to credentials", async () => {
    const { ask } = behind("192.0.2.0/24");
    expect((await ask("version/1")).status).toBe(401);
    expect((await ask("version/1", as("reader"))).status).toBe(200);
  });

  test("has its callers slowed down, not itself", async () => {
    const { ask } = behind("192.0.2.0/24");
    for (let guess = 0; guess < 11; guess++) await ask("version/1", from("203.0.113.5", `${guess}`));
    expect((await ask("version/1", from("203.0.113.5", "right"))).status).toBe(429);
    expect((await ask("version/1", from("203.0.113.6", "right"))).status).toBe(200);
  });
});
