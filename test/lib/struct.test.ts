import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { struct, u16be, u32be, u8 } from "../../src/lib/struct.ts";

const layout = struct({ kind: u8, size: u16be, board: u32be, end: u8 });

test("is as large as its fields together", () => {
  expect(layout.size).toBe(8);
});

test("is as Node's Buffer writes and reads it, at any place", () => {
  const value = fc.record({
    kind: fc.nat(0xff),
    size: fc.nat(0xffff),
    board: fc.nat(0xffff_ffff),
    end: fc.nat(0xff),
  });
  fc.assert(
    fc.property(value, fc.nat(5), fc.nat(5), (fields, before, after) => {
      const expected = Buffer.alloc(before + 8 + after, 0xee);
      expected.writeUInt8(fields.kind, before);
      expected.writeUInt16BE(fields.size, before + 1);
      expected.writeUInt32BE(fields.board, before + 3);
      expected.writeUInt8(fields.end, before + 7);
      const bytes = new Uint8Array(before + 8 + after).fill(0xee);
      layout.write(bytes, before, fields);
      expect([...bytes]).toEqual([...expected]);
      expect(layout.read(bytes, before)).toEqual(fields);
    }),
  );
});

test("beyond the end of the bytes is a RangeError", () => {
  const bytes = new Uint8Array(8);
  const value = { kind: 1, size: 1, board: 1, end: 1 };
  expect(() => layout.read(bytes, 1)).toThrow(RangeError);
  expect(() => layout.write(bytes, 1, value)).toThrow(RangeError);
  expect(() => layout.read(bytes, -1)).toThrow(RangeError);
});
