import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthentication, type Authentication } from "../../src/appliance/start-auth.ts";
import { newToken, tokenStore } from "../../src/auth/token-file.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { createLog, type Log } from "../../src/telemetry/log.ts";
import { createTestApi } from "../support/api.ts";
import { ManualClock } from "../support/manual-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-start-auth-"));
afterAll(() => rmSync(folder, { recursive: true }));

let clock: ManualClock;
let log: Log;
let lines: string[];
beforeEach(async () => {
  clock = new ManualClock();
  lines = [];
  const output = { isTerminal: false, write: (line: string) => void lines.push(line), takeLostLines: () => 0 };
  log = await createLog({ level: "info", format: "json", output });
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});

const configWith = (auth: object) =>
  loadConfig({ fileName: "/c.json", env: {}, readFile: () => JSON.stringify({ auth, bus: { device: null } }) });
const start = (auth: object = {}): Promise<Authentication> =>
  createAuthentication(configWith(auth), folder, log, clock);
const tokens = () => tokenStore(join(folder, "tokens.json"), clock);
const statusOf = async ({ guard }: Authentication, init?: RequestInit) =>
  (await createTestApi({ guard }).ask("version/1", init)).status;
const withToken = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

async function makeToken(name = "x"): Promise<string> {
  const { token, kept } = newToken(name, [{ role: "reader" }], undefined, clock);
  await tokens().add(kept);
  return token;
}

describe("where nothing is set up", () => {
  test("everybody is answered, without a promise", async () => {
    const { guard } = await start();
    const request = new Request("http://localhost/opendcre/1.2/scan");
    expect(guard.admit(request, undefined, { acts: false, takesStrangers: false })).toMatchObject({ name: "anyone" });
    expect(guard.hidesReads).toBeFalse();
  });

  test("from the first token on, callers are asked, within a second; and still after it is revoked, or its file removed", async () => {
    const authentication = await start();
    const token = await makeToken();
    await clock.advance(999);
    expect(await statusOf(authentication)).toBe(200);
    await clock.advance(1);
    expect(await statusOf(authentication)).toBe(401);
    expect(authentication.guard.hidesReads).toBeTrue();
    expect(await statusOf(authentication, withToken(token))).toBe(200);
    await tokens().remove("x");
    expect(await statusOf(authentication)).toBe(401);
    expect(await statusOf(await start())).toBe(401);
    rmSync(join(folder, "tokens.json"));
    expect(await statusOf(authentication)).toBe(401);
  });

  test("a folder that cannot be looked into may have tokens: nobody comes in; unless there is nothing to be switched off", async () => {
    const loop = join(folder, "loop");
    symlinkSync(loop, loop);
    const [rack, emulated] = [
      configWith({}),
      loadConfig({ fileName: "/c.json", env: {}, readFile: () => '{"emulator":{"enabled":true}}' }),
    ];
    const failure: unknown = await createAuthentication(rack, loop, log, clock).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "invalid-credential-file", message: expect.stringContaining("ELOOP") });
    expect(await statusOf(await createAuthentication(emulated, loop, log, clock))).toBe(200);
    const later = join(folder, "later");
    const authentication = await createAuthentication(rack, later, log, clock);
    expect(await statusOf(authentication)).toBe(200);
    symlinkSync(later, later);
    await clock.advance(1000);
    expect(await statusOf(authentication)).toBe(503);
  });

  test("a first token that everybody can read lets nobody in, until that is put right", async () => {
    const authentication = await start();
    const token = await makeToken();
    chmodSync(join(folder, "tokens.json"), 0o644);
    await clock.advance(1000);
    for (let tries = 0; tries < 10; tries++) expect(await statusOf(authentication)).toBe(503);
    expect(lines.filter((line) => line.includes("everybody on this machine"))).toHaveLength(1);
    chmodSync(join(folder, "tokens.json"), 0o600);
    await clock.advance(1000);
    expect(await statusOf(authentication, withToken(token))).toBe(200);
  });
});

describe("where credentials are required", () => {
  test("nobody comes in until there is a token, which holds at once, and no longer once it is revoked", async () => {
    const authentication = await start({ required: true });
    expect(await statusOf(authentication)).toBe(401);
    const token = await makeToken();
    expect(await statusOf(authentication, withToken(token))).toBe(200);
    await tokens().remove("x");
    expect(await statusOf(authentication, withToken(token))).toBe(401);
  });

  test("a file that is damaged later changes nothing, and is told of once", async () => {
    const token = await makeToken();
    const authentication = await start();
    chmodSync(join(folder, "tokens.json"), 0o666);
    for (let tries = 0; tries < 5; tries++) expect(await statusOf(authentication, withToken(token))).toBe(200);
    expect(lines.filter((line) => line.includes("stays as it was"))).toHaveLength(1);
  });

  test("a file that is damaged from the start is refused", async () => {
    await makeToken();
    chmodSync(join(folder, "tokens.json"), 0o644);
    expect(await start().catch((error: unknown) => error)).toMatchObject({ code: "invalid-credential-file" });
  });

  test("the last use of a token is written when everything stops", async () => {
    const authentication = await start({ required: true });
    await statusOf(authentication, withToken(await makeToken()));
    expect(readdirSync(folder)).not.toContain("token-use.json");
    await authentication.close();
    expect(readdirSync(folder)).toContain("token-use.json");
    expect(clock.timers).toBe(0);
  });
});

describe("a configuration that is read again", () => {
  const proxy = { trusted_proxies: ["192.0.2.7"], proxy_user_header: "X-User" };
  const named: RequestInit = { headers: { "x-user": "alice" } };

  test("is taken: a proxy more, a proxy less", async () => {
    const authentication = await start({ required: true });
    expect(await statusOf(authentication, named)).toBe(401);
    await authentication.reload(configWith(proxy));
    expect(await statusOf(authentication, named)).toBe(200);
    await authentication.reload(configWith({ required: true }));
    expect(await statusOf(authentication, named)).toBe(401);
  });

  test("is taken also where it comes while the first credentials are being read", async () => {
    for (let ticks = 0; ticks < 30; ticks++) {
      rmSync(join(folder, "tokens.json"), { force: true });
      const authentication = await start();
      await makeToken();
      await clock.advance(1000);
      const first = statusOf(authentication, named);
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      await authentication.reload(configWith(proxy));
      await first;
      expect([ticks, await statusOf(authentication, named)]).toEqual([ticks, 200]);
    }
  });

  test("never makes it open again", async () => {
    const authentication = await start({ required: true });
    await authentication.reload(configWith({}));
    expect(await statusOf(authentication)).toBe(401);
  });

  test("with a file that cannot be used changes nothing, and says why", async () => {
    const authentication = await start(proxy);
    await makeToken();
    chmodSync(join(folder, "tokens.json"), 0o644);
    await authentication.reload(configWith({ required: true }));
    expect(await statusOf(authentication, named)).toBe(200);
    expect(lines.filter((line) => line.includes("stays as it was")).join("")).toContain("chmod 640");
  });
});
