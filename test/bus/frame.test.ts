import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { checksum, decodeFrame, encodeFrame, frameSize, MAX_DATA, MAX_FRAME_SIZE } from "../../src/bus/frame.ts";
import { fromHex, toHex } from "../../src/lib/hex.ts";
import fixture from "../fixtures/frames.json";
import { anyFrame, joined, replaced } from "../support/frames.ts";
import { hasGoldenTrace, readGoldenTrace } from "../support/golden-trace.ts";

const exampleBytes = fromHex("01 0A 01 FF 00 00 00 01 FF FF 44 BD 04");

describe("the specification's worked example", () => {
  const example = {
    sequence: 1,
    deviceType: 0xff,
    boardId: 1,
    deviceId: 0xffff,
    data: Uint8Array.of(0x44),
  };

  test("is what is sent", () => {
    expect(encodeFrame(example)).toEqual(exampleBytes);
  });

  test("is what is received", () => {
    expect(decodeFrame(exampleBytes)).toEqual(example);
  });

  test("has the checksum BD", () => {
    expect(checksum(exampleBytes, 2, 11)).toBe(0xbd);
  });
});

describe("frames composed by another implementation", () => {
  test.each(fixture.frames)("$name", ({ name: _name, bytes, data, ...fields }) => {
    const frame = { ...fields, data: fromHex(data) };
    expect(toHex(encodeFrame(frame))).toBe(bytes);
    expect(decodeFrame(fromHex(bytes))).toEqual(frame);
  });
});

describe.skipIf(!hasGoldenTrace)("recorded frames (needs ../shared)", () => {
  test("are read and written again byte for byte, and the damaged ones are refused", () => {
    const { lines } = readGoldenTrace();
    let damaged = 0;
    for (const { bytes, isDamaged } of lines) {
      const frame = decodeFrame(bytes);
      if (isDamaged) {
        damaged++;
        expect(frame).toBeString();
      } else {
        if (typeof frame === "string") throw new Error(`refused for its ${frame}: ${toHex(bytes)}`);
        expect(toHex(encodeFrame(frame))).toBe(toHex(bytes));
      }
    }
    // Twice each: board 1 with 2 devices, boards 5 and A with 3.
    expect(damaged).toBe(16);
    expect(lines.length).toBeGreaterThan(700);
  });
});

test("whatever is sent is received as it was", () => {
  fc.assert(
    fc.property(anyFrame, (frame) => {
      const bytes = encodeFrame(frame);
      expect(bytes.length).toBe(12 + frame.data.length);
      expect(decodeFrame(bytes)).toEqual(frame);
    }),
  );
});

test("a frame is found where it stands, in a view of a larger buffer too", () => {
  fc.assert(
    fc.property(anyFrame, fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }), (frame, before, unseen) => {
      const whole = joined(unseen, before, encodeFrame(frame));
      expect(decodeFrame(whole.subarray(unseen.length), before.length)).toEqual(frame);
    }),
  );
});

test("a frame that has been read keeps its data when the bytes are used again", () => {
  const bytes = exampleBytes.slice();
  const frame = decodeFrame(bytes);
  bytes.fill(0xee);
  expect(frame).toMatchObject({ data: Uint8Array.of(0x44) });
});

test("a frame takes no more data than its length byte can say", () => {
  const frame = { sequence: 1, deviceType: 1, boardId: 1, deviceId: 1 };
  expect(encodeFrame({ ...frame, data: new Uint8Array(246) })).toHaveLength(258);
  const tooLong = () => encodeFrame({ ...frame, data: new Uint8Array(247) });
  expect(tooLong).toThrow(RangeError);
  expect(tooLong).toThrow("246 data bytes at most, not 247");
});

test("sizes are those of the specification", () => {
  expect(MAX_DATA).toBe(246);
  expect(MAX_FRAME_SIZE).toBe(258);
  expect(frameSize(9)).toBe(12);
});

test("what is wrong with a frame is said", () => {
  for (let length = 0; length < 9; length++) expect(decodeFrame(replaced(exampleBytes, 1, length))).toBe("length");
  expect(decodeFrame(replaced(exampleBytes, 11, 0xbc))).toBe("checksum");
  expect(decodeFrame(replaced(exampleBytes, 12, 0x05))).toBe("trailer");
});

test("a single changed byte is noticed, wherever it is", () => {
  for (let at = 2; at < exampleBytes.length; at++) {
    for (let value = 0; value < 256; value++) {
      if (value !== exampleBytes[at]) expect(decodeFrame(replaced(exampleBytes, at, value))).toBeString();
    }
  }
});
