import { IpmiError } from "../errors.ts";
import type { ConversionFactors } from "../sdr/conversion-fields.ts";

/** How a raw reading's eight bits are a number. @see IPMI 2.0, table 43-1, byte 21 */
export type AnalogFormat = "unsigned" | "ones-complement" | "twos-complement";

/** What makes a value of a sensor's raw readings. */
export interface Conversion extends ConversionFactors {
  readonly format: AnalogFormat;
  /** Index of `linearizationNames`, or `NON_LINEAR` and above. @see IPMI 2.0, table 43-1, byte 24 */
  readonly linearization: number;
}

/** From here on the factors of a sensor differ from reading to reading: Get Sensor Reading Factors tells them. */
export const NON_LINEAR = 0x70;

/** The specification's names of the functions L, by number. */
export const linearizationNames = [
  "linear",
  "ln",
  "log10",
  "log2",
  "e",
  "exp10",
  "exp2",
  "1/x",
  "sqr(x)",
  "cube(x)",
  "sqrt(x)",
  "cube-1(x)",
] as const;

const linearizations: readonly ((x: number) => number)[] = [
  (x) => x,
  Math.log,
  Math.log10,
  Math.log2,
  Math.exp,
  (x) => 10 ** x,
  (x) => 2 ** x,
  (x) => 1 / x,
  (x) => x * x,
  (x) => x ** 3,
  Math.sqrt,
  Math.cbrt,
];

/** Significant digits that are kept of what a function makes: more than any sensor has, fewer than floating noise. */
const SIGNIFICANT_DIGITS = 12;

/** Powers of ten that are exact as numbers, as far as the two exponents reach together. */
const powersOfTen = Array.from({ length: 17 }, (_, exponent) => Number(`1e${exponent}`));
const powerOfTen = (exponent: number): number => powersOfTen[exponent] ?? 10 ** exponent;

/** The number that a raw reading of 8 bits stands for. */
export function signedRaw(raw: number, format: AnalogFormat): number {
  if (format === "unsigned" || raw < 0x80) return raw;
  return format === "twos-complement" ? raw - 0x100 : raw - 0xff;
}

/**
 * (M·x + B·10^K1)·10^K2: summed up in integers and divided once, so that the result is the number nearest to the exact decimal
 * one, and prints as that.
 */
function scaled(factors: ConversionFactors, x: number): number {
  const { m, b, bExponent, resultExponent } = factors;
  const isFraction = bExponent < 0;
  const sum = isFraction ? m * x * powerOfTen(-bExponent) + b : m * x + b * powerOfTen(bExponent);
  const exponent = isFraction ? resultExponent + bExponent : resultExponent;
  return exponent < 0 ? sum / powerOfTen(-exponent) : sum * powerOfTen(exponent);
}

/** Whether the sensor's factors must be asked for with each raw reading. */
export const isNonLinear = ({ linearization }: Conversion): boolean => linearization >= NON_LINEAR;

function valueOfNumber(conversion: Conversion, x: number, factors: ConversionFactors): number | undefined {
  const y = scaled(factors, x);
  // + 0: minus nothing is nothing.
  if (conversion.linearization === 0 || isNonLinear(conversion)) return y + 0;
  const linearize = linearizations[conversion.linearization];
  const value = linearize?.(y);
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return Number(value.toPrecision(SIGNIFICANT_DIGITS)) + 0;
}

/**
 * The value that a raw reading (0–255) stands for: y = L[(M·x + B·10^K1)·10^K2], in the sensor's unit. Undefined where there is no
 * such number (the logarithm of 0), where the function is none that the specification knows, and for non-linear sensors without
 * `factors`, those of that raw reading.
 * @see IPMI 2.0, section 36.3
 */
export function valueOfRaw(conversion: Conversion, raw: number, factors?: ConversionFactors): number | undefined {
  if (factors === undefined && isNonLinear(conversion)) return undefined;
  return valueOfNumber(conversion, signedRaw(raw, conversion.format), factors ?? conversion);
}

/** The smallest and the largest value that the sensor's raw readings can stand for, and the raw reading nearest to a value. */
function nearest(conversion: Conversion, value: number): { raw: number; distance: number; reach: number } | undefined {
  let found: { raw: number; distance: number } | undefined;
  let [smallest, largest] = [Infinity, -Infinity];
  for (let raw = 0; raw <= 0xff; raw++) {
    const candidate = valueOfRaw(conversion, raw);
    if (candidate === undefined) continue;
    smallest = Math.min(smallest, candidate);
    largest = Math.max(largest, candidate);
    const distance = Math.abs(candidate - value);
    if (found === undefined || distance < found.distance) found = { raw, distance };
  }
  return found && { ...found, reach: Math.max(smallest - value, value - largest, 0) };
}

/** The smallest distance from the value of a raw reading to that of a neighbour. */
export function stepAt(conversion: Conversion, raw: number): number | undefined {
  const x = signedRaw(raw, conversion.format);
  const value = valueOfNumber(conversion, x, conversion);
  if (value === undefined || isNonLinear(conversion)) return undefined;
  const distances = [x - 1, x + 1].flatMap((neighbour) => {
    const other = valueOfNumber(conversion, neighbour, conversion);
    return other === undefined ? [] : [Math.abs(other - value)];
  });
  return distances.length === 0 ? undefined : Math.min(...distances);
}

/**
 * The raw reading (0–255) whose value is nearest to `value`, for thresholds to be set.
 * @throws IpmiError "invalid-argument" for values beyond what the sensor can tell by more than half a step, and for sensors whose
 *   conversion is unknown
 */
export function rawOfValue(conversion: Conversion, value: number): number {
  if (!Number.isFinite(value)) throw new IpmiError("invalid-argument", `${value} is no value of a sensor`);
  const found = nearest(conversion, value);
  if (found === undefined)
    throw new IpmiError(
      "invalid-argument",
      "The sensor's values cannot be turned back into raw ones: it is not linear",
    );
  if (found.reach > (stepAt(conversion, found.raw) ?? 0) / 2)
    throw new IpmiError(
      "invalid-argument",
      `The sensor cannot tell ${value}: the nearest that it has is ${valueOfRaw(conversion, found.raw)}`,
    );
  return found.raw;
}

/** A difference of `counts` raw counts, as a value; undefined where it is not the same everywhere. */
export function differenceOfCounts(conversion: Conversion, counts: number): number | undefined {
  if (conversion.linearization !== 0) return undefined;
  return Math.abs(scaled({ ...conversion, b: 0, bExponent: 0 }, counts));
}

/** Raw counts (0–255) of a difference in value, for hysteresis to be set. @throws IpmiError "invalid-argument" */
export function countsOfDifference(conversion: Conversion, difference: number): number {
  const step = differenceOfCounts(conversion, 1);
  if (step === undefined || step === 0)
    throw new IpmiError("invalid-argument", "The sensor has no step that is the same everywhere");
  const counts = Math.round(difference / step);
  if (!(counts >= 0 && counts <= 0xff))
    throw new IpmiError(
      "invalid-argument",
      `The sensor's hysteresis is between 0 and ${step * 0xff}, not ${difference}`,
    );
  return counts;
}

/**
 * How far a value may be off by rounding, both ways, in the sensor's unit. For functions of a value: half of the distance between
 * the values that the tolerance lies between.
 * @see IPMI 2.0, section 36.4
 */
export function toleranceAt(
  conversion: Conversion,
  raw: number,
  factors: ConversionFactors = conversion,
): number | undefined {
  const { tolerance } = factors;
  if (tolerance === 0) return 0;
  if (conversion.linearization === 0 || isNonLinear(conversion))
    return Math.abs(scaled({ ...factors, b: 0, bExponent: 0 }, tolerance) / 2);
  const x = signedRaw(raw, conversion.format);
  const below = valueOfNumber(conversion, x - tolerance / 2, factors);
  const above = valueOfNumber(conversion, x + tolerance / 2, factors);
  return below === undefined || above === undefined ? undefined : Math.abs(above - below) / 2;
}

/** Accuracy in percent of the reading. @see IPMI 2.0, table 43-1, bytes 28 and 29 */
export const accuracyPercent = ({ accuracy, accuracyExponent }: ConversionFactors): number =>
  (accuracy * powerOfTen(accuracyExponent)) / 100;

/** Decimals that the values of a function of the reading are printed with, as other tools do. */
const DECIMALS_OF_FUNCTIONS = 3;

const trailingZeros = (value: number): number => {
  let zeros = 0;
  for (let left = Math.abs(value); left !== 0 && left % 10 === 0; left /= 10) zeros++;
  return value === 0 ? Infinity : zeros;
};

/** Decimals that values of the sensor can have, and should be printed with. */
export function decimalsOf(conversion: Conversion): number {
  const { linearization, m, b, bExponent, resultExponent } = conversion;
  if (linearization !== 0) return DECIMALS_OF_FUNCTIONS;
  const lowest = Math.min(trailingZeros(m), trailingZeros(b) + bExponent);
  return Number.isFinite(lowest) ? Math.max(0, -(lowest + resultExponent)) : 0;
}
