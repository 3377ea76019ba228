import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { TrustedProxies, userOfProxy } from "../../src/auth/trusted-proxy.ts";
import { boardId } from "../../src/devices/ids.ts";

const proxies = new TrustedProxies(["192.0.2.1", "10.0.0.0/8", "fd00::/8"]);

test.each(["192.0.2.1", "::ffff:192.0.2.1", "10.255.0.3", "::ffff:10.1.1.1", "fd12::1", "FD12:0::1"])(
  "%s is trusted",
  (address) => expect(proxies.trusts(address)).toBeTrue(),
);
test.each([undefined, "", "192.0.2.2", "11.0.0.1", "fe00::1", "::1", "rack", "10.0.0.1.example"])(
  "%s is not",
  (address) => expect(proxies.trusts(address)).toBeFalse(),
);
test.each(["rack", "10.0.0.0/33", "::/129", "10.0.0.0/x", ""])("%p is no network", (network) => {
  expect(() => new TrustedProxies([network])).toThrow(RangeError);
});

describe("X-Forwarded-For", () => {
  test.each([
    ["from a proxy", "192.0.2.1", "203.0.113.7", "203.0.113.7"],
    ["through two proxies", "192.0.2.1", "203.0.113.7, 10.0.0.9", "203.0.113.7"],
    ["with what the caller has put in front", "192.0.2.1", "127.0.0.1, 203.0.113.7", "203.0.113.7"],
    ["with a proxy's address put in front", "192.0.2.1", "10.0.0.1, 203.0.113.7", "203.0.113.7"],
    ["with ports", "192.0.2.1", "203.0.113.7:4711", "203.0.113.7"],
    ["with IPv6 and a port", "192.0.2.1", "[2001:db8::7]:4711", "2001:db8::7"],
    ["that is nonsense", "192.0.2.1", "unknown", "192.0.2.1"],
    ["that is nonsense after a proxy", "192.0.2.1", "203.0.113.7, _hidden, 10.0.0.9", "10.0.0.9"],
    ["that is empty", "192.0.2.1", "", "192.0.2.1"],
    ["that is absent", "192.0.2.1", null, "192.0.2.1"],
    ["of nothing but proxies", "192.0.2.1", "10.0.0.1,10.0.0.2", "10.0.0.1"],
    ["from anybody else", "198.51.100.9", "127.0.0.1", "198.51.100.9"],
  ])("%s", (_, remote, header, origin) => {
    expect(proxies.originOf(remote, header)).toBe(origin);
  });

  test("of any length and content is looked at to some depth, and gives an address that stands in it, or the proxy's", () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(typeof proxies.originOf("192.0.2.1", header)).toBe("string");
      }),
    );
    const deep = `203.0.113.7,${"10.0.0.1,".repeat(1000)}10.0.0.2`;
    expect(proxies.originOf("192.0.2.1", deep)).toBe("10.0.0.1");
  });
});

const onBoards = (...ids: readonly number[]) => ({ role: "operator", boards: new Set(ids.map(boardId)) });

const faulty = { fault: expect.any(String) };

describe("whom a proxy names", () => {
  const operator = [{ role: "operator" }] as const;
  const fixed = { user: "X-User", roleHeader: null, grants: operator };
  const given = { ...fixed, roleHeader: "X-Role" };

  test.each([
    [fixed, { "x-user": "alice" }, { name: "alice", via: "proxy", grants: operator }],
    [fixed, { "x-user": "alice", "x-role": "admin" }, { name: "alice", via: "proxy", grants: operator }],
    [given, { "x-user": "alice", "x-role": "admin" }, { name: "alice", via: "proxy", grants: [{ role: "admin" }] }],
    [
      given,
      { "x-user": "alice", "x-role": "reader operator@10  operator@40000001" },
      { name: "alice", via: "proxy", grants: [{ role: "reader" }, onBoards(0x10), onBoards(0x4000_0001)] },
    ],
    [given, { "x-user": "alice", "x-role": "operator@" }, faulty],
    [given, { "x-user": "alice", "x-role": "operator@all" }, faulty],
    [given, { "x-user": "alice", "x-role": "operator@10 king" }, faulty],
    [given, { "x-user": "alice", "x-role": "operator@10,11" }, faulty],
    [given, { "x-user": "alice", "x-role": " " }, faulty],
    [given, { "x-user": "alice", "x-role": "Admin" }, faulty],
    [given, { "x-user": "alice", "x-role": "root" }, faulty],
    [given, { "x-user": "alice" }, faulty],
    [fixed, {}, undefined],
    [fixed, { "x-user": "" }, undefined],
    [given, { "x-role": "admin" }, undefined],
    [fixed, { "x-user": "a".repeat(257) }, faulty],
  ])("%j of %j", (names, headers, expected) => {
    const found: unknown = userOfProxy(new Headers(Object(headers)), names);
    expect(found).toEqual(expected);
  });

  test("that is not taken: the fault says what was expected, and not who it was", () => {
    expect(userOfProxy(new Headers({ "x-user": "alice", "x-role": "Admin" }), given)).toEqual({
      fault: 'found "Admin" in X-Role, expected roles with spaces between them: reader operator@10',
    });
    expect(userOfProxy(new Headers({ "x-user": "alice, bob" }), fixed)).toEqual({
      fault: "X-User does not hold one name",
    });
    const { fault } = Object(userOfProxy(new Headers({ "x-user": "a", "x-role": "x".repeat(5000) }), given));
    expect(fault.length).toBeLessThan(250);
  });

  test("a header that stands there twice names nobody: one may be the caller's own", () => {
    const headers = new Headers([
      ["x-user", "root"],
      ["x-user", "alice"],
    ]);
    expect(userOfProxy(headers, fixed)).toEqual(faulty);
    const twoRoles = new Headers([
      ["x-user", "alice"],
      ["x-role", "admin"],
      ["x-role", "reader"],
    ]);
    expect(userOfProxy(twoRoles, given)).toEqual(faulty);
    for (const header of ["operator@10,operator@11", "operator@10,11", "operator@10, 11", "reader, operator@10"])
      expect(userOfProxy(new Headers({ "x-user": "alice", "x-role": header }), given)).toEqual(faulty);
  });
});
