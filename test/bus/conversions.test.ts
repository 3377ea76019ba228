import { describe, expect, test } from "bun:test";
import { adm1276, fromDirectFormat, humidity, powerStatusBits, thermistorC } from "../../src/bus/conversions.ts";
import fixture from "../fixtures/conversions.json";

/** Rows of a table that the fixture has flat. */
function rows(flat: readonly number[], width: number): number[][] {
  const table: number[][] = [];
  for (let at = 0; at < flat.length; at += width) table.push(flat.slice(at, at + width));
  return table;
}

describe("thermistor", () => {
  test("counts over all pieces and their borders, as Python has them", () => {
    const table = rows(fixture.thermistor, 2);
    expect(table.length).toBeGreaterThan(1500);
    const mine = table.map(([counts = Number.NaN]) => [counts, thermistorC(counts)]);
    expect(mine).toEqual(table);
  });

  test("counts from 65535 on are no measurement, however large", () => {
    expect(thermistorC(65_534)).toBeNumber();
    for (const counts of [65_535, 65_536, 1e9, 65_535n, 10n ** 30n]) expect(thermistorC(counts)).toBeUndefined();
  });

  test("counts below zero, however far, are on the last piece", () => {
    // In Python: -0.235 * -10**20 + 131.294
    expect(thermistorC(-(10n ** 20n))).toBe(2.35e19);
  });
});

describe("humidity", () => {
  test("words of all kinds, as Python has them", () => {
    const table = rows(fixture.humidity, 3);
    expect(table.length).toBeGreaterThan(950);
    for (const [word = Number.NaN, relativeHumidityPercent, temperatureC] of table) {
      const mine = humidity(word);
      // JavaScript and JSON know no difference between 0 and -0 that a client could see.
      expect([word, mine?.relativeHumidityPercent, (mine?.temperatureC ?? Number.NaN) + 0]).toEqual([
        word,
        relativeHumidityPercent,
        (temperatureC ?? Number.NaN) + 0,
      ]);
    }
  });

  test("a word of more than 32 bits is no measurement", () => {
    expect(humidity(0xffff_ffff)).toBeDefined();
    for (const word of [0x1_0000_0000, 10n ** 20n]) expect(humidity(word)).toBeUndefined();
  });
});

describe("PMBus direct format", () => {
  test.each(["outputCurrentA", "inputVoltageV", "inputPowerW"] as const)("%s digit for digit as Python", (name) => {
    const table = rows(fixture.direct[name], 2);
    expect(table.length).toBeGreaterThan(200);
    const mine = table.map(([raw = Number.NaN]) => [raw, fromDirectFormat(raw, adm1276[name])]);
    expect(mine).toEqual(table);
    for (const { quantity, raw, value } of fixture.directHuge) {
      if (quantity === name) expect(fromDirectFormat(BigInt(raw), adm1276[name])).toBe(value);
    }
  });
});

describe("the power status word", () => {
  test("every combination of the four bits", () => {
    for (let combination = 0; combination < 16; combination++) {
      const [off, notOk, overCurrent, underVoltage] = [1, 2, 4, 8].map((bit) => (combination & bit) !== 0);
      const word = (off ? 64 : 0) + (notOk ? 2048 : 0) + (overCurrent ? 16 : 0) + (underVoltage ? 8 : 0);
      const expected = { on: !off, ok: !notOk, overCurrent: overCurrent === true, underVoltage: underVoltage === true };
      expect(powerStatusBits(word)).toEqual(expected);
      // No other bit matters, however far up.
      const others = 0xffff_ffff - (64 + 2048 + 16 + 8);
      expect(powerStatusBits(word + others)).toEqual(expected);
      expect(powerStatusBits(BigInt(word) + (1n << 70n))).toEqual(expected);
    }
  });

  test("a negative word has the bits of its two's complement, as in Python", () => {
    expect(powerStatusBits(-1)).toEqual({ on: false, ok: false, overCurrent: true, underVoltage: true });
    expect(powerStatusBits(-65)).toEqual({ on: true, ok: false, overCurrent: true, underVoltage: true });
  });
});
