import { describe, expect, test } from "bun:test";
import { scanAllAddress, scanCommand, saveCommand } from "../../src/bus/commands.ts";
import type { Frame } from "../../src/bus/frame.ts";
import { boardId, deviceId } from "../../src/devices/ids.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { joined } from "../support/frames.ts";
import { settle } from "../support/manual-clock.ts";
import {
  askFor,
  damaged,
  frameHex,
  listed,
  openMemoryBus,
  policy,
  reply,
  type MemoryBus,
} from "../support/memory-bus.ts";

const subject = "read of temperature device 0001 on board 00000002";
const detail = { board: boardId(2), device: deviceId(1) };
const textOf = (replies: readonly Frame[]) => replies.map(({ data }) => String.fromCharCode(...data));

/** A bus, and a read under way on it. */
async function openReading() {
  const bus = await openMemoryBus();
  return { ...bus, outcome: bus.runner.run(askFor("R"), subject, detail) };
}

describe("one exchange", () => {
  test("sends the frame, with the input thrown away before, and hands on the reply", async () => {
    const { port, outcome, clock } = await openReading();
    expect(port().writtenHex).toEqual([frameHex(1, "R", { deviceType: 0x9a, boardId: 2, deviceId: 1 })]);
    expect(port().log).toEqual(["flush", "write"]);
    port().push(reply(1, "28.5"));
    expect(textOf(await outcome)).toEqual(["28.5"]);
    expect(clock.timers).toBe(0);
  });

  test("an answer that comes inside the write itself is taken, and leaves no timer behind", async () => {
    const bus = await openMemoryBus();
    bus.port().onWrite = () => bus.port().push(reply(1, "now"));
    expect(textOf(await bus.runner.run(askFor("R"), subject, detail))).toEqual(["now"]);
    expect(bus.clock.timers).toBe(0);
  });

  test("an answer in single bytes is put together", async () => {
    const { port, outcome } = await openReading();
    for (const byte of reply(1, "28.5")) port().push(Uint8Array.of(byte));
    expect(textOf(await outcome)).toEqual(["28.5"]);
  });

  test("answered, with the beginning of another frame behind it, holds nothing back", async () => {
    const { port, outcome, runner } = await openReading();
    port().push(joined(reply(1, "28.5"), reply(1, "again").slice(0, 5)));
    expect(textOf(await outcome)).toEqual(["28.5"]);
    expect(runner.counters.truncated).toBe(1);
  });

  test("answered twice, in one portion or in two: the first counts, and the second disturbs nothing", async () => {
    const { port, runner, outcome } = await openReading();
    port().push(joined(reply(1, "first"), reply(1, "second")));
    expect(textOf(await outcome)).toEqual(["first"]);
    port().push(reply(1, "third"));
    const next = runner.run(askFor("R"), subject, detail);
    port().push(reply(1, "fourth"));
    port().push(reply(2, "fifth"));
    expect(textOf(await next)).toEqual(["fifth"]);
    expect(runner.counters).toMatchObject({ unsolicitedBytes: reply(1, "third").length, lateFrames: 1 });
  });
});

describe("silence", () => {
  test("in which the program was held up, and nobody could listen, is none", async () => {
    const { clock, outcome, port, runner } = await openReading();
    clock.hold(policy.timeoutMs + 400);
    await clock.advance(0);
    port().push(reply(1, "28.5"));
    expect(textOf(await outcome)).toEqual(["28.5"]);
    expect(runner.counters.timeouts).toBe(0);
  });

  test("after that fails the exchange, and a program that is held up again and again does not put that off for ever", async () => {
    const first = await openReading();
    const firstFailed = deviceErrorOf(first.outcome, "no-response");
    first.clock.hold(policy.timeoutMs + 100);
    await first.clock.advance(100);
    await firstFailed;
    const { clock, outcome } = await openReading();
    const failed = deviceErrorOf(outcome, "no-response");
    for (let times = 0; times < 20; times++) {
      clock.hold(2 * policy.timeoutMs);
      await clock.advance(0);
    }
    await failed;
  });

  test("before any byte fails the exchange when the timeout has passed, not before", async () => {
    const { clock, outcome, runner } = await openReading();
    let isOver = false;
    outcome.catch(() => (isOver = true));
    await clock.advance(249);
    expect(isOver).toBe(false);
    await clock.advance(1);
    const error = await deviceErrorOf(outcome, "no-response");
    expect(error.message).toBe(`No response from bus to the ${subject}: nothing came within 250 ms.`);
    expect(error.detail).toEqual({ ...detail, attempts: 1 });
    expect(runner.counters).toMatchObject({ timeouts: 1, retries: 0, exchanges: 1 });
    expect(clock.timers).toBe(0);
  });

  test("is counted from the last byte, not from the request", async () => {
    const { clock, port, outcome } = await openReading();
    const bytes = reply(1, "28.5");
    for (let at = 0; at < bytes.length; at += 4) {
      await clock.advance(249);
      port().push(bytes.slice(at, at + 4));
    }
    expect(textOf(await outcome)).toEqual(["28.5"]);
  });

  test("inside a frame fails the exchange", async () => {
    const { clock, port, outcome, runner } = await openReading();
    port().push(reply(1, "28.5").slice(0, 10));
    const error = await deviceErrorOf(clock.until(outcome), "no-response");
    expect(error.message).toBe(`No response from bus to the ${subject}: the answer broke off.`);
    expect(runner.counters).toMatchObject({ timeouts: 1, truncated: 1 });
    expect(port().written).toHaveLength(1);
  });

  test("after a retry says how often was asked", async () => {
    const { clock, port, outcome, runner } = await openReading();
    port().push(damaged(reply(1, "28.5")));
    const error = await deviceErrorOf(clock.until(outcome), "no-response");
    expect(error.message).toBe(`No response from bus to the ${subject} after 2 attempts: nothing came within 250 ms.`);
    expect(error.detail.attempts).toBe(2);
    expect(runner.counters).toMatchObject({ retries: 1, timeouts: 1, badChecksum: 1 });
  });

  test("after noise alone fails the exchange", async () => {
    const { clock, port, outcome, runner } = await openReading();
    port().push(fromHex("00 ff 7e"));
    await deviceErrorOf(clock.until(outcome), "no-response");
    expect(runner.counters.noiseBytes).toBe(3);
  });

  test("behind a false header that has swallowed the good answer: the answer is found", async () => {
    const { clock, port, outcome, runner } = await openReading();
    port().push(joined(fromHex("01 ff 33"), reply(1, "28.5")));
    expect(textOf(await clock.until(outcome))).toEqual(["28.5"]);
    expect(runner.counters).toMatchObject({ truncated: 1, timeouts: 0, frames: 1 });
    expect(clock.timers).toBe(0);
  });

  test("behind a false header that has swallowed a late answer is a failure", async () => {
    const { clock, port, outcome, runner } = await openReading();
    port().push(joined(fromHex("01 ff 33"), reply(200, "28.5")));
    await deviceErrorOf(clock.until(outcome), "no-response");
    expect(runner.counters.lateFrames).toBe(1);
  });
});

/** Brings the same bytes every 100 ms, until the exchange is over or for a very long time. */
async function babble({ clock, port }: MemoryBus, exchange: Promise<unknown>, bytes: Uint8Array): Promise<void> {
  const state = { isOver: false };
  exchange.catch(() => (state.isOver = true));
  for (let turn = 0; turn < 1000 && !state.isOver; turn++) {
    port().push(bytes);
    await clock.advance(100);
  }
}

describe("a line that is never silent", () => {
  test("and brings noise is given up", async () => {
    const { outcome, ...bus } = await openReading();
    await babble(bus, outcome, fromHex("00 ff"));
    await deviceErrorOf(outcome, "no-response");
    expect(bus.clock.timers).toBe(0);
  });

  test("and brings late answers is given up", async () => {
    const { outcome, ...bus } = await openReading();
    await babble(bus, outcome, reply(99, "x"));
    await deviceErrorOf(outcome, "no-response");
  });

  test("and brings the devices of a long scan is heard to its end", async () => {
    const { clock, port, runner } = await openMemoryBus();
    const scan = runner.run(scanCommand(1), "scan", {});
    for (let device = 0; device < 60; device++) {
      port().push(listed(1, 1, device, 0x9c));
      await clock.advance(200);
    }
    expect(await clock.until(scan)).toHaveLength(60);
  });

  test("and goes on with noise behind a scan's replies is given up", async () => {
    const bus = await openMemoryBus();
    const scan = bus.runner.run(scanCommand(1), "scan", {});
    bus.port().push(listed(1, 1, 1, 0x9c));
    await babble(bus, scan, fromHex("ff"));
    await deviceErrorOf(scan, "no-response");
  });
});

describe("damage", () => {
  const faults: readonly (readonly [string, Uint8Array])[] = [
    ["checksum", damaged(reply(1, "28.5"))],
    ["trailer", joined(reply(1, "28.5").slice(0, -1), Uint8Array.of(5))],
    ["length", fromHex("01 08")],
  ];

  test.each(faults)(
    "of the %s: a retry frame goes out at once, with the input thrown away before",
    async (_fault, bytes) => {
      const { clock, port, outcome, runner } = await openReading();
      port().push(bytes);
      const ids = { deviceType: 0x9a, boardId: 2, deviceId: 1 };
      expect(port().writtenHex).toEqual([frameHex(1, "R", ids), frameHex(2, "?", ids)]);
      expect(port().log).toEqual(["flush", "write", "flush", "write"]);
      port().push(reply(2, "28.5"));
      expect(textOf(await outcome)).toEqual(["28.5"]);
      expect(runner.counters.retries).toBe(1);
      expect(clock.timers).toBe(0);
    },
  );

  test.each(faults)(
    "of the %s every time: fails after three retries, and says what was wrong",
    async (fault, bytes) => {
      const { clock, port, outcome, runner } = await openReading();
      for (let turn = 0; turn < 4; turn++) port().push(bytes);
      const error = await deviceErrorOf(outcome, "damaged-response");
      expect(error.message).toBe(
        `Retry limit reached: the answer to the ${subject} came damaged 4 times (bad ${fault}).`,
      );
      expect(error.detail).toEqual({ ...detail, attempts: 4 });
      expect(port().written).toHaveLength(4);
      expect(runner.counters).toMatchObject({ retries: 3, timeouts: 0 });
      expect(clock.timers).toBe(0);
    },
  );

  test("throws away what has arrived behind it, an answer under the old number included", async () => {
    const { port, runner } = await openMemoryBus();
    // Number 1 looks like a header, and what seems to begin there would hide what follows.
    await runner.send(saveCommand(), "save");
    const outcome = runner.run(askFor("R"), subject, detail);
    port().push(joined(damaged(reply(2, "bad")), reply(2, "old"), reply(3, "too early")));
    port().push(reply(3, "new"));
    expect(textOf(await outcome)).toEqual(["new"]);
    expect(runner.counters.lateFrames).toBe(0);
  });
});

describe("a damaged scan", () => {
  const scanAll = scanCommand(scanAllAddress(0x4145, 75));
  const ids = { boardId: 0x8041454b };
  const shuffledIds = { boardId: 0xa041454b };

  test("waits, deaf, discards what is on the line, and asks again", async () => {
    const { clock, port, runner } = await openMemoryBus();
    const scan = runner.run(scanAll, "scan of all boards", {});
    port().push(joined(listed(1, 1, 1, 0x9c), damaged(listed(1, 2, 1, 0x9c)), listed(1, 3, 1, 0x9c)));
    const meanwhile = listed(1, 4, 1, 0x9c);
    port().push(meanwhile);
    await clock.advance(149);
    port().push(meanwhile.slice(0, 5));
    expect(port().written).toHaveLength(1);
    await clock.advance(1);
    expect(port().writtenHex).toEqual([frameHex(1, "D", ids), frameHex(1, "D", shuffledIds)]);
    expect(port().log).toEqual(["flush", "write", "flush", "write"]);
    port().push(listed(1, 5, 1, 0x9c));
    const replies = await clock.until(scan);
    expect(replies.map(({ boardId: id }) => id)).toEqual([5]);
    expect(runner.counters).toMatchObject({ retries: 1, badChecksum: 1, unsolicitedBytes: meanwhile.length + 5 });
    expect(clock.timers).toBe(0);
  });

  test("fails after three scans", async () => {
    const { clock, port, runner } = await openMemoryBus();
    port().onWrite = () => port().pushLater(damaged(listed(1, 1, 1, 0x9c)));
    const error = await deviceErrorOf(clock.until(runner.run(scanAll, "scan of all boards", {})), "damaged-response");
    expect(error.message).toBe(
      "Retry limit reached: the answer to the scan of all boards came damaged 3 times (bad checksum).",
    );
    expect(port().writtenHex).toEqual([
      frameHex(1, "D", ids),
      frameHex(1, "D", shuffledIds),
      frameHex(1, "D", shuffledIds),
    ]);
  });

  test("fails at once where the line is lost while it waits, and does not go on when it is back", async () => {
    const { clock, port, runner, events } = await openMemoryBus();
    const scan = runner.run(scanAll, "scan of all boards", {});
    port().push(damaged(listed(1, 1, 1, 0x9c)));
    await clock.advance(100);
    port().lose(new Error("unplugged"));
    await deviceErrorOf(scan, "line-down");
    await clock.advance(5000);
    expect(events).toEqual(["down", "up"]);
    expect(port().written).toEqual([]);
  });

  test("ends in silence inside a frame: fails, good replies or not", async () => {
    const { clock, port, runner } = await openMemoryBus();
    const scan = runner.run(scanCommand(4), "scan of board 00000004", {});
    port().push(joined(listed(1, 4, 1, 0x9c), listed(1, 4, 2, 0x9c).slice(0, 8)));
    const error = await deviceErrorOf(clock.until(scan), "no-response");
    expect(error.message).toBe("No response from bus to the scan of board 00000004: the answer broke off.");
  });
});

describe("what arrives while nothing is asked", () => {
  test("is counted and dropped; the next exchange does not see it", async () => {
    const { port, runner } = await openMemoryBus();
    port().push(joined(reply(1, "early"), fromHex("01 ff 01")));
    expect(runner.counters).toMatchObject({ unsolicitedBytes: reply(1, "early").length + 3, frames: 0 });
    const outcome = runner.run(askFor("R"), subject, detail);
    port().push(reply(1, "28.5"));
    expect(textOf(await outcome)).toEqual(["28.5"]);
  });

  test("a late answer to one exchange that arrives in the next is dropped", async () => {
    const { clock, port, outcome, runner } = await openReading();
    await deviceErrorOf(clock.until(outcome), "no-response");
    const next = runner.run(askFor("R"), subject, detail);
    port().push(reply(1, "late"));
    port().push(reply(2, "28.5"));
    expect(textOf(await next)).toEqual(["28.5"]);
    expect(runner.counters).toMatchObject({ lateFrames: 1, frames: 2 });
  });

  test("a frame that had begun in one exchange is no part of the next", async () => {
    const { clock, port, outcome, runner } = await openReading();
    port().push(reply(1, "28.5").slice(0, 8));
    await deviceErrorOf(clock.until(outcome), "no-response");
    const next = runner.run(askFor("R"), subject, detail);
    port().push(reply(2, "28.5"));
    expect(textOf(await next)).toEqual(["28.5"]);
  });
});

describe("the line", () => {
  test("lost inside a frame fails the exchange at once", async () => {
    const { clock, port, outcome, runner } = await openReading();
    port().push(reply(1, "28.5").slice(0, 8));
    const reason = new Error("hung up");
    port().lose(reason);
    const error = await deviceErrorOf(outcome, "line-down");
    expect(error.message).toBe(`The serial line /dev/memory is down (hung up): the ${subject} failed.`);
    expect(error.cause).toBe(reason);
    expect(error.detail).toEqual(detail);
    expect(runner.counters).toMatchObject({ lineLosses: 1, timeouts: 0 });
    // What is left is the timer that opens the port again.
    expect(clock.timers).toBe(1);
  });

  test("that is down fails an exchange at once, and nothing is sent when it is back", async () => {
    const { clock, port, runner } = await openMemoryBus();
    port().lose(new Error("hung up"));
    const error = await deviceErrorOf(runner.run(askFor("R"), subject, detail), "line-down");
    expect(error.message).toContain("hung up");
    await deviceErrorOf(runner.send(saveCommand(), "save after the scan of all boards"), "line-down");
    await clock.advance(1000);
    expect(port().written).toEqual([]);
  });

  test("that is back works as before, with the next sequence number", async () => {
    const { clock, port, outcome, runner } = await openReading();
    port().lose(new Error("hung up"));
    await deviceErrorOf(outcome, "line-down");
    await clock.advance(1000);
    const next = runner.run(askFor("R"), subject, detail);
    expect(port().writtenHex).toEqual([frameHex(2, "R", { deviceType: 0x9a, boardId: 2, deviceId: 1 })]);
    port().push(reply(2, "28.5"));
    expect(textOf(await next)).toEqual(["28.5"]);
  });

  test("lost while nothing is asked is counted and disturbs nothing", async () => {
    const { port, runner } = await openMemoryBus();
    port().lose(new Error("hung up"));
    expect(runner.counters.lineLosses).toBe(1);
  });

  test("that refuses a write is lost", async () => {
    const { port, runner, events } = await openMemoryBus();
    const reason = new Error("EIO");
    port().writeError = reason;
    const error = await deviceErrorOf(runner.run(askFor("R"), subject, detail), "line-down");
    expect(error.cause).toBe(reason);
    expect(events).toEqual(["down"]);
  });

  test("that cannot throw its input away is lost, for the first frame and for a retry", async () => {
    const first = await openMemoryBus();
    first.port().flushError = new Error("ENXIO");
    await deviceErrorOf(first.runner.run(askFor("R"), subject, detail), "line-down");
    expect(first.events).toEqual(["down"]);

    const second = await openReading();
    second.port().flushError = new Error("ENXIO");
    second.port().push(damaged(reply(1, "28.5")));
    await deviceErrorOf(second.outcome, "line-down");
  });

  test("that cannot throw its input away after the pause of a scan is lost", async () => {
    const { clock, port, runner, events } = await openMemoryBus();
    const scan = runner.run(scanCommand(4), "scan of board 00000004", {});
    port().push(damaged(listed(1, 4, 1, 0x9c)));
    port().flushError = new Error("ENXIO");
    await deviceErrorOf(clock.until(scan), "line-down");
    expect(events).toEqual(["down"]);
  });

  test("that throws something other than an error is lost all the same", async () => {
    const { port, runner } = await openMemoryBus();
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- that is what is tried
    port().write = () => Promise.reject("EIO");
    const error = await deviceErrorOf(runner.run(askFor("R"), subject, detail), "line-down");
    expect(error.message).toContain("(EIO)");
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("that has been replaced is not lost because a write to the old one fails late", async () => {
    const { clock, port, runner, events } = await openMemoryBus();
    const late = Promise.withResolvers<void>();
    port().write = () => late.promise;
    const outcome = runner.run(askFor("R"), subject, detail);
    port().lose(new Error("hung up"));
    await deviceErrorOf(outcome, "line-down");
    await clock.advance(1000);
    expect(events).toEqual(["down", "up"]);
    late.reject(new Error("EIO"));
    await settle();
    expect(events).toEqual(["down", "up"]);
    const next = runner.run(askFor("R"), subject, detail);
    port().push(reply(2, "28.5"));
    expect(textOf(await next)).toEqual(["28.5"]);
  });

  test("that is closed lets an exchange run into the timeout", async () => {
    const { clock, port, line, runner } = await openMemoryBus();
    await line.close();
    port().writeError = new Error("closed");
    await deviceErrorOf(clock.until(runner.run(askFor("R"), subject, detail)), "no-response");
  });
});

test("a frame that nothing answers is sent, under a number of its own, and waits for nothing", async () => {
  const { clock, port, runner } = await openMemoryBus();
  await runner.send(saveCommand(), "save after the scan of all boards");
  expect(port().writtenHex).toEqual([frameHex(1, "D", { boardId: 0x90000000 })]);
  expect(clock.timers).toBe(0);
});

test("the trace sees every byte that goes by, as it goes by", async () => {
  const seen: string[] = [];
  const { port, runner } = await openMemoryBus({
    sent: (bytes) => void seen.push(`>> ${toHex(bytes)}`),
    received: (bytes) => void seen.push(`<< ${toHex(bytes)}`),
  });
  port().push(fromHex("aa bb"));
  const outcome = runner.run(askFor("R"), subject, detail);
  const bad = damaged(reply(1, "28.5"));
  port().push(bad);
  const good = reply(2, "28.5");
  port().push(good.slice(0, 4));
  port().push(good.slice(4));
  await outcome;
  await runner.send(saveCommand(), "save");
  const ids = { deviceType: 0x9a, boardId: 2, deviceId: 1 };
  expect(seen).toEqual([
    "<< aa bb",
    `>> ${frameHex(1, "R", ids)}`,
    `<< ${toHex(bad)}`,
    `>> ${frameHex(2, "?", ids)}`,
    `<< ${toHex(good.slice(0, 4))}`,
    `<< ${toHex(good.slice(4))}`,
    `>> ${frameHex(3, "D", { boardId: 0x90000000 })}`,
  ]);
});

test("counters start at nothing and a copy of them does not change", async () => {
  const { port, runner } = await openMemoryBus();
  const before = runner.counters;
  const zero = {
    frames: 0,
    noiseBytes: 0,
    badLength: 0,
    badChecksum: 0,
    badTrailer: 0,
    truncated: 0,
    exchanges: 0,
    retries: 0,
    timeouts: 0,
    lateFrames: 0,
    unsolicitedBytes: 0,
    lineLosses: 0,
  };
  const outcome = runner.run(askFor("R"), subject, detail);
  port().push(joined(fromHex("00 00"), reply(1, "28.5")));
  await outcome;
  expect(before).toEqual(zero);
  expect(runner.counters).toEqual({ ...zero, frames: 1, noiseBytes: 2, exchanges: 1 });
});

describe("a bus that hangs", () => {
  /** Eight timeouts of noise, two of silence and a pause: no step of an exchange takes longer. */
  const longestStepMs = 10 * policy.timeoutMs + policy.collisionPauseMs;

  test("is told from one that retries, is being opened again, or has nothing to do", async () => {
    const { clock, runner, outcome, port } = await openReading();
    expect(runner.isStuck()).toBe(false);
    await clock.until(deviceErrorOf(outcome, "no-response"));
    const next = runner.run(askFor("R"), subject, detail);
    port().lose(new Error("unplugged"));
    await deviceErrorOf(next, "line-down");
    await clock.advance(10 * longestStepMs);
    expect(runner.isStuck()).toBe(false);
  });

  test("is one whose port takes a frame that nothing answers, and never says so", async () => {
    const { clock, runner, port } = await openMemoryBus();
    const gate = Promise.withResolvers<void>();
    port().write = () => gate.promise;
    const sent = runner.send(saveCommand(), "save");
    await clock.advance(longestStepMs);
    expect(runner.isStuck()).toBe(false);
    await clock.advance(1);
    expect(runner.isStuck()).toBe(true);
    gate.resolve();
    await sent;
    expect(runner.isStuck()).toBe(false);
  });
});
