import { describe, expect, test } from "bun:test";
import type { DatagramOutcome } from "../../src/lib/unix-datagram.ts";
import { journalOutput } from "../../src/telemetry/journal-output.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** A log into a journal that does as it is told. */
async function journal() {
  const clock = new ManualClock();
  const entries: string[] = [];
  const lines: string[] = [];
  const world: { outcome: DatagramOutcome; pausedMs: number; flushes: number } = {
    outcome: "sent",
    pausedMs: 0,
    flushes: 0,
  };
  const send = (bytes: Uint8Array) => {
    if (world.outcome === "sent") entries.push(/^MESSAGE=(.*)$/m.exec(new TextDecoder().decode(bytes))?.[1] ?? "");
    return world.outcome;
  };
  const standard = {
    isTerminal: false,
    write: (line: string) => void lines.push(line),
    takeLostLines: () => 0,
    flush: () => void world.flushes++,
  };
  const pause = (durationMs: number) => void (world.pausedMs += durationMs);
  const output = journalOutput({ datagrams: { send }, standard, clock, pause });
  const log = await createLog({ level: "info", format: "auto", output });
  return { clock, entries, lines, world, output, log };
}

describe("lines on their way to the journal", () => {
  test("are sent at once", async () => {
    const { log, entries, clock } = await journal();
    log.info({ n: 1 }, "one");
    log.event("access", { status: 200 }, "two");
    expect([entries, clock.timers]).toEqual([["one", "two"], 0]);
  });

  test("go to standard output, with their priority, where it is not there, and back when it is", async () => {
    const { log, entries, lines, world } = await journal();
    world.outcome = "failed";
    log.warn({ n: 1 }, "one");
    world.outcome = "sent";
    log.info({}, "two");
    expect(lines.map((line) => [line.slice(0, 3), JSON.parse(line.slice(3))])).toEqual([
      ["<4>", { level: "warn", time: expect.any(String), n: 1, msg: "one" }],
    ]);
    expect(entries).toEqual(["two"]);
  });

  test("of more fields than it takes go to standard output", async () => {
    const { log, entries, lines } = await journal();
    log.info({ many: Array.from({ length: 2000 }, () => 1) }, "many");
    expect([entries, lines.length]).toEqual([[], 1]);
  });

  test("wait in their order while it does not read", async () => {
    const { log, entries, clock, world } = await journal();
    world.outcome = "full";
    log.info({}, "one");
    log.info({}, "two");
    await clock.advance(1000);
    world.outcome = "sent";
    log.info({}, "three");
    expect(entries).toEqual([]);
    await clock.advance(1000);
    expect([entries, clock.timers]).toEqual([["one", "two", "three"], 0]);
  });

  test("are lost where too many wait, and that is said", async () => {
    const { log, entries, lines, clock, world } = await journal();
    world.outcome = "full";
    const filler = "x".repeat(100_000);
    for (let n = 0; n < 30; n++) log.info({ filler }, `${n}`);
    world.outcome = "sent";
    await clock.advance(1000);
    const kept = entries.length;
    expect(kept).toBeGreaterThan(5);
    expect(kept).toBeLessThan(30);
    log.info({}, "next");
    // Those before it were written before anybody looked whether any were lost.
    expect(entries.slice(kept)).toEqual(["the log was not read fast enough: lines are missing here", "next"]);
    expect(lines).toEqual([]);
  });

  test("are sent at the end of the process, which waits for a moment", async () => {
    const { log, output, entries, lines, world } = await journal();
    world.outcome = "full";
    log.error({}, "last");
    output.flush();
    // Never taken: the last way that is left.
    expect([entries, lines.length, world.flushes]).toEqual([[], 1, 1]);
    expect(world.pausedMs).toBeLessThanOrEqual(500);
    log.info({}, "very last");
    world.outcome = "sent";
    output.flush();
    expect([entries, lines.length]).toEqual([["very last"], 1]);
  });
});
