import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { fromHex, toHex } from "../../src/lib/hex.ts";

test("bytes are two lower-case digits each, with spaces between", () => {
  expect(toHex(Uint8Array.of(1, 10, 255))).toBe("01 0a ff");
  expect(toHex(new Uint8Array())).toBe("");
});

test("as Node's Buffer has them, both ways", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const digits = Buffer.from(bytes).toString("hex");
      expect(toHex(bytes).replaceAll(" ", "")).toBe(digits);
      expect(fromHex(digits)).toEqual(bytes);
      expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes);
    }),
  );
});

test("white space of any kind is tolerated", () => {
  expect(fromHex(" 01\t0A\n\nfF ")).toEqual(Uint8Array.of(1, 10, 255));
  expect(fromHex(" ")).toEqual(new Uint8Array());
});

test.each(["0", "010", "0g", "0x01", "-1", "é0", "01,02"])("%p is none, and is named", (text) => {
  expect(() => fromHex(text)).toThrow(RangeError);
  expect(() => fromHex(text)).toThrow(`not hexadecimal bytes: "${text}"`);
});
