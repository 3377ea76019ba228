import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseAuthorization } from "../../src/auth/authorization.ts";

const basic = (text: string | Uint8Array) => `Basic ${Buffer.from(text).toString("base64")}`;

describe("what lets somebody in, perhaps", () => {
  test.each([
    // RFC 7617, sections 2 and 2.1.
    ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", { kind: "basic", user: "Aladdin", password: "open sesame" }],
    ["Basic dGVzdDoxMjPCow==", { kind: "basic", user: "test", password: "123£" }],
    ["basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", { kind: "basic", user: "Aladdin", password: "open sesame" }],
    [basic("alice:"), { kind: "basic", user: "alice", password: "" }],
    [basic("alice:a:b"), { kind: "basic", user: "alice", password: "a:b" }],
    // RFC 6750, section 2.1.
    ["Bearer mF_9.B5f-4.1JqM", { kind: "bearer", token: "mF_9.B5f-4.1JqM" }],
    ["BEARER   abc==", { kind: "bearer", token: "abc==" }],
  ])("%s", (header, credentials) => {
    expect(parseAuthorization(header)).toEqual(Object(credentials));
  });
});

test.each([
  "",
  "Basic",
  "Basic ",
  "Bearer",
  "Bearer a b",
  "Bearer a, Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
  "Bearer a\tb",
  "Bearer ü",
  "Digest username=x",
  "Negotiate abc",
  "Token abc",
  "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==, Bearer x",
  "Basic QWxh-GRp_jpv",
  "Basic =QWxh",
  basic("nocolon"),
  basic(":password alone"),
  basic("al\0ice:x"),
  basic("alice:x\0y"),
  basic("alice\n:x"),
  basic("alice:\u0085"),
  basic(new Uint8Array([0x61, 0x3a, 0xff])),
  basic(new Uint8Array([0x61, 0x3a, 0xc0, 0x80])),
  basic(`${"a".repeat(257)}:x`),
  basic(`a:${"x".repeat(1025)}`),
  `Bearer ${"a".repeat(20_000)}`,
])("%p says nothing", (header) => {
  expect(parseAuthorization(header)).toBe("malformed");
});

test("whatever it is, it is taken apart or refused, and nothing is thrown", () => {
  fc.assert(
    fc.property(fc.constantFrom("Basic ", "Bearer ", ""), fc.string({ unit: "binary" }), (scheme, rest) => {
      const found = parseAuthorization(scheme + rest);
      if (found === "malformed") return;
      if (found.kind === "basic") expect(found.user).toMatch(/^[^:\p{Cc}]+$/u);
      else expect(found.token).toMatch(/^[!-~]+$/);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const found = parseAuthorization(basic(bytes));
      if (found !== "malformed") expect(found.kind).toBe("basic");
    }),
  );
});
