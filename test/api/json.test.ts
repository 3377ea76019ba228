import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { toJson } from "../../src/api/json.ts";

const plain = fc.jsonValue({ depthSize: "small" });

describe("toJson", () => {
  test("writes what JSON.stringify writes", () => {
    fc.assert(fc.property(plain, (value) => expect(toJson(value)).toBe(JSON.stringify(value))));
  });

  test("writes the rest of a document alike where a bigint stands in it", () => {
    fc.assert(
      fc.property(plain, fc.bigInt(), (value, integer) => {
        expect(toJson({ a: [value, integer], 'b"': value })).toBe(
          `{"a":[${JSON.stringify(value)},${integer}],"b\\"":${JSON.stringify(value)}}`,
        );
      }),
    );
  });

  test("leaves out members that are undefined", () => {
    expect(toJson({ a: undefined, b: 1, c: { d: undefined } })).toBe('{"b":1,"c":{}}');
    expect(toJson({ a: undefined, b: 1n, c: { d: undefined } })).toBe('{"b":1,"c":{}}');
    expect(toJson([undefined, 1n])).toBe("[null,1]");
    expect(toJson(undefined)).toBe("null");
  });

  test("keeps the digits of integers beyond 2^53", () => {
    expect(toJson(12_345_678_901_234_567_890n)).toBe("12345678901234567890");
    expect(toJson({ n: -9_007_199_254_740_993n })).toBe('{"n":-9007199254740993}');
  });
});
