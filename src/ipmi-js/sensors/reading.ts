import type { DiscreteState } from "./states.ts";
import type { ThresholdState } from "./thresholds.ts";
import type { SensorUnit } from "./units.ts";

/**
 * Why there is no reading.
 *
 * - `reading-unavailable`: the sensor says so (bit 5); typical for parts that are off or absent
 * - `scanning-disabled`: nobody looks at it (bit 6 clear)
 * - `not-present`: CBh, there is no such sensor
 * - `invalid-request`: CCh, what BMCs answer for sensors that only their records have
 * - `busy`: C0h, the controller has no time now
 * - `no-data`: the answer ends before the reading
 * - `no-value`: the conversion makes no number of the raw reading
 * - `factors-missing`: a non-linear sensor whose factors were not told
 * - `refused`: any other completion code
 * - `failed`: no answer, or none that can be understood
 * - `not-readable`: event-only sensors, and those of software
 */
export type UnavailableReason =
  | "reading-unavailable"
  | "scanning-disabled"
  | "not-present"
  | "invalid-request"
  | "busy"
  | "no-data"
  | "no-value"
  | "factors-missing"
  | "refused"
  | "failed"
  | "not-readable";

/** A value, in `unit`. */
export interface AnalogReading {
  readonly kind: "analog";
  readonly value: number;
  readonly unit: SensorUnit;
  readonly raw: number;
  /** As the BMC compares it; from the record's thresholds where the answer leaves it out. "ok" for sensors without thresholds. */
  readonly state: ThresholdState;
  /** States of sensors that have both; empty for others. */
  readonly states: readonly DiscreteState[];
}

/** States that are asserted, in words. */
export interface DiscreteReading {
  readonly kind: "discrete";
  readonly states: readonly DiscreteState[];
  /** Bit n: state n is asserted. */
  readonly bits: number;
}

export interface UnavailableReading {
  readonly kind: "unavailable";
  readonly reason: UnavailableReason;
}

export type SensorReading = AnalogReading | DiscreteReading | UnavailableReading;
