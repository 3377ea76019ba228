import { beforeEach, describe, expect, test } from "bun:test";
import { LoginThrottle, throttlePolicies } from "../../src/auth/throttle.ts";
import { ManualClock } from "../support/manual-clock.ts";

let clock: ManualClock;
let throttle: LoginThrottle;
beforeEach(() => {
  clock = new ManualClock();
  throttle = new LoginThrottle(clock);
});

/** Fails as often as that, waiting out every pause; returns how long each was. */
async function failures(
  times: number,
  address: (index: number) => string,
  name: (index: number) => string | undefined,
) {
  const pauses: number[] = [];
  for (let index = 0; index < times; index++) {
    throttle.begin(address(index), name(index));
    const pauseMs = throttle.pauseMs(address(index), name(index));
    pauses.push(pauseMs);
    await clock.advance(pauseMs);
  }
  return pauses;
}

const anyAddress = (index: number) => `192.0.2.${index}`;

test("a name may fail five times; then each pause is twice as long as the one before, up to a minute", async () => {
  expect(await failures(13, anyAddress, () => "alice")).toEqual([
    0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000,
  ]);
});

test("an address may fail ten times, whatever the names; its pauses grow to five minutes", async () => {
  const pauses = await failures(
    20,
    () => "192.0.2.1",
    (index) => `user${index}`,
  );
  expect(pauses.slice(0, 12)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 2000]);
  expect(pauses.at(-1)).toBe(300_000);
  expect(throttle.pauseMs("192.0.2.2", "user0")).toBe(0);
});

test("an IPv6 address stands for its network, an IPv4 address in IPv6 for itself", async () => {
  for (let index = 0; index < 11; index++) throttle.begin(`2001:db8::${index + 1}`, undefined);
  expect(throttle.pauseMs("2001:db8::ffff", undefined)).toBe(1000);
  expect(throttle.pauseMs("2001:db8:0:1::1", undefined)).toBe(0);
  for (let index = 0; index < 11; index++) throttle.begin("::ffff:192.0.2.1", undefined);
  expect(throttle.pauseMs("192.0.2.1", undefined)).toBe(1000);
});

test.each([
  // What directories take for the same name: case and width (RFC 4518, 2.2 and 2.3), what they pass over, and marks (Active Directory).
  ["alice", ["alice", "ALICE", "Alice", "aLICE", "ａｌｉｃｅ", "alice"]],
  ["josé", ["jose", "josé", "jose\u0301", "JÓSE", "j\u034fose", "jo\ufe0fse"]],
  ["strasse", ["straße", "STRASSE", "STRAẞE", "ſtraße", "strasse", "Strasſe"]],
])("%s is the same name in any case, width and accent", (name, spellings) => {
  for (const spelling of spellings) throttle.begin("192.0.2.1", spelling);
  expect(throttle.pauseMs("192.0.2.9", name)).toBe(1000);
});

test("of a name that grows when it is compared, no more is remembered than of others", () => {
  const name = "\ufdfa".repeat(85);
  for (let index = 0; index < 6; index++) throttle.begin(anyAddress(index), `${name}${index}`);
  expect(throttle.pauseMs("192.0.2.99", name)).toBe(1000);
});

test("a success makes a name's failures forgotten", async () => {
  await failures(5, anyAddress, () => "alice");
  throttle.begin("192.0.2.1", "alice").succeeded();
  expect(await failures(5, anyAddress, () => "alice")).toEqual([0, 0, 0, 0, 0]);
});

test("an address cannot buy itself free with a name of its own", async () => {
  await failures(
    12,
    () => "192.0.2.1",
    (index) => `user${index}`,
  );
  throttle.begin("192.0.2.1", "mallory").succeeded();
  throttle.begin("192.0.2.1", "user20");
  expect(throttle.pauseMs("192.0.2.1", "user21")).toBe(4000);
});

test("tries at once count before any of them has failed", () => {
  for (let index = 0; index < 6; index++) throttle.begin(anyAddress(index), "alice");
  expect(throttle.pauseMs("192.0.2.99", "alice")).toBe(1000);
});

test("a try of which nothing was found out counts for nothing", () => {
  const attempts = Array.from({ length: 20 }, () => throttle.begin("192.0.2.1", "alice"));
  for (const attempt of attempts) attempt.undecided();
  expect([throttle.pauseMs("192.0.2.1", "alice"), throttle.size]).toEqual([0, 0]);
});

describe("somebody who fails with another's name", () => {
  test("does not shut them out where they have logged in before", async () => {
    throttle.begin("198.51.100.1", "alice").succeeded();
    await failures(9, anyAddress, () => "alice");
    throttle.begin("192.0.2.77", "alice");
    expect(throttle.pauseMs("192.0.2.77", "alice")).toBeGreaterThan(0);
    expect(throttle.pauseMs("198.51.100.1", "alice")).toBe(0);
  });
});

test("failures are forgotten after a quarter of an hour without one", async () => {
  await failures(8, anyAddress, () => "alice");
  await clock.advance(throttlePolicies.name.forgetAfterMs);
  expect(await failures(5, anyAddress, () => "alice")).toEqual([0, 0, 0, 0, 0]);
});

test("however many addresses and names fail, only so many are remembered, the last ones", () => {
  for (let index = 0; index < 25_000; index++)
    throttle.begin(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, `u${index}`);
  expect(throttle.size).toBe(throttlePolicies.address.capacity + throttlePolicies.name.capacity);
});
