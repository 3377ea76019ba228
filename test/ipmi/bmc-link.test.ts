import { describe, expect, test } from "bun:test";
import { IpmiError } from "ipmi-js";
import { BmcLink, defaultLinkPolicy } from "../../src/ipmi/bmc-link.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

type Outcome = "answers" | Error;
const silent = new IpmiError("timeout", "No answer");

/** A link whose probes end as `outcome` says, and the moments at which they were made. */
function openLink(random = () => 0.5) {
  const clock = new ManualClock();
  const probes: number[] = [];
  const events: string[] = [];
  const state = { outcome: "answers" as Outcome };
  const link: BmcLink = new BmcLink({
    policy: { ...defaultLinkPolicy, idleMs: 20_000 },
    clock,
    random,
    events: {
      up: () => void events.push("up"),
      down: ({ message }) => void events.push(`down: ${message}`),
      stillDown: (_, nextMs) => void events.push(`still down, ${nextMs}`),
    },
    probe: () => {
      probes.push(clock.monotonicMs());
      const { outcome } = state;
      return link.watch(outcome === "answers" ? Promise.resolve() : Promise.reject(outcome));
    },
  });
  return { link, clock, probes, events, state };
}

describe("a BMC that answers", () => {
  test("is up, and asked for a sign of life before it forgets its session", async () => {
    const { link, clock, probes, events } = openLink();
    expect(link.health).toEqual({ state: "starting", sinceMs: clock.wallMs() });
    link.start();
    await settle();
    expect(link.health).toEqual({ state: "up", sinceMs: clock.wallMs() });
    await clock.advance(60_000);
    expect(probes).toEqual([0, 20_000, 40_000, 60_000]);
    expect(events).toEqual(["up"]);
  });

  test("is not asked while it answers other things", async () => {
    const { link, clock, probes } = openLink();
    link.start();
    await clock.advance(15_000);
    await link.watch(Promise.resolve());
    await clock.advance(19_999);
    expect(probes).toEqual([0]);
    await clock.advance(1);
    expect(probes).toEqual([0, 35_000]);
  });

  test("is there, too, when it refuses something", async () => {
    const { link, state, events } = openLink();
    state.outcome = new IpmiError("completion-code", "Refused", { completionCode: 0xc1 });
    link.start();
    await settle();
    expect(events).toEqual(["up"]);
  });

  test("goes down with the first thing that it does not answer, and comes back with the first that it does", async () => {
    const { link, clock, probes, events, state } = openLink();
    link.start();
    await clock.advance(5000);
    const startMs = clock.wallMs();
    state.outcome = silent;
    await link.watch(Promise.reject(silent)).catch(() => undefined);
    expect(link.health).toEqual({ state: "down", sinceMs: startMs, lastError: "No answer" });
    await clock.advance(1500);
    expect(probes).toEqual([0, 6000]);
    expect(link.health.sinceMs).toBe(startMs);
    await link.watch(Promise.resolve());
    // What failed last stays to be seen.
    expect(link.health).toEqual({ state: "up", sinceMs: clock.wallMs(), lastError: "No answer" });
    expect(events).toEqual(["up", "down: No answer", "still down, 2000", "up"]);
    await clock.advance(19_999);
    expect(probes).toHaveLength(2);
  });
});

describe("a BMC that does not answer", () => {
  test("is tried again with pauses that grow, up to a minute", async () => {
    const { link, clock, probes, state, events } = openLink();
    state.outcome = silent;
    link.start();
    await clock.advance(300_000);
    const pauses = probes.slice(1).map((ms, index) => ms - probes[index]!);
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(events[0]).toBe("down: No answer");
    expect(events.filter((event) => event.startsWith("down"))).toHaveLength(1);
  });

  test("is not tried at the same time as all others: pauses differ by a fifth", async () => {
    for (const [random, firstMs] of [
      [0, 800],
      [0.999_999, 1200],
    ] as const) {
      const { link, clock, probes, state } = openLink(() => random);
      state.outcome = silent;
      link.start();
      await clock.advance(1500);
      expect(Math.round(probes[1]!)).toBe(firstMs);
    }
  });

  test("is not tried more often because somebody asks for it all the time", async () => {
    const { link, clock, probes, state } = openLink();
    state.outcome = silent;
    link.start();
    await settle();
    for (let second = 0; second < 60; second++) {
      await link.watch(Promise.reject(silent)).catch(() => undefined);
      await clock.advance(1000);
    }
    expect(probes).toEqual([0, 1000, 3000, 7000, 15_000, 31_000]);
  });

  test("that lets nobody in is tried seldom: time alone does not mend it, and it may lock the account", async () => {
    for (const code of ["authentication", "unsupported"] as const) {
      const { link, clock, probes, state } = openLink();
      state.outcome = new IpmiError(code, "Wrong password");
      link.start();
      await clock.advance(130_000);
      expect(probes).toEqual([0, 60_000, 120_000]);
      expect(link.health).toMatchObject({ state: "down", lastError: "Wrong password" });
    }
  });

  test("is known to have been silent by who asked before that", async () => {
    const { link, clock, state } = openLink();
    state.outcome = silent;
    const beforeMs = clock.monotonicMs();
    await clock.advance(10);
    link.start();
    await settle();
    expect(link.failureSince(beforeMs)).toBe(silent);
    expect(link.failureSince(clock.monotonicMs())).toBeUndefined();
  });
});

describe("what says nothing of the BMC", () => {
  const neutral = ["cancelled", "closed", "invalid-argument", "session-lost", "busy"] as const;

  test.each(neutral)("%s leaves the state as it is", async (code) => {
    const { link, clock, state, events, probes } = openLink();
    link.start();
    await settle();
    await link.watch(Promise.reject(new IpmiError(code, "x"))).catch(() => undefined);
    expect(link.health.state).toBe("up");
    state.outcome = new IpmiError(code, "x");
    await clock.advance(60_000);
    // Probes go on.
    expect(probes).toHaveLength(4);
    expect(events).toEqual(["up"]);
    await link.watch(Promise.reject(silent)).catch(() => undefined);
    await link.watch(Promise.reject(new IpmiError(code, "x"))).catch(() => undefined);
    expect(link.health.state).toBe("down");
  });

  test("a mistake of ours in the first probe does not end the attempts", async () => {
    const { link, clock, state, probes } = openLink();
    state.outcome = new TypeError("ours");
    link.start();
    await clock.advance(1000);
    expect(probes).toEqual([0, 1000]);
    expect(link.health.state).toBe("starting");
  });
});

test("closed, it asks nothing more and reports nothing more", async () => {
  const { link, clock, probes, events, state } = openLink();
  link.start();
  await settle();
  link.close();
  state.outcome = silent;
  await link.watch(Promise.reject(silent)).catch(() => undefined);
  await clock.advance(600_000);
  expect(probes).toEqual([0]);
  expect(events).toEqual(["up"]);
  expect(clock.timers).toBe(0);
});
