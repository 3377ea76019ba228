import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CredentialFile } from "../../src/auth/credential-file.ts";
import { TokenAuthenticator } from "../../src/auth/token-authenticator.ts";
import { newToken, parseTokens, tokenStore } from "../../src/auth/token-file.ts";
import { readTokenUses, TokenUse } from "../../src/auth/token-use.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { boardId } from "../../src/devices/ids.ts";
import { ManualClock } from "../support/manual-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-tokens-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "tokens.json");
const DAY_MS = 86_400_000;

let clock: ManualClock;
let used: string[];
beforeEach(() => {
  clock = new ManualClock();
  used = [];
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});

const store = () => tokenStore(path, clock);
const authenticator = () =>
  new TokenAuthenticator(new CredentialFile(path, parseTokens), clock, (id) => void used.push(id));
const bearer = (token: string) => ({ kind: "bearer", token }) as const;

async function made(name: string, lifetimeMs?: number) {
  const { token, kept } = newToken(name, [{ role: "operator", boards: new Set([boardId(1)]) }], lifetimeMs, clock);
  await store().add(kept);
  return { token, kept };
}

test("a token has 256 random bits and a prefix; its hash alone is kept, for the owner alone", async () => {
  const { token } = await made("deploy");
  const [, random = ""] = /^dcre_([\w-]{43})$/.exec(token) ?? [];
  expect(Buffer.from(random, "base64url")).toHaveLength(32);
  const text = readFileSync(path, "utf8");
  expect(text).not.toContain(random);
  expect(text).toContain(createHash("sha256").update(token).digest("hex"));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await made("other")).token).not.toBe(token);
});

test("it lets its holder in with its grant, at once, and is then known to have been used", async () => {
  const { token, kept } = await made("deploy");
  expect(authenticator().authenticate(bearer(token))).toEqual({
    name: "deploy",
    via: "token",
    grants: [{ role: "operator", boards: new Set([boardId(1)]) }],
    expiresMs: undefined,
  });
  expect(used).toEqual([kept.id]);
});

test.each(["", "dcre_", "x", "dcre_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "__proto__", "constructor"])(
  "%p is no token",
  async (token) => {
    await made("deploy");
    expect(authenticator().authenticate(bearer(token))).toMatchObject({ rejected: "denied" });
    expect(used).toEqual([]);
  },
);

test("neither its hash nor its id nor part of it is a token", async () => {
  const { token, kept } = await made("deploy");
  for (const other of [
    kept.sha256,
    `dcre_${kept.sha256}`,
    kept.id,
    token.slice(0, -1),
    `${token}A`,
    token.toUpperCase(),
  ])
    expect(authenticator().authenticate(bearer(other))).toMatchObject({ rejected: "denied" });
});

test("one that has expired is none, from that moment on, and again where the clock goes back", async () => {
  const { token } = await made("deploy", DAY_MS);
  const tokens = authenticator();
  await clock.advance(DAY_MS - 1);
  expect(tokens.authenticate(bearer(token))).toMatchObject({ name: "deploy" });
  await clock.advance(1);
  expect(tokens.authenticate(bearer(token))).toEqual({ rejected: "denied", reason: "the token has expired" });
});

test("one that is made or revoked meanwhile is noticed", async () => {
  const tokens = authenticator();
  expect([tokens.isInUse, tokens.hasChanged()]).toEqual([false, false]);
  const { token } = await made("deploy");
  expect([tokens.hasChanged(), tokens.isInUse]).toEqual([true, true]);
  expect(tokens.authenticate(bearer(token))).toMatchObject({ name: "deploy" });
  await store().remove("deploy");
  expect(tokens.hasChanged()).toBeTrue();
  expect(tokens.authenticate(bearer(token))).toMatchObject({ rejected: "denied" });
});

test("names are taken once, and have to be names", async () => {
  await made("deploy");
  expect(await made("deploy").catch((error: unknown) => error)).toMatchObject({ code: "name-taken" });
  expect(
    await store()
      .remove("nosuch")
      .catch((error: unknown) => error),
  ).toMatchObject({ code: "no-such-name" });
  for (const name of ["", " ", "a b", "-x", "a:b", "a/b", "a\n", "ä", "x".repeat(65)])
    expect(await made(name).catch((error: unknown) => error)).toMatchObject({ code: "invalid-name" });
  expect(store().list()).toHaveLength(1);
});

test.skipIf(process.getuid?.() !== 0)(
  "what root makes is given to whoever the folder belongs to (needs root)",
  async () => {
    chownSync(folder, 12_345, 23_456);
    try {
      await made("deploy");
      const { uid, gid, mode } = statSync(path);
      expect([uid, gid, mode & 0o777]).toEqual([12_345, 23_456, 0o600]);
      expect(store().list()).toHaveLength(1);
      await store().remove("deploy");
    } finally {
      chownSync(folder, 0, 0);
    }
  },
);

test("of many that are made at once none is lost", async () => {
  const many = tokenStore(path, systemClock);
  const entries = Array.from(
    { length: 20 },
    (_, index) => newToken(`t${index}`, [{ role: "reader" }], undefined, clock).kept,
  );
  await Promise.all(entries.map((entry) => many.add(entry)));
  expect(store().list()).toHaveLength(20);
});

const file = (entry: object) => JSON.stringify({ version: 1, tokens: [entry] });

describe("a file that is not of this form", () => {
  const good = {
    id: "0123456789abcdef",
    name: "x",
    role: "admin",
    created: "2026-01-01T00:00:00.000Z",
    sha256: "0".repeat(64),
  };

  test("is told from one that is", () => {
    expect(parseTokens(file(good), path)).toHaveLength(1);
    expect(parseTokens(undefined, path)).toEqual([]);
  });

  test("is refused with the place of a misspelled member, without which a grant would be for all boards", () => {
    expect(() => parseTokens(file({ ...good, bords: ["00000001"] }), path)).toThrow("/tokens/0/bords");
  });

  test.each([
    "",
    "{",
    "[]",
    "null",
    "{}",
    `{"version":2,"tokens":[]}`,
    `{"version":1,"tokens":{}}`,
    file({ ...good, role: "root" }),
    file({ ...good, boards: [] }),
    file({ ...good, further: {} }),
    file({ ...good, further: [{ role: "king" }] }),
    file({ ...good, further: [{ role: "reader", boards: ["1"] }] }),
    file({ ...good, boards: ["1"] }),
    file({ ...good, sha256: "x" }),
    file({ ...good, sha256: "SECRETHASH" }),
    file({ ...good, name: "" }),
    file({ ...good, expires: "tomorrow" }),
    file({ ...good, expires: 5 }),
    file({ ...good, expires: "2026-13-01T00:00:00Z" }),
    file({ ...good, expires: "2026-01-01T25:00:00Z" }),
    file({ ...good, bords: ["00000001"] }),
    file({ ...good, further: [{ role: "operator", board: ["00000001"] }] }),
    `{"version":1,"tokens":[],"token":[]}`,
    `{"version":1,"tokens":[ SECRETHASH`,
  ])("%p is refused, and not quoted", (text) => {
    writeFileSync(path, text);
    chmodSync(path, 0o600);
    let failure: unknown;
    try {
      authenticator();
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: "invalid-credential-file", path });
    expect(Bun.inspect(failure)).not.toContain("SECRETHASH");
  });
});

describe("when tokens were used", () => {
  const usePath = join(folder, "token-use.json");

  test("is written once for many uses, after a while, and only of tokens that are there", async () => {
    const use = new TokenUse(
      usePath,
      clock,
      (id) => id !== "revoked",
      () => undefined,
    );
    use.note("a");
    use.note("revoked");
    await clock.advance(60_000);
    use.note("b");
    expect(readdirSync(folder)).toEqual([]);
    await clock.advance(240_000);
    await use.flush();
    const uses = await readTokenUses(usePath);
    expect(Object.fromEntries(uses)).toEqual({ a: "2026-01-01T00:00:00.000Z", b: "2026-01-01T00:01:00.000Z" });
    use.note("b");
    await use.flush();
    expect(Object.fromEntries(await readTokenUses(usePath))).toEqual({
      a: "2026-01-01T00:00:00.000Z",
      b: "2026-01-01T00:05:00.000Z",
    });
    expect(clock.timers).toBe(0);
  });

  test.each(["", "{", "[]", `{"version":1,"uses":{"a":5}}`])("is unknown where the file is %p", async (text) => {
    writeFileSync(usePath, text);
    expect(await readTokenUses(usePath)).toEqual(new Map());
  });

  test("that cannot be written is told, and nothing else happens", async () => {
    const failures: Error[] = [];
    const use = new TokenUse(
      "/proc/nosuch/token-use.json",
      clock,
      () => true,
      (error) => void failures.push(error),
    );
    use.note("a");
    await use.flush();
    expect(failures).toEqual([expect.objectContaining({ code: "ENOENT" })]);
  });

  test("that could not be written is written the next time", async () => {
    const blocked = join(folder, "blocked");
    writeFileSync(blocked, "");
    const failures: Error[] = [];
    const use = new TokenUse(
      join(blocked, "token-use.json"),
      clock,
      () => true,
      (error) => void failures.push(error),
    );
    use.note("a");
    use.note("b");
    const failed = use.flush();
    await clock.advance(1000);
    use.note("b");
    await failed;
    expect(failures).toHaveLength(1);
    rmSync(blocked);
    await use.flush();
    expect(Object.fromEntries(await readTokenUses(join(blocked, "token-use.json")))).toEqual({
      a: "2026-01-01T00:00:00.000Z",
      b: "2026-01-01T00:00:01.000Z",
    });
    rmSync(blocked, { recursive: true });
  });
});
