import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LineBuffer } from "../../src/telemetry/line-buffer.ts";
import { ManualClock } from "../support/manual-clock.ts";

const failure = (code: string) => Object.assign(new Error(code), { code });

/** A descriptor whose behaviour is told write by write: how many bytes it takes, or the error that it gives; then it takes all. */
class ScriptedSink {
  written = "";
  writes = 0;
  pauses = 0;
  script: (number | string)[] = [];

  pause(): void {
    this.pauses++;
  }

  write(data: string | Uint8Array): number {
    const bytes = Buffer.from(data);
    this.writes++;
    const step = this.script.shift() ?? bytes.length;
    if (typeof step === "string") throw failure(step);
    const taken = bytes.subarray(0, step);
    this.written += taken.toString("latin1");
    return taken.length;
  }
}

function make() {
  const sink = new ScriptedSink();
  const clock = new ManualClock();
  return { sink, clock, buffer: new LineBuffer(sink, clock) };
}

describe("LineBuffer", () => {
  test("writes lines together, within 100 ms", async () => {
    const { sink, clock, buffer } = make();
    buffer.write("a\n");
    buffer.write("b\n");
    expect(sink.written).toBe("");
    await clock.advance(100);
    expect([sink.written, sink.writes]).toEqual(["a\nb\n", 1]);
  });

  test("writes much at once", async () => {
    const { sink, buffer } = make();
    const line = `${"x".repeat(999)}\n`;
    for (let count = 0; count < 20; count++) buffer.write(line);
    expect(sink.written.length).toBeGreaterThan(0);
  });

  test("goes on after a reader that was slow, with every byte in order", async () => {
    const { sink, clock, buffer } = make();
    sink.script = [3, ...Array.from({ length: 20 }, () => "EAGAIN")];
    buffer.write("first\n");
    await clock.advance(100);
    expect(sink.written).toBe("fir");
    buffer.write("second\n");
    await clock.advance(1000);
    expect(sink.written).toBe("first\nsecond\n");
  });

  test("keeps a bounded backlog for a reader that does not read, and counts what it loses", async () => {
    const { sink, clock, buffer } = make();
    sink.script = Array.from({ length: 3000 }, () => "EAGAIN");
    const line = `${"x".repeat(999)}\n`;
    for (let count = 0; count < 3000; count++) buffer.write(line);
    sink.script = [];
    await clock.advance(100);
    const lost = buffer.takeLostLines();
    expect(lost).toBeGreaterThan(1000);
    expect(sink.written.length).toBe((3000 - lost) * line.length);
    expect(buffer.takeLostLines()).toBe(0);
  });

  test.each(["EPIPE", "EIO", "EBADF"])("is silent for good after %s", async (code) => {
    const { sink, clock, buffer } = make();
    sink.script = [code];
    buffer.write("a\n");
    await clock.advance(100);
    buffer.write("b\n");
    await clock.advance(100);
    buffer.flush();
    expect([sink.written, sink.writes]).toEqual(["", 1]);
  });

  test.each(["ENOSPC", "EDQUOT", "EFBIG"])("goes on after a full disk (%s), and counts what it lost", async (code) => {
    const { sink, clock, buffer } = make();
    sink.script = [code];
    buffer.write("a\nb\n");
    await clock.advance(100);
    buffer.write("c\n");
    await clock.advance(100);
    expect([sink.written, buffer.takeLostLines()]).toEqual(["c\n", 2]);
  });

  test("flush writes everything now, waiting for a slow reader", async () => {
    const { sink, buffer } = make();
    sink.script = ["EAGAIN", 1, "EAGAIN"];
    buffer.write("abc\n");
    buffer.flush();
    expect([sink.written, sink.pauses]).toEqual(["abc\n", 2]);
  });

  test("flush does not wait for ever", async () => {
    const { sink, buffer } = make();
    sink.script = Array.from({ length: 10_000 }, () => "EAGAIN");
    buffer.write("a\n");
    buffer.flush();
    expect(sink.pauses).toBeGreaterThan(0);
    expect(sink.script.length).toBeGreaterThan(0);
  });

  test("whatever the reader takes, what it gets is what was written", async () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant("EAGAIN")), { maxLength: 30 });
    const lines = fc.array(fc.string({ unit: "binary", maxLength: 30 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(lines, steps, async (texts, script) => {
        const { sink, clock, buffer } = make();
        sink.script = script;
        for (const text of texts) {
          buffer.write(text);
          await clock.advance(100);
        }
        sink.script = [];
        buffer.flush();
        expect(Buffer.from(sink.written, "latin1")).toEqual(Buffer.from(texts.join("")));
      }),
    );
  });
});
