import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { flushedError, SerialPortError } from "../../src/bun-serialport/errors.ts";
import { WriteQueue } from "../../src/bun-serialport/write-queue.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { codeOf, pattern } from "./line-tap.ts";

/** A queue whose line takes what it is told to, call by call, and then nothing. */
function makeQueue(limitBytes: number, takes: (number | Error)[] = []) {
  const clock = new ManualClock();
  const sent: Uint8Array[] = [];
  const failures: SerialPortError[] = [];
  const calls: number[] = [];
  const queue = new WriteQueue({
    path: "/dev/test",
    limitBytes,
    take(bytes) {
      calls.push(clock.monotonicMs());
      const next = takes.shift() ?? 0;
      if (next instanceof Error) throw next;
      const taken = Math.min(next, bytes.length);
      sent.push(bytes.slice(0, taken));
      return taken;
    },
    failed: (error) => void failures.push(error),
    after: (delayMs, action) => clock.after(delayMs, action),
  });
  return { queue, clock, failures, takes, calls, sent: () => Array.from(Buffer.concat(sent)) };
}

const unplugged = new SerialPortError("unplugged", "gone", { path: "/dev/test" });

test("what goes at once waits for nothing", async () => {
  const { queue, sent, clock } = makeQueue(10, [10]);
  await queue.write(Uint8Array.of(1, 2, 3));
  expect(sent()).toEqual([1, 2, 3]);
  expect([queue.waitingBytes, clock.timers]).toEqual([0, 0]);
});

test("what does not go at once follows in order", async () => {
  const { queue, sent, clock } = makeQueue(10, [2, 0, 1, 99, 99]);
  const writes = Promise.all([queue.write(Uint8Array.of(1, 2, 3, 4)), queue.write(Uint8Array.of(5))]);
  expect([sent(), queue.waitingBytes]).toEqual([[1, 2], 3]);
  await clock.until(writes);
  expect([sent(), queue.waitingBytes, clock.timers]).toEqual([[1, 2, 3, 4, 5], 0, 0]);
});

test("refuses as a whole what does not fit, and says so", async () => {
  const { queue, sent, calls } = makeQueue(4, [1]);
  const first = queue.write(Uint8Array.of(1, 2, 3));
  const refused = await queue.write(Uint8Array.of(4, 5, 6)).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SerialPortError);
  expect(refused).toMatchObject({ code: "queue-full", path: "/dev/test" });
  expect(String(refused)).toContain("3 bytes do not fit, 2 of 4 wait already");
  expect([sent(), calls.length, queue.waitingBytes]).toEqual([[1], 1, 2]);
  queue.clear(flushedError("/dev/test"));
  expect(await codeOf(() => first)).toBe("flushed");
  expect(await codeOf(() => makeQueue(4, [5]).queue.write(new Uint8Array(5)))).toBe("queue-full");
});

test("a write of no bytes resolves when those before it have gone", async () => {
  const { queue, takes, clock } = makeQueue(4);
  await queue.write(new Uint8Array(0));
  const first = queue.write(Uint8Array.of(1));
  let isEmpty = false;
  const none = queue.write(new Uint8Array(0)).then(() => (isEmpty = true));
  await settle();
  expect(isEmpty).toBe(false);
  takes.push(1);
  await clock.until(Promise.all([first, none]));
});

test("asks a line that takes nothing less and less often, and soon again when it takes", async () => {
  const { queue, takes, calls, clock } = makeQueue(2000);
  const write = queue.write(pattern(2000));
  await clock.advance(100);
  expect(calls.slice(0, 8)).toEqual([0, 1, 3, 7, 15, 31, 47, 63]);
  calls.length = 0;
  takes.push(300, 300, 10, 2000);
  await clock.until(write);
  expect(calls.map((time) => time - (calls[0] ?? 0))).toEqual([0, 1, 2, 4]);
});

describe("a line that fails", () => {
  test("at once: that write is rejected and the owner told", async () => {
    const { queue, failures } = makeQueue(4, [unplugged]);
    expect(await queue.write(Uint8Array.of(1)).catch((error: unknown) => error)).toBe(unplugged);
    expect(failures).toEqual([unplugged]);
  });

  test("later: everything that waits is rejected, the owner told once", async () => {
    const { queue, failures, clock } = makeQueue(4, [0, unplugged]);
    const codes = Promise.all(
      [queue.write(Uint8Array.of(1)), queue.write(Uint8Array.of(2))].map((write) => codeOf(() => write)),
    );
    const empty = queue.whenEmpty();
    expect(await clock.until(codes)).toEqual(["unplugged", "unplugged"]);
    await empty;
    expect([failures, queue.waitingBytes, clock.timers]).toEqual([[unplugged], 0, 0]);
  });

  test("with something else: it is the cause of an io error", async () => {
    const cause = new RangeError("odd");
    const { queue } = makeQueue(4, [cause]);
    const error = await queue.write(Uint8Array.of(1)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "io", cause });
  });
});

test("whatever the line takes, what was accepted arrives once and in order, and what was refused never", async () => {
  const writes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 });
  const takes = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(writes, takes, async (lengths, answers) => {
      const made = makeQueue(64, [...answers]);
      const expected: number[] = [];
      const results: Promise<unknown>[] = [];
      for (const [index, length] of lengths.entries()) {
        const bytes = pattern(length, index);
        const isRefused = length > 64 - made.queue.waitingBytes;
        const result = codeOf(() => made.queue.write(bytes));
        if (isRefused) expect(await result).toBe("queue-full");
        else expected.push(...bytes);
        results.push(result);
        expect(made.queue.waitingBytes).toBeLessThanOrEqual(64);
      }
      // From here on the line takes everything.
      made.takes.push(...Array.from({ length: 200 }, () => 64));
      await made.clock.until(Promise.all(results));
      expect(made.sent()).toEqual(expected);
      expect([made.queue.waitingBytes, made.clock.timers]).toEqual([0, 0]);
    }),
    { numRuns: 50 },
  );
});
