import { describe, expect, test } from "bun:test";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import {
  accuracyPercent,
  countsOfDifference,
  decimalsOf,
  differenceOfCounts,
  NON_LINEAR,
  rawOfValue,
  stepAt,
  toleranceAt,
  valueOfRaw,
  type Conversion,
} from "../../../src/ipmi-js/sensors/conversion.ts";
import { freeIpmiPrelude, hasLibFreeIpmi, hasPython, runPython } from "../foreign-python.ts";

const formats = ["unsigned", "ones-complement", "twos-complement"] as const;
const LINEARIZATIONS = 12;

const plain: Conversion = {
  format: "unsigned",
  linearization: 0,
  m: 1,
  b: 0,
  bExponent: 0,
  resultExponent: 0,
  tolerance: 0,
  accuracy: 0,
  accuracyExponent: 0,
};

/** M, B, K1, K2: the limits of each, and what sensors have. */
const factorSets = [
  [1, 0, 0, 0],
  [63, 0, 0, -3],
  [5, -4, 2, -1],
  [392, 0, 0, -3],
  [4, 0, 0, -6],
  [5, 500, 0, -3],
  [-1, 255, 0, 0],
  [7, 3, -2, -1],
  [13, -511, 1, -2],
  [511, 511, 7, 7],
  [-512, -512, -8, -8],
  [-512, 511, 7, -8],
  [511, -512, -8, 7],
  [0, 100, 0, -2],
  [1, 1, 0, -1],
] as const;

const cases = factorSets.flatMap(([m, b, bExponent, resultExponent]) =>
  Array.from({ length: LINEARIZATIONS }, (_, linearization) => linearization).flatMap((linearization) =>
    formats.map((format): Conversion => ({ ...plain, format, linearization, m, b, bExponent, resultExponent })),
  ),
);

/** The number, or null. Exact fractions are rounded once, as Python does. */
const python = `
import json, math, sys
from fractions import Fraction
functions = [None, math.log, math.log10, math.log2, math.exp, lambda y: math.pow(10, y), lambda y: math.pow(2, y),
  lambda y: 1 / y, lambda y: y * y, lambda y: y * y * y, math.sqrt, lambda y: math.copysign(abs(y) ** (1 / 3), y)]
def value(c, raw):
    x = raw
    if raw > 127 and c["format"] == "ones-complement": x = -(raw ^ 255)
    if raw > 127 and c["format"] == "twos-complement": x = raw - 256
    y = (c["m"] * x + c["b"] * Fraction(10) ** c["bExponent"]) * Fraction(10) ** c["resultExponent"]
    if c["linearization"] == 0: return float(y)
    try: result = functions[c["linearization"]](float(y))
    except (ValueError, OverflowError, ZeroDivisionError): return None
    return result if math.isfinite(result) else None
json.dump([[value(c, raw) for raw in range(256)] for c in json.load(sys.stdin)], sys.stdout)
`;

const isNumberTable = (value: unknown): value is (number | null)[][] =>
  Array.isArray(value) &&
  value.every((row) => Array.isArray(row) && row.every((cell) => cell === null || typeof cell === "number"));

function numbersOf(script: string): (number | null)[][] {
  const table = runPython(script, cases);
  if (!isNumberTable(table)) throw new RangeError("python3 wrote no table of numbers");
  return table;
}

/** Both are the same when rounded to twelve digits. */
const isClose = (left: number, right: number): boolean =>
  Math.abs(left - right) <= Math.max(Math.abs(left), Math.abs(right)) * 5.1e-12 + 1e-300;

const refusal = (conversion: Conversion, value: number) => {
  try {
    return rawOfValue(conversion, value);
  } catch (error) {
    return error instanceof IpmiError ? error.code : error;
  }
};

describe("the value of a raw reading", () => {
  test.skipIf(!hasPython)("is Python's, for all 256 in every format, under all 12 functions (python3)", () => {
    const expected = numbersOf(python);
    expect(expected).toHaveLength(factorSets.length * LINEARIZATIONS * formats.length);
    const wrong = cases.flatMap((conversion, index) =>
      expected[index]!.flatMap((right, raw) => {
        const value = valueOfRaw(conversion, raw) ?? null;
        // Linear values are the number nearest to the exact one, and not only close to it.
        const isRight =
          conversion.linearization === 0 || value === null || right === null ? value === right : isClose(value, right);
        return isRight ? [] : [{ conversion, raw, value, right }];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test.skipIf(!hasLibFreeIpmi)("is FreeIPMI's where that has one (libfreeipmi)", () => {
    const expected = numbersOf(`${freeIpmiPrelude}
import math
formats = ["unsigned", "ones-complement", "twos-complement"]
def value(c, raw):
    result = ctypes.c_double()
    ok = lib.ipmi_sensor_decode_value(ctypes.c_int8(c["resultExponent"]), ctypes.c_int8(c["bExponent"]), ctypes.c_int16(c["m"]),
      ctypes.c_int16(c["b"]), ctypes.c_uint8(c["linearization"]), ctypes.c_uint8(formats.index(c["format"])), ctypes.c_uint8(raw),
      ctypes.byref(result))
    return result.value if ok == 0 and math.isfinite(result.value) else None
json.dump([[value(c, raw) for raw in range(256)] for c in json.load(sys.stdin)], sys.stdout)
`);
    // It sums up in floating point: near to zero its differences have lost digits, and their logarithms and inverses, too.
    // Function 11, which the specification writes cube⁻¹, is 1/x³ to it; ipmitool and pyghmi take the cube root, as we do.
    const left = new Set([1, 2, 3, 7, 11]);
    let compared = 0;
    const wrong = cases.flatMap((conversion, index) =>
      expected[index]!.flatMap((right, raw) => {
        const value = valueOfRaw(conversion, raw);
        if (right === null || value === undefined || left.has(conversion.linearization)) return [];
        compared++;
        const magnitude = Math.max(Math.abs(value), Math.abs(right), 1e-3);
        return Math.abs(value - right) <= magnitude * 1e-5 ? [] : [{ conversion, raw, value, right }];
      }),
    );
    expect(compared).toBeGreaterThan(50_000);
    expect(wrong).toEqual([]);
  });

  test("has no floating noise", () => {
    expect(valueOfRaw({ ...plain, m: 1, b: 2, resultExponent: -1 }, 1)).toBe(0.3);
    expect(valueOfRaw({ ...plain, m: 392, resultExponent: -3 }, 102)).toBe(39.984);
    expect(valueOfRaw({ ...plain, m: 172, resultExponent: -4 }, 193)).toBe(3.3196);
    expect(valueOfRaw({ ...plain, linearization: 7, m: 4, resultExponent: -6 }, 100)).toBe(2500);
    expect(valueOfRaw({ ...plain, linearization: 11, m: 1 }, 125)).toBe(5);
  });

  test("is absent where there is no such number", () => {
    expect(valueOfRaw({ ...plain, linearization: 1 }, 0)).toBeUndefined();
    expect(valueOfRaw({ ...plain, linearization: 7 }, 0)).toBeUndefined();
    expect(valueOfRaw({ ...plain, linearization: 10, format: "twos-complement" }, 0xff)).toBeUndefined();
    expect(valueOfRaw({ ...plain, linearization: 5, m: 511, resultExponent: 2 }, 0xff)).toBeUndefined();
    expect(valueOfRaw({ ...plain, linearization: 12 }, 1)).toBeUndefined();
    expect(valueOfRaw({ ...plain, linearization: 0x6f }, 1)).toBeUndefined();
  });

  test("is never minus zero", () => {
    expect(valueOfRaw({ ...plain, format: "ones-complement" }, 0xff)).toBe(0);
    expect(valueOfRaw({ ...plain, m: -1 }, 0)).toBe(0);
  });

  test("of a non-linear sensor comes of the factors of that reading", () => {
    const conversion = { ...plain, linearization: NON_LINEAR, m: 3 };
    expect(valueOfRaw(conversion, 10)).toBeUndefined();
    expect(valueOfRaw(conversion, 10, { ...plain, m: 25, b: -4, resultExponent: -1 })).toBe(24.6);
  });
});

describe("the raw reading of a value", () => {
  test("is the nearest, whichever function and format", () => {
    const wrong = cases
      .filter(({ m }) => m !== 0)
      .flatMap((conversion) =>
        Array.from({ length: 18 }, (_, index) => index * 15).flatMap((raw) => {
          const value = valueOfRaw(conversion, raw);
          if (value === undefined) return [];
          const back = valueOfRaw(conversion, rawOfValue(conversion, value));
          return back === value ? [] : [{ conversion, raw, value, back }];
        }),
      );
    expect(wrong).toEqual([]);
  });

  test("rounds to the nearest that the sensor has", () => {
    const volts = { ...plain, m: 63, resultExponent: -3 };
    expect(rawOfValue(volts, 12.159)).toBe(193);
    expect(rawOfValue(volts, 12.19)).toBe(193);
    expect(rawOfValue(volts, 12.191)).toBe(194);
    expect(rawOfValue({ ...plain, format: "twos-complement" }, -42)).toBe(0xd6);
    expect(rawOfValue({ ...plain, format: "ones-complement" }, -12)).toBe(0xf3);
    expect(rawOfValue({ ...plain, format: "ones-complement" }, 0)).toBe(0);
  });

  test("is refused beyond the sensor's range, and where it cannot be known", () => {
    expect(refusal(plain, 255.5)).toBe(255);
    expect(refusal(plain, 255.6)).toBe("invalid-argument");
    expect(refusal(plain, -0.6)).toBe("invalid-argument");
    expect(refusal(plain, Number.NaN)).toBe("invalid-argument");
    expect(refusal(plain, Infinity)).toBe("invalid-argument");
    expect(refusal({ ...plain, linearization: NON_LINEAR }, 1)).toBe("invalid-argument");
    expect(refusal({ ...plain, linearization: 12 }, 1)).toBe("invalid-argument");
  });
});

describe("tolerance, accuracy, hysteresis and decimals", () => {
  const vcore = { ...plain, m: 5, b: 500, resultExponent: -3, tolerance: 2, accuracy: 150 };

  test("are what ipmitool prints of a sensor with 0.005 V a count and a tolerance of two half counts", () => {
    // ipmitool: "Sensor Reading : 0.890 (+/- 0.005) Volts", "Positive Hysteresis : 0.005"
    expect(toleranceAt(vcore, 78)).toBe(0.005);
    expect(differenceOfCounts(vcore, 1)).toBe(0.005);
    expect(countsOfDifference(vcore, 0.01)).toBe(2);
    expect(stepAt(vcore, 78)).toBeCloseTo(0.005, 12);
    expect(accuracyPercent(vcore)).toBe(1.5);
    expect(accuracyPercent({ ...vcore, accuracy: 3, accuracyExponent: 2 })).toBe(3);
  });

  test("follow the function where there is one", () => {
    const tach = { ...plain, linearization: 7, m: 4, resultExponent: -6, tolerance: 2 };
    // 1/(396e-6) = 2525.25 and 1/(404e-6) = 2475.25
    expect(toleranceAt(tach, 100)).toBeCloseTo(25.0025, 3);
    expect(differenceOfCounts(tach, 1)).toBeUndefined();
    expect(() => countsOfDifference(tach, 10)).toThrow(IpmiError);
    expect(toleranceAt(plain, 5)).toBe(0);
  });

  test("of hysteresis beyond a byte are refused", () => {
    expect(countsOfDifference(plain, 255)).toBe(255);
    expect(() => countsOfDifference(plain, 256)).toThrow(IpmiError);
    expect(() => countsOfDifference(plain, -1)).toThrow(IpmiError);
    expect(() => countsOfDifference({ ...plain, m: 0 }, 1)).toThrow(IpmiError);
  });

  test("count the decimals that values can have", () => {
    expect(decimalsOf(plain)).toBe(0);
    expect(decimalsOf({ ...plain, m: 63, resultExponent: -3 })).toBe(3);
    expect(decimalsOf({ ...plain, m: 10, resultExponent: -1 })).toBe(0);
    expect(decimalsOf({ ...plain, m: 5, b: -4, bExponent: 2, resultExponent: -1 })).toBe(1);
    expect(decimalsOf({ ...plain, m: 5, b: 3, bExponent: -2 })).toBe(2);
    expect(decimalsOf({ ...plain, m: 0 })).toBe(0);
    expect(decimalsOf({ ...plain, linearization: 7 })).toBe(3);
  });
});
