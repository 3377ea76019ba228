import { expect, test } from "bun:test";
import { FakeBmc, type FakeBmcOptions } from "ipmi-js/testing";
import { probeBmc } from "../../../src/cli/doctor/probe-bmc.ts";
import { boardId } from "../../../src/devices/ids.ts";
import { Secret } from "../../../src/ipmi/secret.ts";
import { ManualClock } from "../../support/manual-clock.ts";

/** The class of messages in an RMCP header. @see IPMI 2.0, table 13-1 */
const CLASS_AT = 3;
const IPMI_CLASS = 7;

/** How a BMC is found that behaves like this, and what it was asked within sessions. */
async function probe(options: FakeBmcOptions, password = "secret", prepare: (bmc: FakeBmc) => void = () => undefined) {
  const clock = new ManualClock();
  const bmc = new FakeBmc({ username: "dcre", password: "secret", clock, ...options });
  prepare(bmc);
  const access = { username: "dcre", password: new Secret(password), privilege: "user", cipherSuite: "auto" } as const;
  const definition = { board: boardId(0x4000_0001), host: "fake", port: 623, name: "fake", ...access };
  const health = await clock.until(probeBmc(definition, { transport: bmc.transport, clock }));
  return { health, bmc, tookMs: clock.monotonicMs() };
}

test("a BMC that lets us in: a session is opened and closed, and nothing else is asked", async () => {
  const { health, bmc } = await probe({ listsCipherSuites: true });
  expect(health).toEqual({ kind: "ok", cipherSuite: 17 });
  // Close Session, and nothing before it. @see IPMI 2.0, table G-1
  expect(bmc.requests.map(({ netFn, command }) => [netFn, command])).toEqual([[0x06, 0x3c]]);
  expect([bmc.sessions, bmc.transports]).toEqual([0, 0]);
});

test("a wrong password, told in words and without it", async () => {
  const { health, bmc } = await probe({}, "hunter2");
  expect(health).toMatchObject({ kind: "refused", message: expect.stringContaining("the password of user") });
  expect(JSON.stringify(health)).not.toContain("hunter2");
  expect(bmc.transports).toBe(0);
});

test("a BMC that answers pings alone", async () => {
  const { health } = await probe({ fate: ({ bytes }) => (bytes[CLASS_AT] === IPMI_CLASS ? [] : [0]) });
  expect(health).toMatchObject({ kind: "no-session" });
});

test("nobody at all, in bounded time", async () => {
  const { health, tookMs } = await probe({ fate: () => [] });
  expect(health).toMatchObject({ kind: "silent" });
  expect(tookMs).toBeLessThanOrEqual(8500);
});

test("a BMC without room for another session", async () => {
  const { health, tookMs } = await probe({ maxSessions: 0 });
  expect(health).toMatchObject({ kind: "full" });
  expect(tookMs).toBeLessThanOrEqual(8500);
});
