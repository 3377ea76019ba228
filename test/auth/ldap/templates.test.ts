import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AndFilter, EqualityFilter, FilterParser } from "ldapts";
import { parseLdapServer } from "../../../src/auth/ldap/ldap-server.ts";
import { fillBindName, fillFilter } from "../../../src/auth/ldap/templates.ts";

const name = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  fc.string({
    unit: fc.constantFrom("*", "(", ")", "\\", "=", ",", "&", "|", "!", "{", "}", "$", "u", "é", "😀"),
    minLength: 1,
  }),
);

describe("a filter's template", () => {
  test("makes of any name a value and nothing else", () => {
    fc.assert(
      fc.property(name, (user) => {
        const filter = FilterParser.parseString(fillFilter("(&(objectClass=person)(uid={user}))", { user }));
        if (!(filter instanceof AndFilter)) throw new TypeError("no longer an and");
        const [, second] = filter.filters;
        if (!(second instanceof EqualityFilter)) throw new TypeError("no longer a comparison");
        expect(filter.filters).toHaveLength(2);
        expect(second).toMatchObject({ attribute: "uid", value: user });
      }),
    );
  });

  test("is filled as RFC 4515 has it, once", () => {
    // Section 4 of the RFC.
    expect(fillFilter("(o={user})", { user: "Parens R Us (for all your parenthetical needs)" })).toBe(
      String.raw`(o=Parens R Us \28for all your parenthetical needs\29)`,
    );
    expect(fillFilter("(cn=*{user}*)", { user: "*" })).toBe(String.raw`(cn=*\2a*)`);
    expect(fillFilter("(filename={user})", { user: "C:\\MyFile" })).toBe(String.raw`(filename=C:\5cMyFile)`);
    expect(fillFilter("(bin={user})", { user: "\0" })).toBe(String.raw`(bin=\00)`);
    expect(fillFilter("(|(a={dn})(b={user}))", { dn: "{user}", user: "{dn}" })).toBe("(|(a={user})(b={dn}))");
    expect(fillFilter("(a={constructor})", {})).toBe("(a={constructor})");
  });
});

describe("a bind's template", () => {
  test("makes of any name one value of a DN", () => {
    fc.assert(
      fc.property(name, (user) => {
        const dn = fillBindName("uid={user},dc=example", user) ?? "";
        const value = dn.slice("uid=".length, -",dc=example".length);
        expect(dn).toBe(`uid=${value},dc=example`);
        // RFC 4514, section 2.4: what is left can neither end the value nor be anything but what it is.
        expect(value).toMatch(/^(?:[\p{L}\p{N}._@-]|\\[\da-f]{2})+$/u);
        const bytes = value.replaceAll(
          /\\([\da-f]{2})|([^\\]+)/gu,
          (_, hex: string | undefined, plain: string) => hex ?? Buffer.from(plain).toString("hex"),
        );
        expect(bytes).toBe(Buffer.from(user).toString("hex"));
      }),
    );
  });

  test("is filled as RFC 4514 has it", () => {
    expect(fillBindName("cn={user},dc=net", "Before\rAfter")).toBe(String.raw`cn=Before\0dAfter,dc=net`);
    expect(fillBindName("cn={user},dc=net", 'James "Jim" Smith, III')).toBe(
      String.raw`cn=James\20\22Jim\22\20Smith\2c\20III,dc=net`,
    );
    expect(fillBindName("EXAMPLE\\{user}", "$&alice")).toBeUndefined();
    expect(fillBindName("EXAMPLE\\{user}", "alice")).toBe("EXAMPLE\\alice");
  });
});

describe("a server's URL", () => {
  test("says where it is and how it is protected", () => {
    expect(parseLdapServer("ldaps://dc1.example.org", false)).toMatchObject({
      host: "dc1.example.org",
      port: 636,
      security: "tls",
    });
    expect(parseLdapServer("ldap://dc1", false)).toMatchObject({ port: 389, security: "start-tls" });
    expect(parseLdapServer("ldap://dc1:3890/", true)).toMatchObject({ port: 3890, security: "plain" });
    // TLS from the first byte is never given up.
    expect(parseLdapServer("ldaps://[2001:db8::1]:7", true)).toMatchObject({
      host: "2001:db8::1",
      port: 7,
      security: "tls",
    });
  });

  test.each([
    "dc1",
    "http://dc1",
    "ldap://",
    "ldap://u@dc1",
    "ldap://u:p@dc1",
    "ldap://dc1/dc=x",
    "ldap://dc1?x",
    "ldap://dc1#x",
  ])("is not %s", (url) => {
    expect(() => parseLdapServer(url, false)).toThrow(TypeError);
  });
});
