import { describe, expect, test } from "bun:test";
import { OpenGuard } from "../../src/api/open-guard.ts";
import { createTestApi } from "../support/api.ts";

const loopbackOnly = () => createTestApi({ guard: new OpenGuard(true) });
const onNetwork = () => createTestApi({ guard: new OpenGuard(false) });
const at = (origin: string, path: string, init?: RequestInit) => new Request(`${origin}/opendcre/1.2/${path}`, init);

describe("where nobody is asked, on loopback alone", () => {
  test.each([
    "http://localhost",
    "http://LocalHost:5000",
    "http://127.0.0.1",
    "http://127.0.0.1:5000",
    "http://127.200.0.1:80",
    "http://[::1]:5000",
    "https://localhost:5000",
  ])("%s is answered", async (origin) => {
    const { api, backend } = loopbackOnly();
    expect((await api.fetch(at(origin, "version/1"))).status).toBe(200);
    expect((await api.fetch(at(origin, "led/1/1/on", { method: "POST" }))).status).toBe(200);
    expect(backend.commands).toHaveLength(2);
  });

  // A page from evil.example whose name was made to lead to 127.0.0.1.
  test.each([
    "http://evil.example",
    "http://evil.example:5000",
    "http://localhost.evil.example:5000",
    "http://127.0.0.1.evil.example",
    "http://rack7:5000",
    "http://192.0.2.1:5000",
    "http://[::ffff:127.0.0.1]:5000",
    "http://[::2]",
    "http://0.0.0.0:5000",
  ])("%s gets 403, and nothing is asked", async (origin) => {
    const { api, backend } = loopbackOnly();
    for (const path of ["version/1", "scan", "location/1", "led/1/1/on", "plc_config"]) {
      const answer = await api.fetch(at(origin, path));
      expect([answer.status, await answer.json()]).toEqual([
        403,
        expect.objectContaining({ code: "forbidden", message: expect.stringContaining("loopback") }),
      ]);
    }
    expect(backend.commands).toEqual([]);
    // Nobody's secret.
    expect((await api.fetch(at(origin, "test"))).status).toBe(200);
    expect(await (await api.fetch(at(origin, "health"))).json()).toEqual({ status: "ok" });
  });
});

test("on the network, any name will do: someone has said that nobody need be asked", async () => {
  const { api } = onNetwork();
  expect((await api.fetch(at("http://rack7:5000", "version/1"))).status).toBe(200);
});

describe.each([
  ["on loopback", loopbackOnly],
  ["on the network", onNetwork],
])("what a browser asks for, %s", (_, create) => {
  const origin = "http://localhost:5000";
  const foreign: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "CROSS-SITE" },
    { "sec-fetch-site": "" },
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "" },
    { origin: "http://localhost:5001" },
    { origin: "https://localhost:5000" },
    { origin: "http://localhost:5000.evil.example" },
    { origin: "http://localhost:5000, http://evil.example" },
    { "sec-fetch-site": "none", origin: "http://evil.example" },
    { referer: "http://evil.example/" },
    { referer: "http://localhost:5001/page" },
    { referer: "http://localhost.evil.example:5000/" },
    { referer: "about:blank" },
    { origin, referer: "http://evil.example/" },
    { "sec-fetch-site": "cross-site", origin },
    { "sec-fetch-site": "none", "sec-purpose": "prefetch" },
    { "sec-fetch-site": "same-origin", "sec-purpose": "prefetch;prerender" },
    { "sec-fetch-site": "none", purpose: "prefetch" },
    { purpose: "Prefetch" },
    { "x-moz": "prefetch" },
    { "x-purpose": "preview" },
  ];

  test.each(foreign)("with %j changes nothing, by GET or POST", async (headers) => {
    const { api, backend } = create();
    for (const method of ["GET", "POST"]) {
      for (const path of ["led/1/1/on", "power/1/1/off", "power/off/1/1", "fan/1/1/5000", "boot_target/1/200/pxe"]) {
        const answer = await api.fetch(at(origin, path, { method, headers }));
        expect([
          answer.status,
          answer.headers.get("cache-control"),
          answer.headers.get("access-control-allow-origin"),
        ]).toEqual([403, "no-store", null]);
      }
    }
    expect(backend.commands).toEqual([]);
    expect((await api.fetch(at(origin, "version/1", { headers }))).status).toBe(200);
  });

  const own: Record<string, string>[] = [
    {},
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "same-origin", origin },
    { "sec-fetch-site": "none" },
    { origin },
    { origin: "HTTP://LOCALHOST:5000" },
    { referer: `${origin}/page?query` },
    { referer: "https://localhost:5000/" },
    { referer: "/page" },
    { "sec-fetch-site": "same-origin", referer: "https://rack.example/page" },
  ];

  test.each(own)("with %j, as the user or our own page does, changes something", async (headers) => {
    const { api, backend } = create();
    for (const method of ["GET", "POST"])
      expect((await api.fetch(at(origin, "led/1/1/on", { method, headers }))).status).toBe(200);
    expect(backend.commands).toHaveLength(2);
  });

  test("by HEAD changes nothing", async () => {
    const { api, backend } = create();
    expect((await api.fetch(at(origin, "led/1/1/on", { method: "HEAD" }))).status).toBe(405);
    expect(backend.commands).toEqual([]);
  });
});

const postOnly = () => createTestApi({ getControl: false });

describe("control by GET, switched off", () => {
  test.each([
    "led/1/1/on",
    "power/1/1/off",
    "power/off/1/1",
    "power/x/1/1/cycle",
    "fan/1/1/5000",
    "boot_target/1/200/pxe",
  ])("%s is 405, and says that POST does it", async (path) => {
    const { ask, backend } = postOnly();
    const { status, headers, json } = await ask(path);
    expect([status, headers.get("allow")]).toEqual([405, "OPTIONS, POST"]);
    expect(json).toMatchObject({ code: "method-not-allowed", message: expect.stringContaining("POST does") });
    expect((await ask(path, { method: "OPTIONS" })).headers.get("allow")).toBe("OPTIONS, POST");
    expect(backend.commands).toEqual([]);
    expect((await ask(path, { method: "POST" })).status).toBe(200);
    expect(backend.commands).toHaveLength(1);
  });

  test.each(["led/1/1", "power/1/1", "power/1/1/status", "fan/1/1", "scan", "test"])(
    "%s is read as ever",
    async (path) => {
      const { ask } = postOnly();
      expect((await ask(path)).status).toBe(200);
      expect((await ask(path, { method: "HEAD" })).status).toBe(200);
    },
  );
});
