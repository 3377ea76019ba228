import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { encodeFrame, MAX_FRAME_SIZE } from "../../src/bus/frame.ts";
import { FrameParser, type ParserEvent } from "../../src/bus/frame-parser.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";
import { anyFrame, joined, replaced } from "../support/frames.ts";

const good = fromHex("01 0c 02 ff 00 00 00 00 ff ff 36 35 36 60 04");
const other = fromHex("01 0a 01 ff 00 00 00 01 ff ff 44 bd 04");

/** An event as one text: `frame 01 0c …`, `checksum 01 0c …`. */
const say = (event: ParserEvent) => `${event.kind === "frame" ? "frame" : event.fault} ${toHex(event.bytes)}`;

/** What the specification says about bytes as a whole, with everything at hand: slow, and with nothing to remember. */
function reference(input: readonly number[]): { events: string[]; noise: number; pending: number } {
  const events: string[] = [];
  let noise = 0;
  let rest = input;
  while (rest.length > 0) {
    const [header, length] = rest;
    if (header !== 1) {
      noise++;
      rest = rest.slice(1);
      continue;
    }
    if (length === undefined) break;
    if (length < 9) {
      events.push(`length ${hex(rest.slice(0, 2))}`);
      rest = rest.slice(1);
      continue;
    }
    const frame = rest.slice(0, 3 + length);
    if (frame.length < 3 + length) break;
    // The checksum makes the bytes from the sequence number through itself add up to a multiple of 256.
    const isSumGood = frame.slice(2, -1).reduce((sum, byte) => sum + byte, 0) % 256 === 0;
    const fault = isSumGood ? (frame.at(-1) === 4 ? "frame" : "trailer") : "checksum";
    events.push(`${fault} ${hex(frame)}`);
    rest = rest.slice(fault === "frame" ? frame.length : 1);
  }
  return { events, noise, pending: rest.length };
}
const hex = (bytes: readonly number[]) => toHex(Uint8Array.from(bytes));

/** What `end()` must make of bytes that are held: they are no frame, so the search begins behind their header. */
function referenceEnd(held: readonly number[]): string[] {
  const events: string[] = [];
  for (let rest = held; rest.length > 0;) {
    const found = reference(rest.slice(1));
    events.push(...found.events);
    rest = found.pending === 0 ? [] : rest.slice(-found.pending);
  }
  return events;
}

/** Bytes as they come over a bad line: frames, damaged frames, cut frames, noise with and without headers, in any order. */
const anyLine = fc
  .array(
    fc.oneof(
      anyFrame.map(encodeFrame),
      fc
        .tuple(anyFrame, fc.nat(), fc.nat(255))
        .map(([frame, at, value]) => replaced(encodeFrame(frame), at % (12 + frame.data.length), value)),
      fc.tuple(anyFrame, fc.nat()).map(([frame, at]) => encodeFrame(frame).slice(0, at % (12 + frame.data.length))),
      fc.uint8Array({ maxLength: 20 }),
      fc.array(fc.constantFrom(0, 1, 4, 9, 10, 0xff), { maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => joined(...parts));

/** Feeds the bytes in portions whose sizes are given, used in turn and round again. */
function pushInPortions(parser: FrameParser, bytes: Uint8Array, sizes: readonly number[]): string[] {
  const events: string[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    events.push(...parser.push(bytes.slice(at, at + size)).map(say));
    expect(parser.pending).toBeLessThan(MAX_FRAME_SIZE);
    at += size;
  }
  return events;
}

describe("any bytes in any portions", () => {
  const anySizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

  test("give what the specification says, in the same order, with the same counts", () => {
    fc.assert(
      fc.property(anyLine, anySizes, (bytes, sizes) => {
        const parser = new FrameParser();
        const events = pushInPortions(parser, bytes, sizes);
        const expected = reference([...bytes]);
        expect(events).toEqual(expected.events);
        expect(parser.pending).toBe(expected.pending);
        const count = (kind: string) => events.filter((event) => event.startsWith(kind)).length;
        expect(parser.counters).toEqual({
          frames: count("frame"),
          noiseBytes: expected.noise,
          badLength: count("length"),
          badChecksum: count("checksum"),
          badTrailer: count("trailer"),
          truncated: 0,
        });
      }),
      { numRuns: 300 },
    );
  });

  test("give, when nothing follows, what is behind the false header", () => {
    fc.assert(
      fc.property(anyLine, anySizes, (bytes, sizes) => {
        const parser = new FrameParser();
        pushInPortions(parser, bytes, sizes);
        const { pending } = reference([...bytes]);
        const held = pending === 0 ? [] : [...bytes].slice(-pending);
        expect(parser.end().map(say)).toEqual(referenceEnd(held));
        expect(parser.pending).toBe(0);
        expect(parser.counters.truncated).toBe(pending > 0 ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });

  test("frames glued together all come out, split anywhere", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 6 }), anySizes, (frames, sizes) => {
        const encoded = frames.map(encodeFrame);
        const events = pushInPortions(new FrameParser(), joined(...encoded), sizes);
        expect(events).toEqual(encoded.map((bytes) => `frame ${toHex(bytes)}`));
      }),
    );
  });

  test("a split at each place of two frames changes nothing", () => {
    const both = joined(good, other);
    for (let at = 0; at <= both.length; at++) {
      const parser = new FrameParser();
      const events = [...parser.push(both.slice(0, at)), ...parser.push(both.slice(at))].map(say);
      expect(events).toEqual([`frame ${toHex(good)}`, `frame ${toHex(other)}`]);
    }
  });
});

describe("noise", () => {
  test("without a header is skipped and counted", () => {
    const parser = new FrameParser();
    const events = parser.push(joined(fromHex("00 ff 04 44 7e"), good, fromHex("04 04"), other, fromHex("aa")));
    expect(events.map(say)).toEqual([`frame ${toHex(good)}`, `frame ${toHex(other)}`]);
    expect(parser.counters.noiseBytes).toBe(8);
    expect(parser.pending).toBe(0);
  });

  test("that ends in a header makes one bad length of the frame's own header and loses nothing", () => {
    const parser = new FrameParser();
    const events = parser.push(joined(Uint8Array.of(1), good));
    expect(events.map(say)).toEqual(["length 01 01", `frame ${toHex(good)}`]);
  });

  test("that begins like a long frame swallows a good frame until the line is silent", () => {
    const parser = new FrameParser();
    expect(parser.push(joined(fromHex("01 ff"), good))).toEqual([]);
    expect(parser.pending).toBe(2 + good.length);
    expect(parser.end().map(say)).toEqual([`frame ${toHex(good)}`]);
    expect(parser.counters.truncated).toBe(1);
  });

  test("with false headers one behind the other holds back no frame", () => {
    const parser = new FrameParser();
    parser.push(joined(fromHex("01 ff 01 fe 01 80"), good, fromHex("01 40"), other));
    expect(parser.end().map(say)).toEqual([`frame ${toHex(good)}`, `frame ${toHex(other)}`]);
    expect(parser.counters.truncated).toBe(1);
  });
});

/** Everything that the line brings, the line's silence at its end included. */
function everything(bytes: Uint8Array): string[] {
  const parser = new FrameParser();
  return [...parser.push(bytes), ...parser.end()].map(say);
}

describe("a damaged frame with a good one behind it", () => {
  test("every byte replaced by every other value: the damaged one never passes, the good one always does", () => {
    for (let at = 0; at < good.length; at++) {
      for (let value = 0; value < 256; value++) {
        if (value === good[at]) continue;
        const events = everything(joined(replaced(good, at, value), other));
        expect(events.filter((event) => event.startsWith("frame"))).toEqual([`frame ${toHex(other)}`]);
      }
    }
  });

  test("cut off at every byte: the good one is there", () => {
    for (let size = 0; size < good.length; size++) {
      const events = everything(joined(good.slice(0, size), other));
      expect(events.filter((event) => event.startsWith("frame"))).toEqual([`frame ${toHex(other)}`]);
    }
  });

  test("every kind of damage is counted as what it is", () => {
    const parser = new FrameParser();
    parser.push(replaced(good, 1, 8));
    expect(parser.counters).toMatchObject({ badLength: 1, badChecksum: 0, badTrailer: 0, truncated: 0 });
    parser.push(replaced(good, 13, 0x61));
    expect(parser.counters).toMatchObject({ badLength: 1, badChecksum: 1, badTrailer: 0, truncated: 0 });
    parser.push(replaced(good, 14, 0x05));
    expect(parser.counters).toMatchObject({ badLength: 1, badChecksum: 1, badTrailer: 1, truncated: 0 });
    parser.push(good.slice(0, 9));
    parser.end();
    expect(parser.counters).toMatchObject({ badLength: 1, badChecksum: 1, badTrailer: 1, truncated: 1, frames: 0 });
    parser.push(good);
    expect(parser.counters.frames).toBe(1);
  });
});

describe("reset", () => {
  test("throws away what is held, counts it, and the next frame is read from its beginning", () => {
    const parser = new FrameParser();
    parser.push(good.slice(0, 14));
    parser.reset();
    expect(parser.pending).toBe(0);
    expect(parser.counters.truncated).toBe(1);
    expect(parser.push(good).map(say)).toEqual([`frame ${toHex(good)}`]);
  });

  test("of an empty parser counts nothing", () => {
    const parser = new FrameParser();
    parser.reset();
    expect(parser.end()).toEqual([]);
    expect(parser.counters.truncated).toBe(0);
  });
});

test("what a frame's event holds is not changed by what arrives later", () => {
  const parser = new FrameParser();
  const portion = joined(good.slice(0, 5));
  parser.push(portion);
  const rest = good.slice(5);
  const [event] = parser.push(rest);
  portion.fill(0xee);
  rest.fill(0xee);
  parser.push(other);
  if (event?.kind !== "frame") throw new Error("no frame");
  expect(toHex(event.frame.data)).toBe("36 35 36");
  expect(say(event)).toBe(`frame ${toHex(good)}`);
});

/** A linear congruential generator (Numerical Recipes): the same bytes every time. */
function* random(): Generator<number> {
  for (let state = 20_261_123; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 24;
  }
}

describe("a hostile megabyte", () => {
  const alphabets: Record<string, readonly number[] | undefined> = {
    "of anything": undefined,
    "of headers": [1],
    "of headers and lengths": [1, 9, 0xff],
    "of long frames": [1, 0xff],
  };

  test.each(Object.keys(alphabets))("%s is read to its end", (name) => {
    const alphabet = alphabets[name];
    const source = random();
    const parser = new FrameParser();
    const portion = new Uint8Array(4096);
    let damage = 0;
    for (let turn = 0; turn < 256; turn++) {
      for (let at = 0; at < portion.length; at++) {
        const value = Number(source.next().value);
        portion[at] = alphabet ? (alphabet[value % alphabet.length] ?? 0) : value;
      }
      damage += parser.push(portion).length;
      expect(parser.pending).toBeLessThan(MAX_FRAME_SIZE);
    }
    parser.end();
    expect(damage).toBeGreaterThan(1000);
    expect(parser.pending).toBe(0);
  });
});
