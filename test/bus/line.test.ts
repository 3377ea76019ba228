import { describe, expect, test } from "bun:test";
import type { ByteStreamListener } from "../../src/bus/byte-stream.ts";
import { Line, type LineOptions } from "../../src/bus/line.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { MemoryLine } from "../support/memory-line.ts";

/** A port that hangs up as soon as someone listens and cannot be closed, where told to, and that goes on talking when closed. */
class BadPort extends MemoryLine {
  hangsUp: Error | undefined;
  closeError: Error | undefined;

  override subscribe(listener: ByteStreamListener): () => void {
    const end = super.subscribe(listener);
    if (this.hangsUp) listener.lost(this.hangsUp);
    return end;
  }

  override close(): Promise<void> {
    this.log.push("close");
    return this.closeError ? Promise.reject(this.closeError) : Promise.resolve();
  }
}

/** A line whose ports a test makes appear and vanish. */
async function openLine() {
  const clock = new ManualClock();
  const ports: BadPort[] = [];
  const nextPort: { hangsUp?: Error; closeError?: Error } = {};
  const log: string[] = [];
  const heard: string[] = [];
  /** What the next attempts to open meet; then, ports. */
  const failures: unknown[] = [];
  /** Set to hold an attempt to open until the test lets it go on. */
  const gate: { held?: Promise<void> } = {};
  const open = async () => {
    await gate.held;
    if (failures.length > 0) throw failures.shift();
    const port = new BadPort(`/dev/memory${ports.length}`);
    port.hangsUp = nextPort.hangsUp;
    port.closeError = nextPort.closeError;
    delete nextPort.hangsUp;
    ports.push(port);
    return port;
  };
  const options: LineOptions = {
    path: "/dev/ttyTEST",
    open,
    reopen: { firstPauseMs: 1000, longestPauseMs: 5000 },
    clock,
    events: {
      down: (path, reason) => void log.push(`down ${path}: ${reason.message}`),
      up: (path) => void log.push(`up ${path}`),
      stillDown: (path, reason, nextMs) => void log.push(`still down ${path}: ${reason.message}, next in ${nextMs}`),
    },
  };
  const line = await Line.open(options);
  line.listen({
    data: (bytes) => void heard.push(toHex(bytes)),
    lost: (reason) => void heard.push(`lost: ${reason.message}`),
  });
  const port = (at: number) => {
    const found = ports[at];
    if (!found) throw new Error(`port ${at} has not been opened`);
    return found;
  };
  return { clock, ports, port, log, heard, failures, gate, nextPort, line };
}

test("hands on what arrives", async () => {
  const { clock, port, heard, line } = await openLine();
  port(0).push(fromHex("01 02"));
  port(0).push(fromHex("03"));
  expect(heard).toEqual(["01 02", "03"]);
  expect(line.state).toEqual({ kind: "up", sinceMs: clock.wallMs(), stream: port(0) });
  expect(line.path).toBe("/dev/ttyTEST");
});

test("what arrives before anyone listens is nobody's, and a loss then is not forgotten", async () => {
  const port = new MemoryLine();
  const clock = new ManualClock();
  const log: string[] = [];
  const line = await Line.open({
    path: "/dev/ttyTEST",
    open: () => Promise.resolve(port),
    reopen: { firstPauseMs: 1000, longestPauseMs: 5000 },
    clock,
    events: { down: () => void log.push("down"), up: () => void log.push("up"), stillDown: () => undefined },
  });
  port.push(fromHex("01"));
  port.lose(new Error("unplugged"));
  expect(log).toEqual(["down"]);
  expect(line.state.kind).toBe("down");
});

test("that cannot be opened at first is the caller's to handle", async () => {
  const reason = new Error("ENOENT");
  const opening = Line.open({
    path: "/dev/ttyTEST",
    open: () => Promise.reject(reason),
    reopen: { firstPauseMs: 1000, longestPauseMs: 5000 },
    clock: new ManualClock(),
    events: { down: () => undefined, up: () => undefined, stillDown: () => undefined },
  });
  expect(await opening.catch((error: unknown) => error)).toBe(reason);
});

describe("not there at first, and maybe later", () => {
  test("is waited for as one that was lost, and then used", async () => {
    const clock = new ManualClock();
    const log: string[] = [];
    const port = new MemoryLine();
    const openings: (() => Promise<MemoryLine>)[] = [
      () => Promise.reject(new Error("ENOENT")),
      () => Promise.reject(new Error("EBUSY")),
      () => Promise.resolve(port),
    ];
    const asked: string[] = [];
    const line = await Line.open({
      path: "/dev/ttyTEST",
      open: () => openings.shift()?.() ?? Promise.reject(new Error("opened too often")),
      maybeLater: ({ message }) => asked.push(message) > 0,
      reopen: { firstPauseMs: 1000, longestPauseMs: 5000 },
      clock,
      events: {
        down: (path, { message }) => void log.push(`down ${path}: ${message}`),
        up: (path) => void log.push(`up ${path}`),
        stillDown: (_path, { message }, nextMs) => void log.push(`still down: ${message}, next in ${nextMs}`),
      },
    });
    const heard: string[] = [];
    line.listen({ data: (bytes) => void heard.push(toHex(bytes)), lost: () => void heard.push("lost") });
    expect(line.state).toMatchObject({ kind: "down", sinceMs: clock.wallMs(), reason: new Error("ENOENT") });
    await clock.advance(1000);
    await clock.advance(2000);
    expect(log).toEqual(["down /dev/ttyTEST: ENOENT", "still down: EBUSY, next in 2000", "up /dev/ttyTEST"]);
    expect(line.state).toMatchObject({ kind: "up", stream: port });
    port.push(fromHex("01"));
    expect(heard).toEqual(["01"]);
    // Only the first time is a question.
    expect(asked).toEqual(["ENOENT"]);
    await line.close();
    expect(port.isClosed).toBe(true);
  });

  test("is no longer opened once the line is closed", async () => {
    const clock = new ManualClock();
    const line = await Line.open({
      path: "/dev/ttyTEST",
      open: () => Promise.reject(new Error("ENOENT")),
      maybeLater: () => true,
      reopen: { firstPauseMs: 1000, longestPauseMs: 5000 },
      clock,
      events: { down: () => undefined, up: () => undefined, stillDown: () => undefined },
    });
    await line.close();
    expect(clock.timers).toBe(0);
  });
});

const still = (nextMs: number) => `still down /dev/ttyTEST: ENOENT, next in ${nextMs}`;

describe("lost", () => {
  test("says so, gives the dead port back, opens it again, and data flow", async () => {
    const { clock, ports, port, log, heard, line } = await openLine();
    const reason = new Error("unplugged");
    await clock.advance(500);
    port(0).lose(reason);
    expect(heard).toEqual(["lost: unplugged"]);
    expect(log).toEqual(["down /dev/ttyTEST: unplugged"]);
    expect(line.state).toEqual({ kind: "down", sinceMs: clock.wallMs(), reason });
    expect(port(0).isClosed).toBe(true);
    await clock.advance(999);
    expect(ports).toHaveLength(1);
    await clock.advance(1);
    expect(log.slice(1)).toEqual(["up /dev/ttyTEST"]);
    expect(line.state).toEqual({ kind: "up", sinceMs: clock.wallMs(), stream: port(1) });
    port(1).push(fromHex("aa"));
    expect(heard.slice(1)).toEqual(["aa"]);
    expect(clock.timers).toBe(0);
  });

  test("tries with growing pauses, up to the longest", async () => {
    const { clock, port, log, failures } = await openLine();
    failures.push(...Array.from({ length: 5 }, () => new Error("ENOENT")));
    port(0).lose(new Error("unplugged"));
    await clock.advance(60_000);
    expect(log).toEqual([
      "down /dev/ttyTEST: unplugged",
      still(2000),
      still(4000),
      still(5000),
      still(5000),
      still(5000),
      "up /dev/ttyTEST",
    ]);
  });

  test("each pause is waited out in full", async () => {
    const { clock, ports, port, failures } = await openLine();
    failures.push(new Error("ENOENT"), new Error("ENOENT"));
    port(0).lose(new Error("unplugged"));
    await clock.advance(1000 + 2000 + 3999);
    expect(ports).toHaveLength(1);
    await clock.advance(1);
    expect(ports).toHaveLength(2);
  });

  test("again after it was back, begins with the first pause again", async () => {
    const { clock, port, log, failures } = await openLine();
    failures.push(new Error("ENOENT"), new Error("ENOENT"));
    port(0).lose(new Error("first"));
    await clock.advance(10_000);
    port(1).lose(new Error("second"));
    await clock.advance(1000);
    expect(log.slice(-2)).toEqual(["down /dev/ttyTEST: second", "up /dev/ttyTEST"]);
  });

  test("twice is once", async () => {
    const { clock, ports, port, log, line } = await openLine();
    const first = port(0);
    first.lose(new Error("hung up"));
    line.fail(new Error("EIO"), first);
    await clock.advance(5000);
    expect(log).toEqual(["down /dev/ttyTEST: hung up", "up /dev/ttyTEST"]);
    expect(ports).toHaveLength(2);
  });

  test("what a stream says of its end after it has been replaced is not believed", async () => {
    const { clock, port, log, line } = await openLine();
    port(0).lose(new Error("EIO"));
    await clock.advance(1000);
    port(0).lose(new Error("EIO, late"));
    line.fail(new Error("EIO, later"), port(0));
    expect(log).toEqual(["down /dev/ttyTEST: EIO", "up /dev/ttyTEST"]);
    expect(line.state.kind).toBe("up");
  });

  test("an attempt that throws something other than an error is reported as one", async () => {
    const { clock, port, log, failures } = await openLine();
    failures.push("EACCES");
    port(0).lose(new Error("unplugged"));
    await clock.advance(1000);
    expect(log.slice(1)).toEqual(["still down /dev/ttyTEST: EACCES, next in 2000"]);
  });

  test("a port whose end fails does no harm", async () => {
    const { clock, port, log } = await openLine();
    port(0).closeError = new Error("EBADF");
    port(0).lose(new Error("unplugged"));
    await clock.advance(1000);
    expect(log).toEqual(["down /dev/ttyTEST: unplugged", "up /dev/ttyTEST"]);
  });

  test("as soon as it is back: up is said before down", async () => {
    const { clock, port, log, nextPort } = await openLine();
    port(0).lose(new Error("unplugged"));
    nextPort.hangsUp = new Error("flapping");
    await clock.advance(1000);
    expect(log).toEqual(["down /dev/ttyTEST: unplugged", "up /dev/ttyTEST", "down /dev/ttyTEST: flapping"]);
    await clock.advance(1000);
    expect(log.at(-1)).toBe("up /dev/ttyTEST");
  });
});

describe("closing", () => {
  test("gives the port back; what it says then is not believed", async () => {
    const { clock, port, log, line } = await openLine();
    await line.close();
    expect(port(0).isClosed).toBe(true);
    line.fail(new Error("EBADF"), port(0));
    await clock.advance(60_000);
    expect(log).toEqual([]);
  });

  test("while the line is down ends the attempts", async () => {
    const { clock, ports, port, line } = await openLine();
    port(0).lose(new Error("unplugged"));
    await line.close();
    expect(clock.timers).toBe(0);
    await clock.advance(60_000);
    expect(ports).toHaveLength(1);
  });

  test.each(["which takes it", "which does not"])(
    "while an attempt is under way gives the new port back to the system, %s",
    async (how) => {
      const { clock, ports, port, log, gate, nextPort, line } = await openLine();
      if (how === "which does not") nextPort.closeError = new Error("EBADF");
      const opening = Promise.withResolvers<void>();
      gate.held = opening.promise;
      port(0).lose(new Error("unplugged"));
      await clock.advance(1000);
      expect(ports).toHaveLength(1);
      await line.close();
      opening.resolve();
      await settle();
      expect(ports).toHaveLength(2);
      expect(port(1).isClosed).toBe(true);
      expect(log).toEqual(["down /dev/ttyTEST: unplugged"]);
    },
  );

  test("while an attempt is under way that fails ends the attempts", async () => {
    const { clock, port, log, failures, gate, line } = await openLine();
    const opening = Promise.withResolvers<void>();
    gate.held = opening.promise;
    failures.push(new Error("ENOENT"));
    port(0).lose(new Error("unplugged"));
    await clock.advance(1000);
    await line.close();
    opening.resolve();
    await settle();
    expect(clock.timers).toBe(0);
    expect(log).toEqual(["down /dev/ttyTEST: unplugged"]);
  });
});
