import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFrame } from "../../src/bus/frame.ts";
import { parseBoardFile } from "../../src/emulator/board-file.ts";
import { BusEmulator } from "../../src/emulator/bus-emulator.ts";
import { serveEmulator, type EmulatedLineOptions } from "../../src/emulator/emulated-line.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";
import { sessions } from "../fixtures/emulator-exchanges.json";
import { anyFrame, joined, replaced } from "../support/frames.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { MemoryLine } from "../support/memory-line.ts";

const text = readFileSync(join(import.meta.dirname, "../fixtures/emulator-rack.json"), "utf8");
const file = parseBoardFile(text, "emulator-rack.json");

function serve(options: Omit<EmulatedLineOptions, "clock"> = {}) {
  const line = new MemoryLine();
  const clock = new ManualClock();
  const emulated = serveEmulator(line, new BusEmulator(file), { clock, ...options });
  return { line, clock, emulated };
}

const read = fromHex("01 0a 01 9c 00 00 00 0a 01 01 52 05 04");
const answer = "01 0c 01 ff 00 00 00 00 ff ff 36 35 36 61 04";
const scan = fromHex("01 0a 09 ff 00 00 00 0a ff ff 44 ac 04");
const scanned = sessions
  .flatMap(({ exchanges }) => exchanges)
  .find(({ request }) => request === toHex(scan))
  ?.replies.join(" ");

describe("without a delay", () => {
  test("an answer is written in the same turn, all its frames in one write", () => {
    const { line, clock } = serve();
    line.push(read);
    expect(line.writtenHex).toEqual([answer]);
    line.push(scan);
    expect(line.writtenHex).toEqual([answer, scanned ?? "no such session"]);
    expect(clock.timers).toBe(0);
  });

  test("silence writes nothing, not even no bytes", () => {
    const { line } = serve();
    line.push(fromHex("01 0a 07 ff 00 00 00 0d ff ff 44 ab 04"));
    line.push(fromHex("01 0a 07 ff 00 00 00 63 ff ff 44 55 04"));
    line.push(fromHex("01 0a 07 ff 00 00 00 0d ff ff 44 ab 04"));
    line.push(fromHex("01 0a 07 ff 00 00 00 0d ff ff 44 ab 04"));
    expect(line.written).toHaveLength(1);
  });

  test("commands in any portions, and several in one", () => {
    const { line, clock, emulated } = serve();
    for (const byte of read) line.push(Uint8Array.of(byte));
    line.push(joined(read, read.subarray(0, 5)));
    line.push(read.subarray(5));
    expect(line.written).toHaveLength(3);
    expect(clock.timers).toBe(0);
    expect(emulated.counters.frames).toBe(3);
  });

  test("damage is counted by kind and passed over", () => {
    const { line, emulated } = serve();
    line.push(replaced(scan, scan.length - 2, 0));
    line.push(replaced(scan, scan.length - 1, 5));
    line.push(fromHex("01 02"));
    line.push(fromHex("77"));
    expect(line.written).toEqual([]);
    const { badChecksum, badTrailer, badLength, noiseBytes, frames } = emulated.counters;
    expect({ badChecksum, badTrailer, badLength, frames }).toEqual({
      badChecksum: 1,
      badTrailer: 1,
      badLength: 1,
      frames: 0,
    });
    expect(noiseBytes).toBeGreaterThan(0);
    line.push(read);
    expect(line.writtenHex).toEqual([answer]);
  });

  test("a good command behind a false header is answered when the line falls silent", async () => {
    const { line, clock, emulated } = serve();
    line.push(joined(fromHex("01 ff"), read));
    expect(line.written).toEqual([]);
    await clock.advance(249);
    expect(line.writtenHex).toEqual([answer]);
    expect(emulated.counters.truncated).toBe(1);
    expect(clock.timers).toBe(0);
  });

  test("writes that fail, now or later, are counted and survived", async () => {
    const { line, emulated } = serve();
    line.writeError = new Error("no room");
    line.push(read);
    await settle();
    expect(emulated.counters.failedWrites).toBe(1);
    line.writeError = undefined;
    line.onWrite = () => {
      throw new Error("broken");
    };
    line.push(read);
    expect(emulated.counters.failedWrites).toBe(2);
    line.onWrite = undefined;
    line.push(read);
    expect(line.written).toHaveLength(2);
  });

  test("the log is told of bytes as they come and of frames as they go", () => {
    const log: string[] = [];
    const { line } = serve({
      log: {
        received: (bytes) => void log.push(`< ${toHex(bytes)}`),
        sent: (frame) => void log.push(`> ${toHex(frame)}`),
      },
    });
    line.push(read.subarray(0, 3));
    line.push(read.subarray(3));
    line.push(fromHex("01 0a 01 ff 80 00 00 4b ff ff 44 f3 04"));
    expect(log.slice(0, 3)).toEqual(["< 01 0a 01", `< ${toHex(read.subarray(3))}`, `> ${answer}`]);
    // Seven devices, three devices, two raw frames, one raw frame.
    expect(log.filter((entry) => entry.startsWith("> "))).toHaveLength(1 + 7 + 3 + 2 + 1);
  });

  test("raw bytes that are none are not written", () => {
    const line = new MemoryLine();
    const empty = parseBoardFile('{"boards": [{"board_id": "1", "firmware_version": []}]}', "empty.json");
    serveEmulator(line, new BusEmulator(empty), { clock: new ManualClock() });
    line.push(fromHex("01 0a 01 ff 00 00 00 01 ff ff 56 ab 04"));
    expect(line.log).toEqual([]);
  });

  test("the line is given back once", () => {
    let unsubscribed = 0;
    const line = new MemoryLine();
    line.subscribe = () => () => void unsubscribed++;
    const emulated = serveEmulator(line, new BusEmulator(file), { clock: new ManualClock() });
    expect(unsubscribed).toBe(0);
    emulated.stop();
    emulated.stop();
    expect(unsubscribed).toBe(1);
  });

  test.each(["stop", "loss"] as const)("after a %s nothing is answered and no timer runs", async (how) => {
    const { line, clock, emulated } = serve();
    line.push(read.subarray(0, 4));
    expect(clock.timers).toBe(1);
    if (how === "stop") emulated.stop();
    else line.lose(new Error("unplugged"));
    emulated.stop();
    expect(clock.timers).toBe(0);
    line.push(joined(read, read));
    await clock.advance(1000);
    expect(line.written).toEqual([]);
  });
});

describe("at a baud rate", () => {
  // At 10,000 baud a byte takes 1 ms: the command has 13, the answer 15.
  const baudDelay = 10_000;

  test("the command's time and the answer's time pass before the answer is there", async () => {
    const { line, clock } = serve({ baudDelay });
    line.push(read);
    await clock.advance(27);
    expect(line.written).toEqual([]);
    await clock.advance(1);
    expect(line.writtenHex).toEqual([answer]);
    expect(clock.timers).toBe(0);
  });

  test("time in which nothing is sent is not made up for", async () => {
    const { line, clock } = serve({ baudDelay });
    await clock.advance(5000);
    line.push(read);
    await clock.advance(27);
    expect(line.written).toEqual([]);
    await clock.advance(1);
    expect(line.writtenHex).toEqual([answer]);
  });

  test("a scan's frames come one after the other", async () => {
    const { line, clock } = serve({ baudDelay });
    line.push(scan);
    const arrived: number[] = [];
    for (let ms = 0; ms < 13 * 8; ms++) {
      await clock.advance(1);
      arrived.push(line.written.length);
    }
    // Seven frames of 13 bytes behind a command of 13 bytes.
    expect(arrived.map((count, ms) => (count > (arrived[ms - 1] ?? 0) ? ms + 1 : 0)).filter((ms) => ms > 0)).toEqual([
      26, 39, 52, 65, 78, 91, 104,
    ]);
    expect(line.writtenHex.join(" ")).toBe(scanned ?? "no such session");
  });

  test("a long frame goes out in portions, and is told of when it is complete", async () => {
    const long = parseBoardFile(
      JSON.stringify({ boards: [{ board_id: "1", firmware_version: "x".repeat(30) }] }),
      "long.json",
    );
    const sent: number[] = [];
    const line = new MemoryLine();
    const clock = new ManualClock();
    const log = { received: () => undefined, sent: (frame: Uint8Array) => void sent.push(frame.length) };
    serveEmulator(line, new BusEmulator(long), { clock, baudDelay, log });
    line.push(fromHex("01 0a 01 ff 00 00 00 01 ff ff 56 ab 04"));
    await clock.advance(13 + 16);
    expect(line.written.map(({ length }) => length)).toEqual([16]);
    await clock.advance(16);
    expect([line.written.length, sent]).toEqual([2, []]);
    await clock.advance(10);
    expect([line.written.map(({ length }) => length), sent]).toEqual([[16, 16, 10], [42]]);
  });

  test("commands that come at once are answered one behind the other", async () => {
    const { line, clock } = serve({ baudDelay });
    line.push(joined(read, scan));
    line.push(read);
    await clock.advance(100_000);
    const all = line.writtenHex.join(" ");
    expect(all.startsWith(`${answer} ${scanned}`)).toBe(true);
    expect(all).toEndWith("33 30 2e 30 41 04");
  });

  test("what timers that fire late have left behind goes out in order", async () => {
    const line = new MemoryLine();
    const manual = new ManualClock();
    const clock = { monotonicMs: () => manual.monotonicMs(), wallMs: () => manual.wallMs(), after: late };
    function late(delayMs: number, action: () => void) {
      return manual.after(delayMs + 30, action);
    }
    serveEmulator(line, new BusEmulator(file), { clock, baudDelay });
    line.push(scan);
    await manual.advance(26 + 29);
    expect(line.written).toEqual([]);
    await manual.advance(1);
    // Due at 26, 39 and 52 ms.
    expect(line.written).toHaveLength(3);
    await manual.advance(1000);
    expect(line.writtenHex.join(" ")).toBe(scanned ?? "no such session");
  });

  test("stopping ends what is under way", async () => {
    const { line, clock, emulated } = serve({ baudDelay });
    line.push(scan);
    await clock.advance(40);
    expect(line.written).toHaveLength(2);
    emulated.stop();
    expect(clock.timers).toBe(0);
    await clock.advance(1000);
    expect(line.written).toHaveLength(2);
  });
});

test("any bytes in any portions: nothing is thrown, and whole frames among them count", async () => {
  const portions = fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), anyFrame.map(encodeFrame)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(portions, fc.boolean(), async (pieces, isPaced) => {
      const { line, clock, emulated } = serve(isPaced ? { baudDelay: 115_200 } : {});
      for (const piece of pieces) line.push(piece);
      await clock.advance(60_000);
      line.push(read);
      await clock.advance(60_000);
      expect(emulated.counters.frames).toBeGreaterThan(0);
      expect(clock.timers).toBe(0);
    }),
    { numRuns: 60 },
  );
});
