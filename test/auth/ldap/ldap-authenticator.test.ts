import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isRejection, type Verdict } from "../../../src/auth/authenticator.ts";
import { LdapAuthenticator } from "../../../src/auth/ldap/ldap-authenticator.ts";
import type { LdapError } from "../../../src/auth/ldap/ldap-error.ts";
import { parseLdapServer } from "../../../src/auth/ldap/ldap-server.ts";
import type { LdapSettings } from "../../../src/auth/ldap/ldap-settings.ts";
import { boardId } from "../../../src/devices/ids.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import {
  finder,
  freePort,
  groupDn,
  hasSlapd,
  passwords,
  peopleDn,
  SLAPD,
  startSlapd,
  SUFFIX,
  type Slapd,
} from "../../support/slapd.ts";

const reasonOf = (verdict: Verdict) =>
  isRejection(verdict) ? `${verdict.rejected}: ${verdict.reason}` : `let in as ${verdict.name}`;

/** The requests that a server writes of, in order. */
const requestsIn = (log: string) =>
  Array.from(log.matchAll(/op=\d+ (?:(BIND) dn="[^"]*" method|(SRCH) base)/g), ([, bind, search]) => bind ?? search);

describe.skipIf(!hasSlapd)(`A directory (needs ${SLAPD})`, () => {
  let slapd: Slapd;
  const failures: LdapError[] = [];
  const recovered: string[] = [];

  beforeAll(async () => void (slapd = await startSlapd()), 30_000);
  afterAll(() => slapd.stop());

  const settings = (): LdapSettings => ({
    servers: [parseLdapServer(slapd.tlsUrl, false)],
    readCa: () => Promise.resolve(slapd.ca),
    account: { name: finder.name, password: () => Promise.resolve(finder.password) },
    bindName: undefined,
    userBase: SUFFIX,
    userFilter: "(&(objectClass=inetOrgPerson)(uid={user}))",
    nameAttribute: "uid",
    groups: [
      { group: groupDn("ops"), role: "operator", boards: new Set([boardId(0x10)]) },
      { group: groupDn("readers"), role: "reader" },
      { group: groupDn("odd"), role: "reader" },
    ],
    groupCheck: "memberof",
    memberFilter: "(|(member={dn})(uniqueMember={dn})(memberUid={user}))",
    timeoutMs: 5000,
  });

  const authenticator = (changes: Partial<LdapSettings> = {}, clock = systemClock) => {
    failures.length = 0;
    recovered.length = 0;
    return new LdapAuthenticator({ ...settings(), ...changes }, clock, {
      failed: (error) => void failures.push(error),
      recovered: (server) => void recovered.push(server),
    });
  };

  const ask = (user: string, password: string, changes: Partial<LdapSettings> = {}) =>
    authenticator(changes).authenticate({ kind: "basic", user, password });

  const isAlice = {
    name: "alice",
    via: "ldap",
    grants: [{ role: "operator", boards: new Set([boardId(0x10)]) }],
  } as const;

  describe.each([
    { way: "LDAPS", changes: () => ({}) },
    { way: "StartTLS", changes: () => ({ servers: [parseLdapServer(slapd.url, false)] }) },
    { way: "no TLS, on request", changes: () => ({ servers: [parseLdapServer(slapd.url, true)] }) },
  ])("with $way", ({ changes }) => {
    test("lets a user in with the role of the group", async () => {
      expect(await ask("alice", passwords.alice, changes())).toEqual(isAlice);
      expect(failures).toEqual([]);
    });

    test("refuses a wrong password", async () => {
      expect(reasonOf(await ask("alice", passwords.bob, changes()))).toBe("denied: wrong password");
    });
  });

  test("is asked over TLS where it says StartTLS: the password is not in the clear", async () => {
    const servers = [parseLdapServer(slapd.url, false)];
    const lines = await slapd.witness(() => ask("alice", passwords.alice, { servers }));
    const connection = /conn=(\d+) op=\d+ BIND dn="uid=alice/.exec(lines)?.[1];
    expect(connection).toBeDefined();
    const all = lines.split("\n").filter((line) => line.includes(` conn=${connection} `));
    expect(all[1]).toContain("op=0 EXT oid=1.3.6.1.4.1.1466.20037");
    const established = all.findIndex((line) => line.includes("TLS established"));
    expect(established).toBeGreaterThan(0);
    expect(all.findIndex((line) => line.includes("BIND"))).toBeGreaterThan(established);
  });

  describe("knows who is in a group", () => {
    test("by the group's members", async () => {
      expect(await ask("alice", passwords.alice, { groupCheck: "member" })).toEqual(isAlice);
      expect(await ask("bob", passwords.bob, { groupCheck: "member" })).toMatchObject({
        grants: [{ role: "reader", boards: undefined }],
      });
    });

    test("by the names of its members, whichever way the name was typed", async () => {
      const groups = [{ group: groupDn("unix"), role: "admin" }] as const;
      const expected = { name: "bob", via: "ldap", grants: [{ role: "admin", boards: undefined }] } as const;
      expect(await ask("bob", passwords.bob, { groupCheck: "member", groups })).toEqual(expected);
      expect(await ask("BOB", passwords.bob, { groupCheck: "member", groups })).toEqual(expected);
    });

    test("by all groups that a user is in, and all that is said of each", async () => {
      const boards = new Set([boardId(0x10)]);
      const groups = [
        { group: groupDn("unix"), role: "operator", boards },
        { group: groupDn("ops"), role: "admin" },
        { group: groupDn("readers"), role: "reader" },
        { group: groupDn("readers"), role: "operator", boards: new Set([boardId(0x11)]) },
      ] as const;
      expect(await ask("bob", passwords.bob, { groupCheck: "member", groups })).toMatchObject({
        grants: [
          { role: "operator", boards },
          { role: "reader", boards: undefined },
          { role: "operator", boards: new Set([boardId(0x11)]) },
        ],
      });
    });

    test("by none that has a group of the user's in it, where that is not asked for", async () => {
      expect(
        reasonOf(await ask("alice", passwords.alice, { groups: [{ group: groupDn("outer"), role: "admin" }] })),
      ).toBe("denied: in no group that has a role");
    });

    test("however a group's DN is spelled", async () => {
      const group = `CN = Ops , OU=Groups,DC=EXAMPLE,dc=org`;
      for (const groupCheck of ["memberof", "member"] as const)
        expect(await ask("alice", passwords.alice, { groupCheck, groups: [{ group, role: "admin" }] })).toMatchObject({
          grants: [{ role: "admin" }],
        });
    });

    test("lets nobody in by a group that is not there, or a rule that the directory does not know", async () => {
      const groups = [{ group: `cn=gone,${SUFFIX}`, role: "admin" }] as const;
      for (const groupCheck of ["memberof", "member", "nested"] as const)
        expect(reasonOf(await ask("alice", passwords.alice, { groupCheck, groups }))).toBe(
          "denied: in no group that has a role",
        );
    });

    test("and who is in none", async () => {
      expect(reasonOf(await ask("carol", passwords.carol))).toBe("denied: in no group that has a role");
    });
  });

  describe("bound with the user's own name", () => {
    const direct = { account: undefined, bindName: `uid={user},${peopleDn}`, userBase: undefined } as const;

    test("lets users in who may read their own entry", async () => {
      const groupCheck = "member";
      expect(await ask("alice", passwords.alice, { ...direct, groupCheck })).toEqual(isAlice);
      expect(await ask("zoë", passwords["zoë"], { ...direct, groupCheck })).toMatchObject({
        name: "zoë",
        grants: [{ role: "reader" }],
      });
      expect(reasonOf(await ask("alice", "wrong", { ...direct, groupCheck }))).toBe("denied: wrong password");
      expect(reasonOf(await ask("nobody", "wrong", { ...direct, groupCheck }))).toBe("denied: wrong password");
    });

    test("takes a name for a value, whatever is in it", async () => {
      const odd = "odd*(name)\\";
      expect(await ask(odd, passwords[odd], { ...direct, groupCheck: "member" })).toMatchObject({ name: odd });
      for (const name of [`alice,${peopleDn}`, "x,uid=alice", "alice+cn=Someone", `"alice"`, "#616c696365", "alice\\"])
        expect(reasonOf(await ask(name, passwords.alice, direct))).toBe("denied: wrong password");
    });

    test("refuses names that cannot be part of one without escapes", async () => {
      const upn = { ...direct, bindName: "{user}@example.org", userBase: SUFFIX };
      for (const name of ["a@evil.example", "cn=admin,dc=example", "EVIL\\a", "a b"])
        expect(reasonOf(await ask(name, "password", upn))).toBe("denied: no such user");
    });
  });

  describe("refuses", () => {
    test.each([
      ["nobody", "password", "no such user"],
      ["alice", "", "empty password"],
      ["alice\0", passwords.alice, "control characters"],
      ["alice", `${passwords.alice}\0`, "control characters"],
      [" ", passwords.alice, "empty name"],
      [" alice", passwords.alice, "spaces around the name"],
      ["alice ", passwords.alice, "spaces around the name"],
      ["al\u00adice", passwords.alice, "control characters"],
      ["a".repeat(257), passwords.alice, "name or password too long"],
      ["alice", "a".repeat(1025), "name or password too long"],
      ["dup", passwords.dup, "ambiguous user"],
      ["*", passwords.alice, "no such user"],
      ["al*", passwords.alice, "no such user"],
      ["*)(uid=*", passwords.alice, "no such user"],
      ["alice)(objectClass=*", passwords.alice, "no such user"],
      ["nobody)(|(uid=alice", passwords.alice, "no such user"],
      ["\\61lice", passwords.alice, "no such user"],
      ["{dn}", passwords.alice, "no such user"],
      ["$&", passwords.alice, "no such user"],
    ])("%p with %p: %s", async (user, password, reason) => {
      expect(reasonOf(await ask(user, password))).toBe(`denied: ${reason}`);
      expect(failures).toEqual([]);
    });

    test("without asking the directory where there is no password", async () => {
      const lines = await slapd.witness(async () => {
        await ask("alice", "");
        await ask("bob", passwords.bob);
      });
      expect(lines).not.toContain("alice");
      expect(lines).toContain("bob");
    });

    test("an unknown user in as many steps as a wrong password", async () => {
      for (const user of ["nobody", "alice", "dup"])
        expect(requestsIn(await slapd.witness(() => ask(user, "wrong")))).toEqual(["BIND", "SRCH", "BIND"]);
    });
  });

  test("lets nobody in by a name that several have, however many, and has not failed then", async () => {
    const userFilter = "(|(uid={user})(sn=Someone))";
    expect(reasonOf(await ask("alice", passwords.alice, { userFilter }))).toBe("denied: ambiguous user");
    expect(failures).toEqual([]);
  });

  test("does not fill logs: a name that is too long, or rings the bell, is the one that was typed", async () => {
    expect(await ask("alice", passwords.alice, { nameAttribute: "description" })).toMatchObject({ name: "alice" });
    expect(await ask("alice", passwords.alice, { nameAttribute: "sn" })).toMatchObject({ name: "Someone" });
  });

  test("finds a user with every special character in the name", async () => {
    const odd = "odd*(name)\\";
    expect(await ask(odd, passwords[odd])).toMatchObject({ name: odd, grants: [{ role: "reader" }] });
    expect(await ask("zoë", passwords["zoë"])).toMatchObject({ name: "zoë", grants: [{ role: "reader" }] });
  });

  describe("cannot say, which is not the user's fault,", () => {
    const unavailable = { rejected: "unavailable", reason: "no directory answers", retryAfterS: 5 } as const;

    const expectFailure = async (changes: Partial<LdapSettings>, code: LdapError["code"], message: RegExp) => {
      expect(await ask("alice", passwords.alice, changes)).toEqual(unavailable);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatchObject({ code });
      expect(failures[0]?.message).toMatch(message);
      for (const secret of [passwords.alice, finder.password]) expect(Bun.inspect(failures)).not.toContain(secret);
    };

    test("where its certificate is of another host", async () => {
      const servers = [parseLdapServer(`ldaps://127.0.0.1:${slapd.tlsPort}`, false)];
      await expectFailure({ servers }, "untrusted", /127\.0\.0\.1/);
      await expectFailure(
        { servers: [parseLdapServer(`ldap://127.0.0.1:${slapd.port}`, false)] },
        "untrusted",
        /127\.0\.0\.1/,
      );
    });

    test("where its certificate is of an authority that is not ours", async () => {
      await expectFailure({ readCa: () => Promise.resolve(undefined) }, "untrusted", /certificate/);
      await expectFailure(
        { readCa: () => Promise.resolve(undefined), servers: [parseLdapServer(slapd.url, false)] },
        "untrusted",
        /certificate/,
      );
    });

    test("where nobody can be asked whether its certificate is to be trusted", async () => {
      await expectFailure(
        { readCa: () => Promise.reject(new Error("ENOENT: ca.pem")) },
        "untrusted",
        /ENOENT: ca\.pem/,
      );
    });

    test("where what should name authorities does not", async () => {
      for (const ca of ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]) {
        expect(await ask("alice", passwords.alice, { readCa: () => Promise.resolve(ca) })).toEqual(unavailable);
        expect(failures.map(({ code }) => code)).toEqual(["untrusted"]);
      }
    });

    test("where nothing listens", async () => {
      const port = await freePort();
      await expectFailure(
        { servers: [parseLdapServer(`ldaps://localhost:${port}`, false)] },
        "unreachable",
        /no connection/,
      );
    });

    test("where TLS is spoken to a port without", async () => {
      const servers = [parseLdapServer(`ldaps://localhost:${slapd.port}`, false)];
      expect(await ask("alice", passwords.alice, { servers })).toEqual(unavailable);
      expect(failures).toHaveLength(1);
    });

    test("where the service account is not let in, or its password cannot be read", async () => {
      const wrong = { name: finder.name, password: () => Promise.resolve("wrong") };
      await expectFailure({ account: wrong }, "refused", /service account cn=finder/);
      const missing = { name: finder.name, password: () => Promise.reject(new Error("no such file")) };
      await expectFailure({ account: missing }, "refused", /no such file/);
      const empty = { name: finder.name, password: () => Promise.resolve("") };
      await expectFailure({ account: empty }, "refused", /empty/);
    });

    test("where what is searched is elsewhere: it never follows", async () => {
      const elsewhere = { userBase: `ou=elsewhere,${SUFFIX}` };
      await expectFailure(elsewhere, "refused", /refuses the search \(result 10\)/);
    });

    test("where it is slow", async () => {
      const clock = new ManualClock();
      slapd.pause();
      try {
        const verdict = authenticator({}, clock).authenticate({
          kind: "basic",
          user: "alice",
          password: passwords.alice,
        });
        await settle();
        await clock.advance(4999);
        expect(failures).toEqual([]);
        await clock.advance(1);
        expect(await verdict).toEqual(unavailable);
        expect(failures.map(({ code }) => code)).toEqual(["timeout"]);
        expect(clock.timers).toBe(0);
      } finally {
        slapd.resume();
      }
    });
  });

  test("that does not answer is asked after the others for a while, and told of once", async () => {
    const clock = new ManualClock();
    const dead = parseLdapServer(`ldaps://localhost:${await freePort()}`, false);
    const servers = [dead, parseLdapServer(slapd.tlsUrl, false)];
    const ldap = authenticator({ servers }, clock);
    const alice = { kind: "basic", user: "alice", password: passwords.alice } as const;
    for (const expected of [1, 1]) {
      expect(await ldap.authenticate(alice)).toEqual(isAlice);
      expect(failures.map(({ server }) => server)).toEqual(Array.from({ length: expected }, () => dead.url));
    }
    await clock.advance(30_000);
    expect(await ldap.authenticate(alice)).toEqual(isAlice);
    expect(failures).toHaveLength(1);
    expect(recovered).toEqual([]);
  });
});
