import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CredentialFile } from "../../src/auth/credential-file.ts";
import { parseHtpasswd } from "../../src/auth/htpasswd.ts";
import { PasswordAuthenticator, tableOfHtpasswd, tableOfUsers } from "../../src/auth/password-authenticators.ts";
import { PasswordChecks } from "../../src/auth/password-checks.ts";
import { hashPassword, isArgon2id, isBcrypt, verifyPassword } from "../../src/auth/password-hash.ts";
import { keptPassword, newUser, parseUsers, userStore } from "../../src/auth/user-file.ts";
import { systemClock as clock } from "../../src/lib/clock.ts";
import { hasHtpasswd, HTPASSWD, htpasswdLine } from "../support/htpasswd.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-passwords-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "users.json");
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});

const basic = (user: string, password: string) => ({ kind: "basic", user, password }) as const;

/** Checks that write down which hashes they were asked for. */
function countingChecks() {
  const hashes: string[] = [];
  const checks = new PasswordChecks((password, hash) => {
    hashes.push(hash);
    return verifyPassword(password, hash);
  });
  return { checks, hashes };
}

describe("hashes", () => {
  test("of passwords are argon2id with a salt of their own", async () => {
    const [one, other] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect([one === other, isArgon2id(one)]).toEqual([false, true]);
    expect([await verifyPassword("correct horse", one), await verifyPassword("correct hors", one)]).toEqual([
      true,
      false,
    ]);
  });

  // The reference implementation's own test vector (phc-winner-argon2, src/test.c, argon2id).
  test("made by the reference implementation are understood", async () => {
    const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    expect([isArgon2id(hash), await verifyPassword("password", hash)]).toEqual([true, true]);
    expect(await verifyPassword("Password", hash)).toBeFalse();
  });

  // Solar Designer's crypt_blowfish, wrapper.c, test vectors.
  test.each([
    ["$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"],
    ["$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"],
    [
      "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
    ],
  ])("%s is of %s", async (hash, password) => {
    expect([isBcrypt(hash), await verifyPassword(password, hash)]).toEqual([true, true]);
    expect(await verifyPassword(`x${password}`, hash)).toBeFalse();
  });

  test("of other kinds, or hostile ones, are not taken", () => {
    const others = [
      "",
      "x",
      "$1$a$b",
      "$apr1$a$b",
      "{SHA}x",
      "$2a$31$" + "C".repeat(53),
      "$2y$05$short",
      "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$abc",
    ];
    expect(others.filter((hash) => isBcrypt(hash) || isArgon2id(hash))).toEqual([]);
  });

  test("nobody has an empty password", async () => {
    const empty = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy";
    expect(await verifyPassword("", empty)).toBeFalse();
    expect(await verifyPassword("", await hashPassword("-"))).toBeFalse();
  });
});

describe("users", () => {
  const store = userStore(path, clock);
  const addUser = async (name: string, password: string) =>
    store.add(await newUser(name, [{ role: "admin" }], password, clock));
  const authenticator = (checks = new PasswordChecks()) =>
    new PasswordAuthenticator("user", new CredentialFile(path, parseUsers), tableOfUsers, checks);

  test("come in with their passwords", async () => {
    await addUser("alice", "correct horse");
    const users = authenticator();
    expect(await users.authenticate(basic("alice", "correct horse"))).toEqual({
      name: "alice",
      via: "user",
      grants: [{ role: "admin" }],
    });
    expect(readFileSync(path, "utf8")).not.toContain("correct horse");
  });

  test("one who is not there costs what a wrong password costs: one hash with the same parameters", async () => {
    await addUser("alice", "correct horse");
    const { checks, hashes } = countingChecks();
    const users = authenticator(checks);
    for (const [name, password] of [
      ["alice", "wrong"],
      ["nobody", "wrong"],
      ["nobody", "secret-pass"],
      ["__proto__", ""],
      ["alice", ""],
    ] as const)
      expect(await users.authenticate(basic(name, password))).toMatchObject({ rejected: "denied" });
    expect(hashes).toHaveLength(5);
    expect(new Set(hashes.map((hash) => hash.split("$").slice(0, 4).join("$")))).toEqual(
      new Set(["$argon2id$v=19$m=19456,t=2,p=1"]),
    );
  });

  test("get other passwords, and are removed, while others wait", async () => {
    await addUser("alice", "correct horse");
    const users = authenticator();
    const kept = await keptPassword("battery staple", clock);
    await store.replace("alice", (user) => [{ ...user, ...kept }]);
    expect(users.hasChanged()).toBeTrue();
    expect(await users.authenticate(basic("alice", "correct horse"))).toMatchObject({ rejected: "denied" });
    expect(await users.authenticate(basic("alice", "battery staple"))).toMatchObject({ name: "alice" });
    await store.remove("alice");
    expect([users.hasChanged(), users.isInUse]).toEqual([true, false]);
    expect(await users.authenticate(basic("alice", "battery staple"))).toMatchObject({ rejected: "denied" });
  });

  test.each(["", "short", "1234567", "with a \n newline", "with a \0 nul", "x".repeat(1025), "ü".repeat(513)])(
    "%j is no password for them",
    async (password) => {
      expect(await addUser("alice", password).catch((error: unknown) => error)).toMatchObject({
        code: "invalid-password",
      });
    },
  );

  test("whose hash is not argon2id are not taken, and the hash is not told", () => {
    const user = {
      name: "x",
      role: "admin",
      created: "2026-01-01T00:00:00Z",
      passwordSet: "2026-01-01T00:00:00Z",
      hash: "PLAINTEXT",
    };
    expect(() => parseUsers(JSON.stringify({ version: 1, users: [user] }), path)).toThrow(
      /hash of x is not what argon2id makes/,
    );
    expect(() => parseUsers(JSON.stringify({ version: 1, users: [user] }), path)).not.toThrow(/PLAINTEXT/);
  });
});

describe("an htpasswd file", () => {
  test("has a line for each user, and others that let nobody in are told by their number", () => {
    const hash = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK";
    const { hashes, odd } = parseHtpasswd(
      [
        "# users",
        `alice:${hash}`,
        "",
        `bob:$apr1$x$y`,
        "carol",
        `:${hash}`,
        `alice:${hash.replace("V", "W")}`,
        `dave:${hash}:Dave`,
        `eve:${hash}\r`,
      ].join("\n"),
    );
    expect([...hashes.keys()]).toEqual(["alice", "dave", "eve"]);
    expect(hashes.get("alice")).toBe(hash);
    expect(odd.map(({ line }) => line)).toEqual([4, 5, 6, 7]);
    expect(parseHtpasswd(undefined)).toEqual({ hashes: new Map(), odd: [] });
  });

  test("whose user is not there costs as much as its costliest hash", async () => {
    const file = join(folder, "htpasswd");
    const cheap = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK";
    writeFileSync(file, `alice:${cheap}\nbob:${cheap.replace("$05$", "$07$")}\n`);
    chmodSync(file, 0o600);
    const { checks, hashes } = countingChecks();
    const read = new CredentialFile(file, (text) => parseHtpasswd(text));
    const users = new PasswordAuthenticator(
      "htpasswd",
      read,
      (content) => tableOfHtpasswd(content, [{ role: "reader" }]),
      checks,
    );
    expect(await users.authenticate(basic("nobody", "U*U*"))).toMatchObject({ rejected: "denied" });
    expect(hashes.map((hash) => hash.slice(0, 7))).toEqual(["$2b$07$"]);
    expect(await users.authenticate(basic("alice", "U*U*"))).toEqual({
      name: "alice",
      via: "htpasswd",
      grants: [{ role: "reader" }],
    });
  });

  test.skipIf(!hasHtpasswd)(`made by Apache's program is understood (needs ${HTPASSWD})`, async () => {
    const password = "päss wörd: with colons";
    const { hashes, odd } = parseHtpasswd(
      [
        htpasswdLine("alice", password, "-B"),
        htpasswdLine("bob", password, "-B", "-C", "4"),
        htpasswdLine("carol", password, "-m"),
      ].join("\n"),
    );
    expect([[...hashes.keys()], odd.map(({ line }) => line)]).toEqual([["alice", "bob"], [3]]);
    for (const hash of hashes.values()) {
      expect(await verifyPassword(password, hash)).toBeTrue();
      expect(await verifyPassword("wrong", hash)).toBeFalse();
    }
  });
});

describe("passwords are checked", () => {
  test("two at once, the others one after the other, and of too many some not at all", async () => {
    const gates: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const checks = new PasswordChecks(async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => void gates.push(resolve));
      running--;
      return true;
    });
    const all = Array.from({ length: 40 }, () => checks.verify("x", "y").catch((error: unknown) => String(error)));
    const settled = Promise.all(all);
    const state = { isOver: false };
    void settled.then(() => (state.isOver = true));
    while (!state.isOver) {
      gates.shift()?.();
      await Promise.resolve();
    }
    const outcomes = await settled;
    expect(most).toBe(2);
    expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(34);
    expect(outcomes.filter((outcome) => outcome === "BusyError: too many passwords are being checked")).toHaveLength(6);
  });

  test("and go on being checked after one has failed", async () => {
    let fails = true;
    const checks = new PasswordChecks(async () => {
      if (fails) throw new RangeError("no");
      return true;
    });
    const failed = await Promise.allSettled(Array.from({ length: 5 }, () => checks.verify("x", "y")));
    expect(failed.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "rejected"));
    fails = false;
    expect(await checks.verify("x", "y")).toBeTrue();
  });
});
