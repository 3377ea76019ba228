import { bits } from "../bytes/layout.ts";
import { signed10, signedBits, splitBits } from "./signed-fields.ts";

/**
 * The factors that make a value of a raw reading, in the six bytes from byte `at` on that a full sensor record and the answer to
 * Get Sensor Reading Factors have in common.
 * @see IPMI 2.0, table 43-1 (bytes 25–30) and table 35-4
 */
export const conversionFields = (at: number) =>
  ({
    m: signed10(at),
    /** In half raw counts, both ways. */
    tolerance: bits(at + 1, 0, 6),
    b: signed10(at + 2),
    /** In hundredths of a percent, times ten to the power of `accuracyExponent`. */
    accuracy: splitBits(at + 3, 6, 4),
    accuracyExponent: bits(at + 4, 2, 2),
    /** K2 of the specification: scales the result. */
    resultExponent: signedBits(at + 5, 4, 4),
    /** K1 of the specification: scales B. */
    bExponent: signedBits(at + 5, 0, 4),
  }) as const;

/** What makes a value of a raw reading: y = (M·x + B·10^K1)·10^K2. */
export interface ConversionFactors {
  readonly m: number;
  readonly b: number;
  readonly bExponent: number;
  readonly resultExponent: number;
  readonly tolerance: number;
  readonly accuracy: number;
  readonly accuracyExponent: number;
}
