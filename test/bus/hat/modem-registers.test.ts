import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  areSameRegisters,
  bitRatesAt,
  decodeModemRegisters,
  encodeModemRegisters,
  frequencyPairs,
} from "../../../src/bus/hat/modem-registers.ts";
import { configSchema } from "../../../src/config/schema.ts";
import type { ModemConfiguration } from "../../../src/devices/modem.ts";
import { modemPreset as preset } from "../../fixtures/modem-preset.ts";

/** A frequency as the specification spells it. */
const spell = (value: number) => (Number.isInteger(value) ? value.toFixed(1) : String(value));

/** What the four indices of a bit rate mean. */
const rates = (register0: number, pair: number) =>
  [0, 1, 2, 3].map((index) => decodeModemRegisters({ register0, register1: pair | (index << 4) }).bitRate);

const refused = (change: Partial<ModemConfiguration>) => () => encodeModemRegisters({ ...preset, ...change });

describe("register 0, bit by bit as the specification lists it", () => {
  // Bits 0 (frequency number), 3 (long wake-up message), 5 (auto wake-up message off) and 6 (loopback off).
  test("the default is 0110 1001", () => {
    expect(encodeModemRegisters(preset).register0).toBe(0b0110_1001);
  });

  const bits: [keyof ModemConfiguration, number, boolean][] = [
    ["remoteLoopback", 1, true],
    ["interferenceHopping", 2, true],
    ["longWakeUpMessage", 3, true],
    ["autoSleep", 4, false],
    ["autoWakeUpMessage", 5, false],
    ["loopbackEnabled", 6, false],
    ["interferenceDetected", 7, true],
  ];
  test.each(bits)("%s is bit %i, set: %p", (name, bit, meaning) => {
    expect(decodeModemRegisters({ register0: 1 << bit, register1: 0 })[name]).toBe(meaning);
    expect(decodeModemRegisters({ register0: ~(1 << bit) & 0xff, register1: 0 })[name]).toBe(!meaning);
    const { register0 } = encodeModemRegisters({ ...preset, [name]: meaning });
    expect((register0 >> bit) & 1).toBe(1);
    expect((encodeModemRegisters({ ...preset, [name]: !meaning }).register0 >> bit) & 1).toBe(0);
  });

  test("the frequency number is bit 0", () => {
    expect(decodeModemRegisters({ register0: 0, register1: 0 }).frequencyNumber).toBe(0);
    expect(decodeModemRegisters({ register0: 1, register1: 0 }).frequencyNumber).toBe(1);
  });
});

describe("register 1", () => {
  // Pair 9 is (5.5, 10.5); from 10 MHz on, bit rate 2 is 115200.
  test("the default is 0010 1001", () => {
    expect(encodeModemRegisters(preset).register1).toBe(0b0010_1001);
  });

  test("has the specification's pairs, in its order", () => {
    const specified =
      "(1.75, 4.5) (1.75, 5.5) (1.75, 6.0) (1.75, 6.5) (4.5, 5.5) (4.5, 6.0) (4.5, 6.5) (4.5, 10.5) (10.5, 13.0) (5.5, 10.5) (5.5, 13.0) (6.0, 10.5) (6.0, 13.0) (6.5, 10.5) (6.5, 13.0) (5.5, 6.5)";
    expect(frequencyPairs.map(([a, b]) => `(${spell(a)}, ${spell(b)})`).join(" ")).toBe(specified);
    for (const [index, [first, second]] of frequencyPairs.entries()) {
      const read = decodeModemRegisters({ register0: 0, register1: index });
      expect([read.firstFrequencyMhz, read.secondFrequencyMhz]).toEqual([first, second]);
    }
  });

  test("has the rate of the frequency in use", () => {
    const [below, from] = [
      [38_400, 57_600, 9600, 19_200],
      [38_400, 57_600, 115_200, 19_200],
    ];
    expect(rates(0, 9)).toEqual(below); // 5.5 MHz
    expect(rates(1, 9)).toEqual(from); // 10.5 MHz
    expect(rates(0, 8)).toEqual(from); // 10.5 MHz
    expect(rates(1, 15)).toEqual(below); // 6.5 MHz
  });

  test("is the same whatever its two unused bits are", () => {
    for (const unused of [0x40, 0x80, 0xc0]) {
      const read = decodeModemRegisters({ register0: 0x69, register1: 0x29 | unused });
      expect(read).toEqual(preset);
      expect(
        areSameRegisters({ register0: 0x69, register1: 0x29 }, { register0: 0x69, register1: 0x29 | unused }),
      ).toBe(true);
    }
  });
});

test("every value of both registers survives reading and writing", () => {
  for (let register0 = 0; register0 < 256; register0++)
    for (let register1 = 0; register1 < 64; register1++) {
      const { register0: written0, register1: written1 } = encodeModemRegisters(
        decodeModemRegisters({ register0, register1 }),
      );
      if (written0 !== register0 || written1 !== register1)
        throw new RangeError(`${register0} ${register1} became ${written0} ${written1}`);
    }
});

test("what the modem does not have is refused", () => {
  expect(refused({ firstFrequencyMhz: 2 })).toThrow("no pair of 2 and 10.5 MHz");
  expect(refused({ bitRate: 9600 })).toThrow("no 9600 bit/s at 10.5 MHz");
  expect(refused({ frequencyNumber: 0 })).toThrow("no 115200 bit/s at 5.5 MHz");
});

test("only the bit that the modem sets by itself may differ when registers are read back", () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(byte, byte, byte, byte, (register0, register1, change0, change1) => {
      const read = { register0: register0 ^ change0, register1: register1 ^ change1 };
      const isSame = (change0 & 0x7f) === 0 && (change1 & 0x3f) === 0;
      expect(areSameRegisters({ register0, register1 }, read)).toBe(isSame);
    }),
  );
});

test("the settings know the modem's pairs", () => {
  const alternatives: readonly { const: string }[] = configSchema.properties.hat.properties.frequency_pair.anyOf;
  expect(alternatives.map(({ const: pair }) => pair)).toEqual(frequencyPairs.map((pair) => pair.join("/")));
  expect(bitRatesAt(9.99)).not.toEqual(bitRatesAt(10));
});
