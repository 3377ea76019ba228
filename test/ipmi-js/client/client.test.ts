import { describe, expect, test } from "bun:test";
import { answer, answerBytes, Refusal, silence } from "../../../src/ipmi-js/testing.ts";
import { settle } from "../../support/manual-clock.ts";
import { echo, failureOf, fakeClient, strike } from "./fake-client.ts";

/** Datagrams of a session's set-up: Open Session, RAKP 1, RAKP 3, Set Session Privilege Level. */
const SET_UP = 4;

describe("a call", () => {
  test("opens the session, and the next one finds it open", async () => {
    await using fake = fakeClient();
    expect(fake.client.state).toBe("idle");
    expect(await fake.client.execute(echo, { value: 7 })).toEqual({ value: 7 });
    expect(fake.client.state).toBe("open");
    expect(await fake.client.execute(echo, { value: 8 })).toEqual({ value: 8 });
    expect(fake.client.counters).toMatchObject({ sent: SET_UP + 2, received: SET_UP + 2, sessionsOpened: 1 });
  });

  test("is sent again under the same rqSeq until an answer comes, at growing intervals", async () => {
    await using fake = fakeClient({ timing: { firstRetransmitMs: 100, growth: 2 } });
    await fake.client.connect();
    const sentAtMs: number[] = [];
    fake.bmc.fate = ({ direction }) => {
      if (direction === "to-client") return [0];
      sentAtMs.push(fake.clock.monotonicMs());
      return sentAtMs.length < 4 ? [] : [0];
    };
    expect(await fake.clock.until(fake.client.execute(echo, { value: 1 }))).toEqual({ value: 1 });
    expect(sentAtMs).toEqual([0, 100, 300, 700]);
    expect(fake.client.counters.retransmitted).toBe(3);
  });

  test("bears one rqSeq and session sequence numbers of its own when it is sent again", async () => {
    await using fake = fakeClient({ timing: { firstRetransmitMs: 100, growth: 1 } });
    await fake.client.connect();
    let answersToLose = 2;
    fake.bmc.fate = ({ direction }) => (direction === "to-client" && answersToLose-- > 0 ? [] : [0]);
    await fake.clock.until(fake.client.execute(echo, { value: 1 }));
    // The BMC has accepted all three: it drops session sequence numbers that it has seen.
    const echoed = fake.bmc.requests.filter(({ netFn }) => netFn === 0x30);
    expect(echoed.map(({ sequence }) => sequence)).toEqual(Array(3).fill(echoed[0]?.sequence));
  });

  test("takes no late answer for its own", async () => {
    await using fake = fakeClient({ timing: { firstRetransmitMs: 100 } });
    await fake.client.connect();
    let answers = 0;
    // The first answer comes after the second one's.
    fake.bmc.fate = ({ direction }) => (direction === "to-client" && answers++ === 0 ? [150] : [0]);
    expect(await fake.clock.until(fake.client.execute(echo, { value: 1 }))).toEqual({ value: 1 });
    const next = fake.client.execute(echo, { value: 2 });
    await fake.clock.advance(100);
    expect(await next).toEqual({ value: 2 });
    expect(fake.client.counters.dropped.late).toBe(1);
  });

  test("counts what is doubled, damaged, or comes from a session that is none", async () => {
    await using fake = fakeClient();
    await fake.client.connect();
    const seen: Uint8Array[] = [];
    fake.bmc.fate = ({ direction, bytes }) => {
      if (direction === "to-client") seen.push(bytes);
      return [0, 0];
    };
    await fake.client.execute(echo, { value: 1 });
    await settle();
    const [answered] = seen;
    if (!answered) throw new Error("nothing was answered");
    fake.bmc.inject(answered.subarray(0, answered.length - 3));
    const flipped = Uint8Array.from(answered);
    flipped[20] = flipped[20]! ^ 1;
    fake.bmc.inject(flipped);
    const foreign = Uint8Array.from(answered);
    foreign[6] = foreign[6]! ^ 1;
    fake.bmc.inject(foreign);
    fake.bmc.inject(Uint8Array.of(1, 2, 3));
    expect(fake.client.counters.dropped).toMatchObject({
      replayed: 1,
      "bad-authentication": 2,
      "foreign-session": 1,
      malformed: 1,
    });
  });

  test("says which completion code refused it, in words", async () => {
    await using fake = fakeClient();
    fake.bmc.answer(answer(echo, () => new Refusal(0xd4)));
    const failure = await failureOf(fake.client.execute(echo, { value: 1 }));
    expect(failure).toMatchObject({ code: "completion-code", detail: { completionCode: 0xd4, command: "Echo" } });
    expect(failure.message).toContain("insufficient privilege");
  });

  test("tells an answer that is too short", async () => {
    await using fake = fakeClient();
    fake.bmc.answer(answerBytes(echo, () => ({ completionCode: 0, data: new Uint8Array() })));
    const failure = await failureOf(fake.client.execute(echo, { value: 1 }));
    expect(failure).toMatchObject({ code: "malformed-reply", detail: { received: "0 bytes" } });
  });

  test("that cannot be encoded is refused, and nothing is sent", async () => {
    await using fake = fakeClient();
    expect(await failureOf(fake.client.execute(echo, { value: 256 }))).toMatchObject({ code: "invalid-argument" });
    expect(await failureOf(fake.client.execute(echo, { value: 1 }, { lun: 4 }))).toMatchObject({
      code: "invalid-argument",
    });
    const target = { channel: 16, address: 0x82 };
    expect(await failureOf(fake.client.execute(echo, { value: 1 }, { target }))).toMatchObject({
      code: "invalid-argument",
    });
    expect(fake.client.counters.sent).toBe(0);
  });
});

describe("a busy BMC", () => {
  test("is asked again after a pause, also with what must not be carried out twice", async () => {
    await using fake = fakeClient({ timing: { busyPauseMs: 50 } });
    await fake.client.connect();
    let asked = 0;
    fake.bmc.answer(answer(strike, ({ value }) => (++asked < 3 ? new Refusal(0xc0) : { value })));
    expect(await fake.clock.until(fake.client.execute(strike, { value: 1 }))).toEqual({ value: 1 });
    expect(fake.clock.monotonicMs()).toBe(50 + 100);
    expect(fake.client.counters.busy).toBe(2);
    const sequences = fake.bmc.requests.filter(({ netFn }) => netFn === 0x30).map(({ sequence }) => sequence);
    expect(new Set(sequences).size).toBe(3);
  });

  test("that stays busy is an error with its code", async () => {
    await using fake = fakeClient({ timing: { busyRetries: 2 } });
    await fake.client.connect();
    fake.bmc.answer(answer(echo, () => new Refusal(0xc0)));
    const failure = await fake.clock.until(failureOf(fake.client.execute(echo, { value: 1 })));
    expect(failure).toMatchObject({ code: "completion-code", detail: { completionCode: 0xc0 } });
    expect(fake.carriedOut()).toHaveLength(3);
  });

  test("is asked as often as the call says", async () => {
    await using fake = fakeClient();
    await fake.client.connect();
    fake.bmc.answer(answer(echo, () => new Refusal(0xc0)));
    expect(await failureOf(fake.client.execute(echo, { value: 1 }, { busyRetries: 0 }))).toMatchObject({
      detail: { completionCode: 0xc0 },
    });
    expect(fake.carriedOut()).toHaveLength(1);
  });

  test("has carried out nothing when the deadline comes in a pause", async () => {
    await using fake = fakeClient({ timing: { busyPauseMs: 1000 } });
    await fake.client.connect();
    fake.bmc.answer(answer(strike, () => new Refusal(0xc0)));
    const failure = await fake.clock.until(failureOf(fake.client.execute(strike, { value: 1 }, { deadlineMs: 500 })));
    expect(failure).toMatchObject({ code: "timeout", detail: { attempts: 1, mayHaveBeenCarriedOut: false } });
  });

  test("without a reason is asked once more, if that does no harm", async () => {
    await using fake = fakeClient();
    await fake.client.connect();
    let asked = 0;
    fake.bmc.answer(answer(echo, ({ value }) => (++asked === 1 ? new Refusal(0xff) : { value })));
    fake.bmc.answer(answer(strike, () => new Refusal(0xff)));
    expect(await fake.clock.until(fake.client.execute(echo, { value: 1 }))).toEqual({ value: 1 });
    expect(await fake.clock.until(failureOf(fake.client.execute(strike, { value: 1 })))).toMatchObject({
      detail: { completionCode: 0xff },
    });
    expect(fake.carriedOut()).toEqual([echo.code, echo.code, strike.code]);
  });
});

describe("a command that must not be carried out twice", () => {
  test("is sent once, and nobody knows what became of it", async () => {
    await using fake = fakeClient({ timing: { deadlineMs: 60_000 } });
    await fake.client.connect();
    fake.bmc.answer(answer(strike, () => silence));
    const failure = await fake.clock.until(failureOf(fake.client.execute(strike, { value: 1 })));
    expect(failure).toMatchObject({ code: "timeout", detail: { attempts: 1, mayHaveBeenCarriedOut: true } });
    expect(fake.carriedOut()).toEqual([strike.code]);
    // Something harmless was answered: the session is alive, and kept.
    expect(await fake.client.execute(echo, { value: 2 })).toEqual({ value: 2 });
    expect(fake.client.counters.sessionsOpened).toBe(1);
  });

  test("is sent once, and not again when the session is lost with it", async () => {
    await using fake = fakeClient({ timing: { deadlineMs: 60_000 } });
    await fake.client.connect();
    fake.bmc.fate = ({ direction }) => (direction === "to-client" ? [] : [0]);
    const failure = await fake.clock.until(failureOf(fake.client.execute(strike, { value: 1 })));
    expect(failure).toMatchObject({ code: "session-lost", detail: { attempts: 1, mayHaveBeenCarriedOut: true } });
    fake.bmc.fate = () => [0];
    expect(await fake.clock.until(fake.client.execute(echo, { value: 2 }))).toEqual({ value: 2 });
    expect(fake.carriedOut()).toEqual([strike.code, echo.code]);
  });

  test("is answered also when its answer is very late", async () => {
    const timing = { firstRetransmitMs: 100, growth: 1, attempts: 2, attemptsWhenSuspect: 5 };
    await using fake = fakeClient({ timing });
    await fake.client.connect();
    fake.bmc.fate = ({ direction }) => (direction === "to-client" ? [250] : [0]);
    expect(await fake.clock.until(fake.client.execute(strike, { value: 1 }))).toEqual({ value: 1 });
    expect(fake.clock.monotonicMs()).toBe(250);
  });

  test("follows another command where the last one went unanswered, in a new session if need be", async () => {
    await using fake = fakeClient();
    await fake.client.connect();
    fake.bmc.answer(answer(strike, () => silence));
    await fake.clock.until(failureOf(fake.client.execute(strike, { value: 1 })));
    fake.bmc.answer(answer(strike, ({ value }) => ({ value })));
    fake.bmc.loseSessions();
    expect(await fake.clock.until(fake.client.execute(strike, { value: 2 }))).toEqual({ value: 2 });
    expect(fake.client.counters).toMatchObject({ sessionsOpened: 2, sessionsLost: 1 });
    expect(fake.carriedOut()).toEqual([strike.code, strike.code]);
  });

  test("does not go into a session that has been silent and is lost", async () => {
    await using fake = fakeClient();
    await fake.client.execute(echo, { value: 1 });
    await fake.clock.advance(5_000);
    fake.bmc.loseSessions();
    expect(await fake.clock.until(fake.client.execute(strike, { value: 3 }))).toEqual({ value: 3 });
    expect(fake.carriedOut()).toEqual([echo.code, strike.code]);
  });

  test("waits for all before it, and all behind it wait for it", async () => {
    await using fake = fakeClient({ window: 4 });
    await fake.client.connect();
    fake.bmc.fate = ({ direction }) => (direction === "to-client" ? [10] : [0]);
    const order: string[] = [];
    const call = async (name: string, command: typeof echo) => {
      await fake.client.execute(command, { value: 0 });
      order.push(`${name} at ${fake.clock.monotonicMs()}`);
    };
    const all = Promise.all([call("a", echo), call("b", echo), call("c", strike), call("d", echo), call("e", echo)]);
    await fake.clock.until(all);
    expect(order).toEqual(["a at 10", "b at 10", "c at 20", "d at 30", "e at 30"]);
  });
});
