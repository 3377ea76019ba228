import { describe, expect, test } from "bun:test";
import { boardId, deviceId, formatBoardId, formatDeviceId, isBmcBoard } from "../../src/devices/ids.ts";
import { deviceTypes, isDeviceType } from "../../src/devices/device-type.ts";

const noIds = [-1, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 53];

describe("board ids", () => {
  test.each([
    [0, "00000000"],
    [1, "00000001"],
    [0xabcdef, "00abcdef"],
    [0x40000001, "40000001"],
    [0x80000000, "80000000"],
    [0xffffffff, "ffffffff"],
  ])("%d is %s", (value, text) => {
    expect<number>(boardId(value)).toBe(value);
    expect(formatBoardId(boardId(value))).toBe(text);
  });

  test.each([...noIds, 0x1_0000_0000])("%p is none", (value) => {
    expect(() => boardId(value)).toThrow(RangeError);
    expect(() => boardId(value)).toThrow(`not a board id: ${value}`);
  });

  test("of BMCs are those with bit 30 set, whatever the others are", () => {
    for (let bit = 0; bit < 32; bit++) expect(isBmcBoard(boardId(2 ** bit))).toBe(bit === 30);
    expect(isBmcBoard(boardId(0xffffffff))).toBe(true);
    expect(isBmcBoard(boardId(0xbfffffff))).toBe(false);
  });
});

describe("device ids", () => {
  test.each([
    [0, "0000"],
    [0xd, "000d"],
    [0xffff, "ffff"],
  ])("%d is %s", (value, text) => {
    expect<number>(deviceId(value)).toBe(value);
    expect(formatDeviceId(deviceId(value))).toBe(text);
  });

  test.each([...noIds, 0x1_0000])("%p is none", (value) => {
    expect(() => deviceId(value)).toThrow(RangeError);
    expect(() => deviceId(value)).toThrow(`not a device id: ${value}`);
  });
});

test("names of device types are known in lower case, and nothing else is one", () => {
  for (const type of deviceTypes) expect(isDeviceType(type)).toBe(true);
  for (const text of ["", "LED", "Temperature", "led ", "toString", "__proto__", "length"]) {
    expect(isDeviceType(text)).toBe(false);
  }
});
