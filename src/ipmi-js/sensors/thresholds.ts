import { thresholdNames, type RawThresholds, type ThresholdName } from "../commands/sensor.ts";
import { rawOfValue, valueOfRaw, type Conversion } from "./conversion.ts";

/** Values by threshold, in the sensor's unit; those that the sensor does not have, or does not tell, are absent. */
export type Thresholds = { readonly [K in ThresholdName]?: number };

/** The worst threshold that a reading is beyond, or "ok". */
export type ThresholdState = "ok" | ThresholdName;

/** Thresholds as the specification writes them. */
export const thresholdWords = {
  lowerNonCritical: "lower non-critical",
  lowerCritical: "lower critical",
  lowerNonRecoverable: "lower non-recoverable",
  upperNonCritical: "upper non-critical",
  upperCritical: "upper critical",
  upperNonRecoverable: "upper non-recoverable",
} as const satisfies Record<ThresholdName, string>;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** From the worst to the mildest, with the place of each in the bits of the commands. */
const byGravity = [
  ["upperNonRecoverable", 5],
  ["lowerNonRecoverable", 2],
  ["upperCritical", 4],
  ["lowerCritical", 1],
  ["upperNonCritical", 3],
  ["lowerNonCritical", 0],
] as const satisfies readonly (readonly [ThresholdName, number])[];

/** The thresholds whose bits are set, bit 0 for lower non-critical to bit 5 for upper non-recoverable. */
export const thresholdsOfMask = (mask: number): readonly ThresholdName[] =>
  thresholdNames.filter((_, bit) => ((mask >> bit) & 1) === 1);

/** What the comparison bits of Get Sensor Reading say. @see IPMI 2.0, table 35-15, byte 4 */
export function stateOfBits(bits: number): ThresholdState {
  if ((bits & 0x3f) === 0) return "ok";
  for (const [name, bit] of byGravity) if (((bits >> bit) & 1) === 1) return name;
  return "ok";
}

/** What a value is beyond: at or above an upper threshold, at or below a lower one. */
export function stateOfValue(value: number, thresholds: Thresholds): ThresholdState {
  for (const [name, bit] of byGravity) {
    const limit = thresholds[name];
    if (limit !== undefined && (bit >= 3 ? value >= limit : value <= limit)) return name;
  }
  return "ok";
}

/** Values of thresholds. Such as have none, for want of a number or of factors, are left out. */
export function thresholdsOfRaw(conversion: Conversion, raw: RawThresholds): Thresholds {
  const thresholds: Writable<Thresholds> = {};
  for (const name of thresholdNames) {
    const byte = raw[name];
    const value = byte === undefined ? undefined : valueOfRaw(conversion, byte);
    if (value !== undefined) thresholds[name] = value;
  }
  return thresholds;
}

/**
 * Thresholds to be set, each at the nearest that the sensor has.
 * @throws IpmiError "invalid-argument" for values that the sensor cannot tell
 */
export function rawOfThresholds(conversion: Conversion, thresholds: Thresholds): RawThresholds {
  const raw: Writable<RawThresholds> = {};
  for (const name of thresholdNames) {
    const value = thresholds[name];
    if (value !== undefined) raw[name] = rawOfValue(conversion, value);
  }
  return raw;
}
