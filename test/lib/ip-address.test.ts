import { describe, expect, test } from "bun:test";
import { holderOf, isLoopback, plainAddress } from "../../src/lib/ip-address.ts";

// Spellings: RFC 4291, section 2.2, and RFC 5952, section 4.
test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:C000:0201", "192.0.2.1"],
  ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
  ["2001:0DB8:0:0:0:0:0:0001", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["::1", "::1"],
])("%s is %s", (text, plain) => {
  expect(plainAddress(text)).toBe(plain);
});

test.each(["", "rack7", "192.0.2", "192.0.2.256", "::g", "[::1]", "1::2::3", "192.0.2.1:80", "unknown"])(
  "%p is no address",
  (text) => {
    expect(plainAddress(text)).toBeUndefined();
  },
);

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2:ffff::", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["not an address", "not an address"],
])("%s is held by %s", (address, holder) => {
  expect(holderOf(address)).toBe(holder);
});

describe("loopback", () => {
  test.each(["127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1", "localhost", "LOCALHOST"])("%s is", (host) => {
    expect(isLoopback(host)).toBeTrue();
  });
  test.each(["128.0.0.1", "0.0.0.0", "::", "localhost.example", "127.0.0.1.example", "::2"])("%s is not", (host) => {
    expect(isLoopback(host)).toBeFalse();
  });
});
