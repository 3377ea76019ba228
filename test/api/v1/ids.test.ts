import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ApiError } from "../../../src/api/errors.ts";
import { parseBoard, parseBoardAndDevice, parseDevice } from "../../../src/api/v1/ids.ts";

/** The message of the ApiError that a call throws. */
function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof ApiError && error.code === "invalid-id") return error.message;
    throw error;
  }
  throw new Error("expected an ApiError invalid-id, nothing was thrown");
}

describe("a board", () => {
  test.each([
    ["1", 1],
    ["00000001", 1],
    ["0x1", 1],
    ["000000000000001", 1],
    [" +0X00fFfFfF\t", 0xff_ffff],
    ["-0", 0],
    ["-0x000", 0],
    ["40000001", 0x4000_0001],
    ["7fffffff", 0x7fff_ffff],
    ["c0000000", 0xc000_0000],
    ["FFFFFFFF", 0xffff_ffff],
  ])("%j is board %d", (text, id) => {
    expect(Number(parseBoard(text))).toBe(id);
  });

  test.each(["1000000", "3fffffff", "80000000", "bfffffff", "100000000", "-1", "-40000001", "123456789abcdef0"])(
    "%j is out of range",
    (text) => {
      expect(refusalOf(() => parseBoard(text))).toStartWith(
        `Error converting board_num to integer ("${text}" is out of range: `,
      );
    },
  );

  test.each(["140000001", "ffffffffff", "f000000040000000"])("%j would be a BMC, and is not found", (text) => {
    expect(refusalOf(() => parseBoard(text))).toContain(`BMC with board id "${text}" was not found`);
  });

  test.each(["", "g", "0x", "one", "1.5", "1_0", "1 1"])("%j is not hexadecimal", (text) => {
    expect(refusalOf(() => parseBoard(text))).toBe(
      `Error converting board_num to integer ("${text}": expected a hexadecimal number).`,
    );
  });

  test("is judged by its value, however many zeros stand before it", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 40n }), fc.nat(50), (value, zeros) => {
        const isWell = value <= 0xff_ffffn || (value < 2n ** 32n && (value & 0x4000_0000n) !== 0n);
        const text = "0".repeat(zeros) + value.toString(16);
        if (isWell) expect(Number(parseBoard(text))).toBe(Number(value));
        else refusalOf(() => parseBoard(text));
      }),
    );
  });
});

describe("a device", () => {
  test.each([
    ["0", 0],
    ["000D", 13],
    ["0xffff", 0xffff],
    ["00000000000000ffff", 0xffff],
    ["-0", 0],
  ])("%j is device %d", (text, id) => {
    expect(Number(parseDevice(text))).toBe(id);
  });

  test.each(["10000", "-1", "fffffffff"])("%j is out of range", (text) => {
    expect(refusalOf(() => parseDevice(text))).toBe(
      `Error converting device_num to integer ("${text}" is out of range: expected 0 to ffff).`,
    );
  });

  test("that is not hexadecimal is told after its board", () => {
    expect(refusalOf(() => parseBoardAndDevice({ board: "1", device: "x" }))).toContain("device_num");
    expect(refusalOf(() => parseBoardAndDevice({ board: "x", device: "x" }))).toContain("board_num");
    expect(refusalOf(() => parseBoardAndDevice({ board: "-1", device: "x" }))).toContain("board_num");
  });
});
