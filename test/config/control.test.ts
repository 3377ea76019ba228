import { describe, expect, test } from "bun:test";
import { loadConfig, type ConfigOption } from "../../src/config/load-config.ts";

/** What a file with this section says. */
const controlOf = (control: object, options: readonly ConfigOption[] = []) =>
  loadConfig({ env: {}, fileName: "/etc/o.json", options, readFile: () => JSON.stringify({ control }) }).control;

describe("control", () => {
  test("boards are protected by ids as the API takes them", () => {
    const ids = ["00000001", "0x2", "0XfF", "40000001", "0000000000000003", "ffffffff"];
    expect(controlOf({ protected_boards: ids }).protectedBoards).toEqual([1, 2, 0xff, 0x40000001, 3, 0xffffffff]);
  });

  test.each([["1 "], [""], ["-1"], ["0x"], ["100000000"], ["1g"], ["1,2"]])("%j is no board", (board) => {
    expect(() => controlOf({ protected_boards: [board] })).toThrow("expected a list of board ids in hexadecimal");
  });

  test("a board as a number is refused: nobody knows whether 10 is 16", () => {
    expect(() => controlOf({ protected_boards: [10] })).toThrow("expected a list of board ids in hexadecimal");
  });

  test("an emulated rack needs no cool-down, but may have one", () => {
    const emulated = { name: "--emulator", path: "emulator.enabled", value: true } as const;
    expect(controlOf({}).cooldownMs).toBe(2000);
    expect(controlOf({}, [emulated]).cooldownMs).toBe(0);
    expect(controlOf({ cooldown_ms: 5 }, [emulated]).cooldownMs).toBe(5);
    expect(controlOf({ cooldown_ms: 0 }).cooldownMs).toBe(0);
  });
});
