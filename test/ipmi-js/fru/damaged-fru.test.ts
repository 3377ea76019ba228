import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { decodeFru } from "../../../src/ipmi-js/fru/decode-fru.ts";
import { encodeFru } from "../../../src/ipmi-js/fru/encode-fru.ts";
import { neededBytes } from "../../../src/ipmi-js/fru/header.ts";
import type { FruContents } from "../../../src/ipmi-js/fru/inventory.ts";
import { field, richFru } from "./fru-samples.ts";

/** Places in the image of `richFru`: header 8, then chassis, board and product, each a multiple of 8. */
const image = encodeFru(richFru);
const chassisAt = image[2]! * 8;
const boardAt = image[3]! * 8;
const productAt = image[4]! * 8;
const recordsAt = image[5]! * 8;

const damaged = (...changes: readonly (readonly [at: number, byte: number])[]) => {
  const bytes = image.slice();
  for (const [at, byte] of changes) bytes[at] = byte;
  return bytes;
};

test("a sound image is delivered as it was made, without problems", () => {
  expect(decodeFru(image)).toEqual({ ...richFru, problems: [] });
});

describe("damage is told with its place, and the rest delivered", () => {
  test("a wrong checksum of an area: its fields, and all else", () => {
    const at = chassisAt + image[chassisAt + 1]! * 8 - 1;
    const { problems, chassis, ...rest } = decodeFru(damaged([at, image[at]! ^ 0xff]));
    expect(problems).toEqual([
      {
        area: "chassis",
        offset: at,
        what: "checksum",
        expected: `${image[at]!.toString(16).toUpperCase().padStart(2, "0")}h`,
        found: `${(image[at]! ^ 0xff).toString(16).toUpperCase().padStart(2, "0")}h`,
      },
    ]);
    expect(chassis).toEqual(richFru.chassis);
    expect(rest.board).toEqual(richFru.board);
    expect(rest.records).toEqual(richFru.records);
  });

  test("a field that is longer than its area: those before it", () => {
    const { problems, chassis, product } = decodeFru(damaged([chassisAt + 3 + 5, 0xff]));
    expect(problems.map(({ what }) => what)).toEqual(["checksum", "length of a field"]);
    expect(chassis).toEqual({ type: 23, partNumber: field("CH-1"), serialNumber: undefined, custom: [] });
    expect(product).toEqual(richFru.product);
  });

  test("an area that lies outside, has no length, or another format", () => {
    const outside = decodeFru(damaged([3, 0xf0], [7, (image[7]! + image[3]! - 0xf0) & 0xff]));
    expect(outside.problems).toMatchObject([{ area: "board", what: "place", found: "at 1920" }]);
    expect(outside.board).toBeUndefined();
    expect(outside.product).toEqual(richFru.product);
    const empty = decodeFru(damaged([boardAt + 1, 0]));
    expect(empty.problems).toMatchObject([{ area: "board", what: "length", offset: boardAt + 1 }]);
    expect(empty.board).toBeUndefined();
    const other = decodeFru(damaged([productAt, 2]));
    expect(other.problems).toMatchObject([
      { area: "product", what: "format version", expected: "1", found: "2" },
      { area: "product", what: "checksum" },
    ]);
  });

  test("a header that is damaged: what is sound by itself", () => {
    const { problems, chassis, board, product, records } = decodeFru(damaged([7, 0], [3, boardAt / 8 + 1]));
    expect(problems[0]).toMatchObject({ area: "header", offset: 7, what: "checksum", found: "00h" });
    expect(chassis).toEqual(richFru.chassis);
    expect(board).toBeUndefined();
    expect(product).toEqual(richFru.product);
    expect(records).toEqual(richFru.records);
  });

  test("records: a wrong checksum of one costs nothing, that of a header all behind it", () => {
    const second = recordsAt + 5 + 24;
    const body = decodeFru(damaged([second + 5, image[second + 5]! ^ 1]));
    expect(body.problems).toMatchObject([{ area: "multi-record", offset: second + 3, what: "checksum of a record" }]);
    expect(body.records).toHaveLength(richFru.records.length);
    const header = decodeFru(damaged([second + 4, image[second + 4]! ^ 1]));
    expect(header.problems).toMatchObject([{ offset: second + 4, what: "checksum of a record's header" }]);
    expect(header.records).toEqual(richFru.records.slice(0, 1));
  });

  test("a record that is too short for its type is delivered raw", () => {
    const short = encodeFru({ ...richFru, records: [{ kind: "raw", recordType: 0x01, data: Uint8Array.of(1, 2) }] });
    const { records, problems } = decodeFru(short);
    expect(records).toEqual([{ kind: "raw", recordType: 0x01, data: Uint8Array.of(1, 2) }]);
    expect(problems).toMatchObject([{ what: "length of a record", expected: "at least 13 bytes", found: "2 bytes" }]);
  });

  test("nothing, and memories that were never written", () => {
    expect(decodeFru(new Uint8Array()).problems).toMatchObject([{ area: "header", found: "0 bytes" }]);
    expect(decodeFru(new Uint8Array(64)).problems).toMatchObject([{ found: "nothing but 00h" }]);
    expect(decodeFru(new Uint8Array(64).fill(0xff)).problems).toMatchObject([{ found: "nothing but FFh" }]);
  });

  test("an image that ends anywhere", () => {
    for (let end = 0; end < image.length; end++) {
      const { problems, chassis } = decodeFru(image.subarray(0, end));
      // Zeros that fill the last eight bytes are missed by nobody.
      if (end < image.length - 8) expect(problems.length).toBeGreaterThan(0);
      if (end >= boardAt) expect(chassis).toEqual(richFru.chassis);
    }
  });
});

test("any bytes are read without fail, in as many as matter", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, hasHeader) => {
      if (hasHeader && bytes.length > 8) bytes[0] = 1;
      expect(decodeFru(bytes).records.length).toBeLessThan(61);
      let known = 0;
      for (let steps = 0; neededBytes(bytes, known, bytes.length) > known; steps++) {
        expect(steps).toBeLessThan(301);
        known = neededBytes(bytes, known, bytes.length);
      }
      expect(known).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2000 },
  );
});

test("as many bytes are asked for as all areas and records have", () => {
  const inLargeDevice = new Uint8Array(2048);
  inLargeDevice.set(image);
  let known = 0;
  while (neededBytes(inLargeDevice, known, 2048) > known) known = neededBytes(inLargeDevice, known, 2048);
  expect(known).toBeLessThanOrEqual(image.length);
  expect(decodeFru(inLargeDevice.subarray(0, known))).toEqual({ ...richFru, problems: [] });
});

describe("other languages", () => {
  const german: FruContents = {
    internalUse: Uint8Array.of(1, 0xca, 0xfe, 0, 0, 0, 0, 0),
    chassis: undefined,
    board: {
      language: 8,
      manufacturedAt: undefined,
      manufacturer: field("Größe → 漢", "utf-16"),
      productName: field("ABC", "6-bit-ascii"),
      serialNumber: field("Serial 1"),
      partNumber: field("Teil", "utf-16"),
      fileId: field("id"),
      custom: [field("mehr", "utf-16")],
    },
    product: undefined,
    records: [],
  };

  test("8-bit fields are UTF-16, but serial numbers and file ids are English", () => {
    const bytes = encodeFru(german);
    // The first field: type 3, nine letters, least significant byte first.
    expect(bytes.subarray(8 + 6, 8 + 6 + 5).toHex()).toBe("d247007200");
    expect(decodeFru(bytes)).toEqual({ ...german, problems: [] });
  });

  test("no field in an encoding that the area's language does not have", () => {
    const wrong = { ...german, board: { ...german.board!, manufacturer: field("x") } };
    expect(() => encodeFru(wrong)).toThrow(RangeError);
  });
});

test("what has no room is refused", () => {
  const chassis = { type: 1, partNumber: undefined, serialNumber: undefined };
  const none = { internalUse: undefined, board: undefined, product: undefined, records: [] };
  expect(() => encodeFru({ ...none, chassis: { ...chassis, custom: [field("x".repeat(64))] } })).toThrow(RangeError);
  const many = Array.from({ length: 40 }, () => field("x".repeat(60)));
  expect(() => encodeFru({ ...none, chassis: { ...chassis, custom: many } })).toThrow(RangeError);
  expect(() => encodeFru({ ...none, chassis: { ...chassis, custom: [field("a", "6-bit-ascii")] } })).toThrow(
    RangeError,
  );
  expect(() => encodeFru({ ...none, chassis: { ...chassis, custom: [field("abc", "binary")] } })).toThrow(RangeError);
});

test("a text of one letter does not end the fields", () => {
  const chassis = { type: 1, partNumber: field("X"), serialNumber: field("Y"), custom: [] };
  const bytes = encodeFru({ internalUse: undefined, chassis, board: undefined, product: undefined, records: [] });
  expect(decodeFru(bytes)).toMatchObject({ chassis, problems: [] });
});
