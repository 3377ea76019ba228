import { describe, expect, test } from "bun:test";
import { scanAllAddress, scanCommand, versionCommand, type BusCommand } from "../../src/bus/commands.ts";
import { Exchange, sequenceCounter, type Step } from "../../src/bus/exchange.ts";
import type { Frame } from "../../src/bus/frame.ts";
import { toHex } from "../../src/lib/hex.ts";
import { policy } from "../support/memory-bus.ts";

/** What happens to an exchange: a good frame with a sequence number, damage, silence, the end of a pause. */
type Event = { good: number; data?: string } | "damaged" | "silence" | "silence inside a frame" | "pause over";

const read: BusCommand = { deviceType: 0x9c, boardId: 2, deviceId: 1, data: bytesOf("R"), replies: "one" };
const scanOne = scanCommand(4);
const scanAll = scanCommand(scanAllAddress(0x4145, 75));

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const frame = (sequence: number, data: string): Frame => ({
  sequence,
  deviceType: 0xff,
  boardId: 0,
  deviceId: 0xffff,
  data: bytesOf(data),
});

/** A step as one text, so that scripts can be read as tables. */
function say(step: Step): string {
  switch (step.kind) {
    case "send": {
      const { sequence, deviceType, boardId, deviceId, data } = step.frame;
      const ids = [deviceType, boardId >>> 0, deviceId].map((id) => id.toString(16)).join(" ");
      return `send ${sequence}: ${ids} ${toHex(data)}`;
    }
    case "listen":
      return "listen";
    case "pause":
      return `pause ${step.forMs}`;
    case "done":
      return `done ${step.replies.map(({ data }) => String.fromCharCode(...data)).join("|")}`;
    case "failed": {
      const { code, attempts } = step.failure;
      const why = step.failure.code === "no-response" ? `insideFrame=${step.failure.insideFrame}` : step.failure.fault;
      return `failed ${code} ${attempts} ${why}`;
    }
  }
}

/** Plays the events; each must lead to the step beside it. Returns the exchange. */
function play(command: BusCommand, first: string, script: readonly (readonly [Event, string])[]): Exchange {
  const exchange = new Exchange(command, policy, sequenceCounter());
  expect(say(exchange.start())).toBe(first);
  for (const [event, step] of script) {
    if (event === "damaged") expect(say(exchange.damaged("checksum"))).toBe(step);
    else if (event === "silence") expect(say(exchange.silent(false))).toBe(step);
    else if (event === "silence inside a frame") expect(say(exchange.silent(true))).toBe(step);
    else if (event === "pause over") expect(say(exchange.resume())).toBe(step);
    else expect(say(exchange.received(frame(event.good, event.data ?? "656")))).toBe(step);
  }
  return exchange;
}

const retry = (sequence: number) => `send ${sequence}: 9c 2 1 3f`;

describe("a command with one reply", () => {
  const sent = "send 1: 9c 2 1 52";

  test("a good reply ends it", () => {
    const exchange = play(read, sent, [[{ good: 1 }, "done 656"]]);
    expect(exchange.attempts).toBe(1);
    expect(exchange.lateFrames).toBe(0);
  });

  test("frames with other sequence numbers are dropped, and it goes on listening", () => {
    const exchange = play(read, sent, [
      [{ good: 0 }, "listen"],
      [{ good: 254 }, "listen"],
      [{ good: 2 }, "listen"],
      [{ good: 1 }, "done 656"],
    ]);
    expect(exchange.lateFrames).toBe(3);
    expect(exchange.attempts).toBe(1);
  });

  test("damage once: a retry frame under the next number", () => {
    play(read, sent, [
      ["damaged", retry(2)],
      [{ good: 2 }, "done 656"],
    ]);
  });

  test("the answer to the frame before the retry is late", () => {
    play(read, sent, [
      ["damaged", retry(2)],
      [{ good: 1 }, "listen"],
      [{ good: 2 }, "done 656"],
    ]);
  });

  test("damage twice and three times", () => {
    play(read, sent, [
      ["damaged", retry(2)],
      ["damaged", retry(3)],
      [{ good: 3 }, "done 656"],
    ]);
    play(read, sent, [
      ["damaged", retry(2)],
      ["damaged", retry(3)],
      ["damaged", retry(4)],
      [{ good: 4 }, "done 656"],
    ]);
  });

  test("damage four times fails: three retries and no more", () => {
    play(read, sent, [
      ["damaged", retry(2)],
      ["damaged", retry(3)],
      ["damaged", retry(4)],
      ["damaged", "failed damaged-response 4 checksum"],
    ]);
  });

  test("silence fails at once, without a retry", () => {
    play(read, sent, [["silence", "failed no-response 1 insideFrame=false"]]);
  });

  test("silence inside a frame fails at once", () => {
    play(read, sent, [["silence inside a frame", "failed no-response 1 insideFrame=true"]]);
  });

  test("silence after a retry fails", () => {
    play(read, sent, [
      ["damaged", retry(2)],
      ["silence", "failed no-response 2 insideFrame=false"],
    ]);
  });

  test("a late frame is no answer: silence after it fails", () => {
    play(read, sent, [
      [{ good: 9 }, "listen"],
      ["silence", "failed no-response 1 insideFrame=false"],
    ]);
  });

  test("a retry never repeats an action", () => {
    const cycle: BusCommand = { deviceType: 0x40, boardId: 4, deviceId: 0x2ff, data: bytesOf("PC"), replies: "one" };
    play(cycle, "send 1: 40 4 2ff 50 43", [["damaged", "send 2: 40 4 2ff 3f"]]);
  });

  test("a retry names what the exchange named; for version that is no device", () => {
    play(versionCommand(2), "send 1: ff 2 ffff 56", [["damaged", "send 2: ff 2 ffff 3f"]]);
  });

  test("the fault of the last damage is told", () => {
    const exchange = new Exchange(read, { ...policy, retryLimit: 0 }, sequenceCounter());
    exchange.start();
    expect(say(exchange.damaged("trailer"))).toBe("failed damaged-response 1 trailer");
  });
});

describe("a scan", () => {
  const one = "send 1: ff 4 ffff 44";
  const all = "send 1: ff 8041454b ffff 44";
  const shuffledAll = "send 1: ff a041454b ffff 44";

  test("ends with silence and has every reply, doubles included, in their order", () => {
    play(scanOne, one, [
      [{ good: 1, data: "a" }, "listen"],
      [{ good: 1, data: "b" }, "listen"],
      [{ good: 1, data: "a" }, "listen"],
      ["silence", "done a|b|a"],
    ]);
  });

  test("late frames are no part of it", () => {
    const exchange = play(scanOne, one, [
      [{ good: 7, data: "x" }, "listen"],
      [{ good: 1, data: "a" }, "listen"],
      ["silence", "done a"],
    ]);
    expect(exchange.lateFrames).toBe(1);
  });

  test("that nothing answers fails", () => {
    play(scanOne, one, [["silence", "failed no-response 1 insideFrame=false"]]);
  });

  test("that only late frames answer fails", () => {
    play(scanOne, one, [
      [{ good: 7 }, "listen"],
      ["silence", "failed no-response 1 insideFrame=false"],
    ]);
  });

  test("that breaks off inside a frame fails, good replies before it or not", () => {
    play(scanOne, one, [
      [{ good: 1 }, "listen"],
      ["silence inside a frame", "failed no-response 1 insideFrame=true"],
    ]);
    play(scanOne, one, [["silence inside a frame", "failed no-response 1 insideFrame=true"]]);
  });

  test("of one board is sent again under its number, without the shuffle bit; what came before the damage is forgotten", () => {
    play(scanOne, one, [
      [{ good: 1, data: "a" }, "listen"],
      ["damaged", "pause 150"],
      ["pause over", one],
      [{ good: 1, data: "b" }, "listen"],
      ["silence", "done b"],
    ]);
  });

  test("of all boards is sent again under its number, with the shuffle bit, both times", () => {
    play(scanAll, all, [
      ["damaged", "pause 150"],
      ["pause over", shuffledAll],
      [{ good: 1, data: "a" }, "listen"],
      ["damaged", "pause 150"],
      ["pause over", shuffledAll],
      [{ good: 1, data: "b" }, "listen"],
      ["silence", "done b"],
    ]);
  });

  test.each([
    ["one board", scanOne, one, one],
    ["all boards", scanAll, all, shuffledAll],
  ] as const)("of %s is sent three times in all", (_name, command, first, again) => {
    const exchange = play(command, first, [
      ["damaged", "pause 150"],
      ["pause over", again],
      ["damaged", "pause 150"],
      ["pause over", again],
      ["damaged", "failed damaged-response 3 checksum"],
    ]);
    expect(exchange.attempts).toBe(3);
  });

  test("that is silent when sent again fails, whatever the first one brought", () => {
    play(scanOne, one, [
      [{ good: 1 }, "listen"],
      ["damaged", "pause 150"],
      ["pause over", one],
      ["silence", "failed no-response 2 insideFrame=false"],
    ]);
  });

  test("uses one sequence number, however often it is sent", () => {
    const count = sequenceCounter();
    const exchange = new Exchange(scanAll, policy, count);
    exchange.start();
    exchange.damaged("length");
    exchange.resume();
    expect(count()).toBe(2);
  });

  test("that never ends is given up", () => {
    const exchange = new Exchange(scanOne, policy, sequenceCounter());
    exchange.start();
    let step: Step = { kind: "listen" };
    // Every board number has 24 bits, but no bus has a million devices.
    for (let replies = 0; replies < 1_000_000 && step.kind === "listen"; replies++) {
      step = exchange.received(frame(1, "a"));
    }
    expect(say(step)).toBe("failed no-response 1 insideFrame=false");
  });
});

test("sequence numbers go 1 … 254, 0, 1", () => {
  const count = sequenceCounter();
  const numbers = Array.from({ length: 257 }, count);
  expect(numbers[0]).toBe(1);
  expect(numbers.slice(252)).toEqual([253, 254, 0, 1, 2]);
  expect(new Set(numbers.slice(0, 255)).size).toBe(255);
  expect(numbers).not.toContain(255);
});
