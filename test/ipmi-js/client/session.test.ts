import { describe, expect, test } from "bun:test";
import { answer, FakeBmc, silence } from "../../../src/ipmi-js/testing.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { echo, echoes, failureOf, fakeClient, strike } from "./fake-client.ts";

/** Open Session with HMAC-SHA256. */
const isFor17 = (bytes: Uint8Array) => bytes[5] === 0x10 && bytes[16 + 12] === 3;

describe("a lost session", () => {
  test("is opened again, and what may be repeated is repeated, without the caller noticing", async () => {
    await using fake = fakeClient();
    await fake.client.execute(echo, { value: 1 });
    fake.bmc.loseSessions();
    expect(await fake.clock.until(fake.client.execute(echo, { value: 2 }))).toEqual({ value: 2 });
    expect(fake.client.counters).toMatchObject({ sessionsOpened: 2, sessionsLost: 1 });
    expect(fake.bmc.transports).toBe(1);
  });

  test("is noticed sooner after a long silence", async () => {
    await using fake = fakeClient({
      timing: { firstRetransmitMs: 100, growth: 1, attempts: 9, attemptsWhenSuspect: 2 },
    });
    await fake.client.execute(echo, { value: 1 });
    await fake.clock.advance(30_000);
    fake.bmc.loseSessions();
    expect(await fake.clock.until(fake.client.execute(echo, { value: 2 }))).toEqual({ value: 2 });
    expect(fake.clock.monotonicMs()).toBe(30_200);
  });

  test("is noticed also by callers who never wait that long", async () => {
    await using fake = fakeClient();
    await fake.client.execute(echo, { value: 1 });
    fake.bmc.loseSessions();
    for (let call = 0; call < 3; call++) {
      const failure = await fake.clock.until(failureOf(fake.client.execute(echo, { value: 2 }, { deadlineMs: 100 })));
      expect(failure).toMatchObject({ code: "timeout", detail: { attempts: 1 } });
    }
    expect(await fake.clock.until(fake.client.execute(echo, { value: 3 }, { deadlineMs: 100 }))).toEqual({ value: 3 });
  });

  test("fails what must not be carried out twice only where it was under way", async () => {
    await using fake = fakeClient({ window: 2, timing: { deadlineMs: 60_000 } });
    await fake.client.connect();
    fake.bmc.answer(answer(echo, () => silence));
    const lost = fake.client.execute(echo, { value: 1 });
    const waiting = fake.client.execute(strike, { value: 2 });
    // It was waiting when the session was lost, so it has not been sent.
    await fake.clock.advance(8_000);
    fake.bmc.answer(echoes);
    expect(await fake.clock.until(Promise.all([lost, waiting]))).toEqual([{ value: 1 }, { value: 2 }]);
    expect(fake.carriedOut().filter((code) => code === strike.code)).toHaveLength(1);
  });

  test("is given up where the next one is no better", async () => {
    await using fake = fakeClient({ timing: { deadlineMs: 60_000 } });
    await fake.client.connect();
    fake.bmc.answer(answer(echo, () => silence));
    const failure = await fake.clock.until(failureOf(fake.client.execute(echo, { value: 1 })));
    expect(failure).toMatchObject({ code: "timeout", detail: { command: "Echo", attempts: 10 } });
    expect(fake.client.counters).toMatchObject({ sessionsOpened: 2, sessionsLost: 2 });
    // Each one was closed, in case that it was alive.
    expect(fake.bmc.sessions).toBe(0);
  });

  test("whose BMC does not come back fails all who wait, once", async () => {
    await using fake = fakeClient();
    await fake.client.connect();
    fake.bmc.isSilent = true;
    const calls = [1, 2, 3].map((value) => failureOf(fake.client.execute(echo, { value })));
    const failures = await fake.clock.until(Promise.all(calls));
    for (const failure of failures)
      expect(failure).toMatchObject({ code: "timeout", detail: { step: "open-session" } });
    expect(fake.client.state).toBe("idle");
    fake.bmc.isSilent = false;
    expect(await fake.clock.until(fake.client.execute(echo, { value: 4 }))).toEqual({ value: 4 });
  });
});

describe("setting a session up", () => {
  test("is shared by all who wait for it", async () => {
    await using fake = fakeClient({ window: 4 });
    const calls = [1, 2, 3].map((value) => fake.client.execute(echo, { value }));
    expect(fake.client.state).toBe("connecting");
    expect(await fake.clock.until(Promise.all(calls))).toEqual([{ value: 1 }, { value: 2 }, { value: 3 }]);
    expect(fake.client.counters.sessionsOpened).toBe(1);
  });

  test("says that the password is wrong, to all who wait", async () => {
    await using fake = fakeClient({ password: "another" });
    const calls = [1, 2].map((value) => failureOf(fake.client.execute(echo, { value })));
    for (const failure of await fake.clock.until(Promise.all(calls))) {
      expect(failure).toMatchObject({ code: "authentication", detail: { step: "rakp-1-2", address: "fake:623" } });
      expect(failure.message).toContain("password");
      expect(failure.message).not.toContain("another");
    }
    expect(fake.bmc.transports).toBe(0);
  });

  test("is tried again with growing pauses where the BMC has no room", async () => {
    await using fake = fakeClient({ timing: { noResourcesPauseMs: 1_000 } });
    fake.bmc.maxSessions = 0;
    const call = fake.client.execute(echo, { value: 1 });
    await fake.clock.advance(2_900);
    expect(fake.client.counters.sent).toBe(2);
    fake.bmc.maxSessions = 1;
    expect(await fake.clock.until(call)).toEqual({ value: 1 });
    expect(fake.clock.monotonicMs()).toBe(3_000);
  });

  test("fails with no-resources by its deadline where there is never room", async () => {
    await using fake = fakeClient({ timing: { deadlineMs: 10_000 } }, { maxSessions: 0 });
    const connecting = failureOf(fake.client.connect());
    expect(await fake.clock.until(connecting)).toMatchObject({ code: "no-resources", detail: { statusCode: 1 } });
    expect(fake.clock.monotonicMs()).toBeLessThanOrEqual(10_000);
  });

  test("survives the loss of any one of its datagrams", async () => {
    for (let lost = 0; lost < 8; lost++) {
      await using fake = fakeClient();
      fake.bmc.fate = ({ direction, index }) =>
        index === lost >> 1 && direction === (lost & 1 ? "to-bmc" : "to-client") ? [] : [0];
      expect(await fake.clock.until(fake.client.execute(echo, { value: lost }))).toEqual({ value: lost });
    }
  });

  test("reports a host that is unknown", async () => {
    const cause = new Error("getaddrinfo ENOTFOUND fake");
    await using fake = fakeClient({ transport: () => Promise.reject(cause) });
    const failure = await failureOf(fake.client.execute(echo, { value: 1 }));
    expect(failure).toMatchObject({ code: "network", cause });
    expect(failure.message).toContain("ENOTFOUND");
  });

  test("says that the host refuses, where nothing else is heard", async () => {
    await using fake = fakeClient({}, { fate: () => [] });
    const connecting = failureOf(fake.client.connect());
    await fake.clock.advance(1_000);
    fake.bmc.refuse(new Error("recvmsg ECONNREFUSED"));
    expect((await fake.clock.until(connecting)).message).toContain("ECONNREFUSED");
    expect(fake.client.counters.refused).toBe(1);
  });

  test("refuses names, passwords and suites that there is no room for before anything is sent", () => {
    for (const options of [
      { username: "seventeen letters" },
      { password: "twenty-one characters" },
      { kg: "twenty-one characters" },
      { cipherSuite: 4 },
      { port: 0 },
      { host: "" },
      { window: 17 },
      { timing: { attempts: 0 } },
      { ipmiVersion: "1.5", password: "seventeen letters" },
    ] as const) {
      expect(() => fakeClient(options)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    }
  });
});

describe("cipher suites", () => {
  test("the strongest of the BMC's list is taken, and remembered", async () => {
    await using fake = fakeClient({ cipherSuite: "auto" }, { listsCipherSuites: true, cipherSuites: [0, 3, 17, 2] });
    await fake.clock.until(fake.client.connect());
    expect(fake.client.cipherSuite).toBe(17);
    const { sent } = fake.client.counters;
    fake.bmc.loseSessions();
    await fake.clock.until(fake.client.execute(echo, { value: 1 }));
    expect(fake.client.cipherSuite).toBe(17);
    // Close Session, the set-up, and Echo: no list this time.
    expect(fake.client.counters.sent - sent).toBe(5 + 1 + 4 + 1);
  });

  test("17 is tried, then 3, where the BMC does not list them", async () => {
    await using fake = fakeClient({ cipherSuite: "auto" }, { cipherSuites: [3] });
    await fake.clock.until(fake.client.connect());
    expect(fake.client.cipherSuite).toBe(3);
    // It answers other questions: so nobody waits for the list.
    expect(fake.clock.monotonicMs()).toBeLessThanOrEqual(100);
  });

  test("3 is tried where the BMC does not even refuse 17", async () => {
    await using fake = fakeClient(
      { cipherSuite: "auto" },
      { fate: ({ direction, bytes }) => (direction === "to-bmc" && isFor17(bytes) ? [] : [0]) },
    );
    await fake.clock.until(fake.client.connect());
    expect(fake.client.cipherSuite).toBe(3);
  });

  test("0 is never taken unless it is asked for", async () => {
    await using fake = fakeClient({ cipherSuite: "auto" }, { listsCipherSuites: true, cipherSuites: [0] });
    expect(await fake.clock.until(failureOf(fake.client.connect()))).toMatchObject({ code: "unsupported" });
    await using careless = fakeClient({ cipherSuite: 0, password: "" }, { cipherSuites: [0] });
    expect(await careless.client.execute(echo, { value: 1 })).toEqual({ value: 1 });
  });

  test("are chosen anew where the BMC has others than before", async () => {
    const clock = new ManualClock();
    const access = { username: "admin", password: "secret", answers: [echoes], clock };
    const [before, after] = [
      new FakeBmc({ ...access, cipherSuites: [3] }),
      new FakeBmc({ ...access, cipherSuites: [17] }),
    ];
    let present = before;
    await using fake = fakeClient({
      clock,
      cipherSuite: "auto",
      transport: (peer, listener) => present.transport(peer, listener),
    });
    await clock.until(fake.client.connect());
    expect(fake.client.cipherSuite).toBe(3);
    present = after;
    before.isSilent = true;
    expect(await clock.until(fake.client.execute(echo, { value: 1 }))).toEqual({ value: 1 });
    expect(fake.client.cipherSuite).toBe(17);
    await clock.until(fake.client.close());
  });
});

describe("IPMI versions", () => {
  test("auto asks first, and takes 2.0 where the BMC has it", async () => {
    await using fake = fakeClient({ ipmiVersion: "auto" });
    await fake.clock.until(fake.client.connect());
    expect(fake.client.counters.sent).toBe(5);
  });
});

describe("deadlines and signals", () => {
  test("every call ends by its deadline, whatever it waits for", async () => {
    await using fake = fakeClient({}, { fate: () => [] });
    const failure = await fake.clock.until(failureOf(fake.client.execute(strike, { value: 1 }, { deadlineMs: 250 })));
    expect(failure).toMatchObject({ code: "timeout", detail: { attempts: 0, mayHaveBeenCarriedOut: false } });
    expect(fake.clock.monotonicMs()).toBe(250);
  });

  test("a signal ends a call at once, and its late answer is dropped", async () => {
    await using fake = fakeClient();
    await fake.client.connect();
    fake.bmc.fate = ({ direction }) => (direction === "to-client" ? [50] : [0]);
    const abort = new AbortController();
    const call = failureOf(fake.client.execute(strike, { value: 1 }, { signal: abort.signal }));
    await settle();
    abort.abort();
    expect(await call).toMatchObject({ code: "cancelled", detail: { mayHaveBeenCarriedOut: true } });
    const next = fake.client.execute(echo, { value: 2 });
    expect(await fake.clock.until(next)).toEqual({ value: 2 });
    expect(fake.client.counters.dropped.late).toBe(1);
  });

  test("a call that waits leaves the queue, and nothing is sent for it", async () => {
    await using fake = fakeClient();
    await fake.client.connect();
    fake.bmc.fate = ({ direction }) => (direction === "to-client" ? [50] : [0]);
    const abort = new AbortController();
    const first = fake.client.execute(echo, { value: 1 });
    const second = failureOf(fake.client.execute(strike, { value: 2 }, { signal: abort.signal }));
    abort.abort();
    expect(await second).toMatchObject({ code: "cancelled", detail: { mayHaveBeenCarriedOut: false } });
    await fake.clock.until(first);
    expect(fake.carriedOut()).toEqual([echo.code]);
    const late = failureOf(fake.client.execute(echo, { value: 3 }, { signal: abort.signal }));
    expect(await late).toMatchObject({ code: "cancelled" });
  });

  test("more calls than may wait are refused", async () => {
    await using fake = fakeClient({ queueLimit: 2 });
    const calls = [1, 2].map((value) => fake.client.execute(echo, { value }));
    expect(await failureOf(fake.client.execute(echo, { value: 3 }))).toMatchObject({ code: "busy" });
    expect(await fake.clock.until(Promise.all(calls))).toEqual([{ value: 1 }, { value: 2 }]);
  });
});

describe("keeping a session alive", () => {
  test("asks for the device's id after a silence, and notices that the session is lost", async () => {
    await using fake = fakeClient({ keepAliveMs: 20_000 });
    await fake.client.connect();
    await fake.clock.advance(19_999);
    const before = fake.bmc.requests.length;
    await fake.clock.advance(41_000);
    const asked = fake.bmc.requests.slice(before);
    expect(asked.map(({ netFn, command }) => `${netFn}/${command}`)).toEqual(Array(3).fill("6/1"));
    fake.bmc.loseSessions();
    await fake.clock.advance(30_000);
    expect(fake.client.state).toBe("idle");
    expect(fake.client.counters.sessionsLost).toBe(1);
  });

  test("is off by default", async () => {
    await using fake = fakeClient();
    await fake.client.connect();
    const before = fake.bmc.requests.length;
    await fake.clock.advance(100_000);
    expect(fake.bmc.requests).toHaveLength(before);
    expect(fake.clock.timers).toBe(0);
  });
});

describe("close", () => {
  test("closes the session at the BMC, and leaves no transport and no timer", async () => {
    const fake = fakeClient({ keepAliveMs: 1_000 });
    await fake.client.execute(echo, { value: 1 });
    expect(fake.bmc.sessions).toBe(1);
    await fake.client.close();
    await fake.client.close();
    expect(fake.bmc.sessions).toBe(0);
    expect(fake.client.state).toBe("closed");
    expect(fake.bmc.transports).toBe(0);
    expect(fake.clock.timers).toBe(0);
    expect(await failureOf(fake.client.execute(echo, { value: 1 }))).toMatchObject({ code: "closed" });
    expect(await failureOf(fake.client.connect())).toMatchObject({ code: "closed" });
  });

  test("fails what waits and what is under way, and says which may have been carried out", async () => {
    const fake = fakeClient();
    await fake.client.connect();
    fake.bmc.answer(answer(strike, () => silence));
    const underWay = failureOf(fake.client.execute(strike, { value: 1 }));
    const waiting = failureOf(fake.client.execute(strike, { value: 2 }));
    await settle();
    await fake.clock.until(fake.client.close());
    expect(await underWay).toMatchObject({ code: "closed", detail: { mayHaveBeenCarriedOut: true } });
    expect(await waiting).toMatchObject({ code: "closed", detail: { mayHaveBeenCarriedOut: false } });
    expect(fake.bmc.sessions).toBe(0);
  });

  test("gives up politely where the BMC does not answer", async () => {
    const fake = fakeClient({ timing: { closeMs: 900 } });
    await fake.client.connect();
    fake.bmc.isSilent = true;
    await fake.clock.until(fake.client.close());
    expect(fake.clock.monotonicMs()).toBe(900);
    expect(fake.bmc.transports).toBe(0);
    expect(fake.clock.timers).toBe(0);
  });

  test("while a handshake is under way leaves nothing, at the BMC either", async () => {
    // Open Session, RAKP 1, RAKP 3, Set Session Privilege Level: the answer to each is late once.
    for (let late = 0; late < 4; late++) {
      const fake = fakeClient();
      fake.bmc.fate = ({ direction, index }) => (direction === "to-client" && index >= late ? [400] : [0]);
      const call = failureOf(fake.client.execute(echo, { value: 1 }));
      await settle();
      await fake.clock.until(fake.client.close());
      expect(await call).toMatchObject({ code: "closed" });
      expect(fake.bmc.transports).toBe(0);
      await fake.clock.advance(400);
      expect(fake.clock.timers).toBe(0);
      expect(fake.bmc.sessions).toBe(0);
    }
  });

  test("does not wait for a name server", async () => {
    const fake = fakeClient({ transport: () => new Promise(() => {}) });
    const call = failureOf(fake.client.execute(echo, { value: 1 }));
    await fake.client.close();
    expect(await call).toMatchObject({ code: "closed" });
  });
});

describe("bridged requests", () => {
  const target = { channel: 0, address: 0x82 };
  const controllers = new Map([[0x82, [answer(echo, ({ value }) => ({ value: value + 1 }))]]]);

  test("reach another controller, whichever way the BMC hands its answer back", async () => {
    for (const embedsBridgedReplies of [false, true]) {
      await using fake = fakeClient({}, { controllers, embedsBridgedReplies });
      expect(await fake.client.execute(echo, { value: 1 }, { target })).toEqual({ value: 2 });
      const [sent] = fake.bmc.requests.slice(-1);
      expect(sent).toMatchObject({ netFn: 0x06, command: 0x34 });
      // Channel 0 with tracking; then the message for 82h, from the BMC. Checksums: two's complement of the sums.
      const sequence = sent!.sequence << 2;
      const inner = [0x20, sequence, 0x01, 0x01];
      const checksum = -inner.reduce((sum, byte) => sum + byte, 0) & 0xff;
      expect([...sent!.data]).toEqual([0x40, 0x82, 0xc0, 0xbe, ...inner, checksum]);
    }
  });

  test("to a controller that is not there fail with the BMC's completion code", async () => {
    await using fake = fakeClient({}, { controllers });
    const failure = await failureOf(fake.client.execute(echo, { value: 1 }, { target: { channel: 0, address: 0x84 } }));
    expect(failure).toMatchObject({ code: "completion-code", detail: { completionCode: 0x83 } });
  });
});

describe("ping", () => {
  test("is answered without a session", async () => {
    await using fake = fakeClient();
    expect(await fake.client.ping()).toMatchObject({ supportsIpmi: true, asfVersion: 1 });
    expect(fake.client.state).toBe("idle");
    expect(fake.bmc.transports).toBe(0);
  });

  test("ends by its deadline, and with its signal", async () => {
    await using fake = fakeClient({}, { fate: () => [] });
    expect(await fake.clock.until(failureOf(fake.client.ping({ deadlineMs: 700 })))).toMatchObject({
      code: "timeout",
      detail: { attempts: 2 },
    });
    expect(fake.clock.monotonicMs()).toBe(700);
    const signal = AbortSignal.abort();
    expect(await failureOf(fake.client.ping({ signal }))).toMatchObject({ code: "cancelled" });
    expect(fake.bmc.transports).toBe(0);
  });
});
