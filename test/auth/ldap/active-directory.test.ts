import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isRejection } from "../../../src/auth/authenticator.ts";
import { LdapAuthenticator } from "../../../src/auth/ldap/ldap-authenticator.ts";
import type { LdapError } from "../../../src/auth/ldap/ldap-error.ts";
import { parseLdapServer } from "../../../src/auth/ldap/ldap-server.ts";
import type { LdapSettings } from "../../../src/auth/ldap/ldap-settings.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { adDn, adPasswords, DOMAIN, hasSambaAd, SAMBA_AD, startSambaAd, type SambaAd } from "../../support/samba-ad.ts";

describe.skipIf(!hasSambaAd)(`Active Directory (needs ${SAMBA_AD})`, () => {
  let ad: SambaAd;
  const failures: LdapError[] = [];

  beforeAll(async () => void (ad = await startSambaAd()), 180_000);
  afterAll(() => ad[Symbol.asyncDispose]());

  /** Who is let in, and as what; or why not. */
  async function ask(user: string, password: string, changes: Partial<LdapSettings> = {}): Promise<string> {
    failures.length = 0;
    const settings: LdapSettings = {
      servers: [parseLdapServer(ad.tlsUrl, false)],
      readCa: () => Promise.resolve(ad.ca),
      account: { name: adDn("finder"), password: () => Promise.resolve(adPasswords.finder) },
      bindName: undefined,
      userBase: DOMAIN.dn,
      userFilter: "(&(objectClass=user)(sAMAccountName={user}))",
      nameAttribute: "sAMAccountName",
      groups: [{ group: adDn("everyone"), role: "operator" }],
      groupCheck: "nested",
      memberFilter: "(member={dn})",
      timeoutMs: 30_000,
      ...changes,
    };
    const witness = { failed: (error: LdapError) => void failures.push(error), recovered: () => {} };
    const ldap = new LdapAuthenticator(settings, systemClock, witness);
    const verdict = await ldap.authenticate({ kind: "basic", user, password });
    expect(failures).toEqual([]);
    return isRejection(verdict)
      ? verdict.reason
      : `${verdict.name} is ${verdict.grants.map(({ role }) => role).join(" and ")}`;
  }

  test("knows groups in groups where it is asked for them", async () => {
    expect(await ask("alice", adPasswords.alice)).toBe("alice is operator");
    expect(await ask("Alice", adPasswords.alice)).toBe("alice is operator");
    expect(await ask("alice", adPasswords.alice, { groupCheck: "memberof" })).toBe("in no group that has a role");
    expect(await ask("bob", adPasswords.bob)).toBe("in no group that has a role");
  });

  test("knows the groups that a user is in", async () => {
    const groups = [{ group: adDn("ops").toLowerCase(), role: "reader" }] as const;
    for (const groupCheck of ["memberof", "member", "nested"] as const)
      expect(await ask("alice", adPasswords.alice, { groupCheck, groups })).toBe("alice is reader");
  });

  test("takes StartTLS", async () => {
    expect(await ask("alice", adPasswords.alice, { servers: [parseLdapServer(ad.url, false)] })).toBe(
      "alice is operator",
    );
  });

  test.each([`{user}@${DOMAIN.realm}`, `${DOMAIN.netbios}\\{user}`])("takes %s in place of a DN", async (bindName) => {
    const direct = { account: undefined, bindName };
    expect(await ask("alice", adPasswords.alice, direct)).toBe("alice is operator");
    expect(await ask("alice", adPasswords.bob, direct)).toBe("wrong password");
    expect(await ask("nobody", adPasswords.bob, direct)).toBe("wrong password");
  });

  test("keeps everybody else out", async () => {
    expect(await ask("alice", adPasswords.bob)).toBe("wrong password");
    expect(await ask("alice", "")).toBe("empty password");
    for (const name of ["nobody", "*", "al*", "*)(objectClass=*", "alice)(sAMAccountName=bob"])
      expect(await ask(name, adPasswords.alice)).toBe("no such user");
  });
});
