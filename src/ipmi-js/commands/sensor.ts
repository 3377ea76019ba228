import { bits, empty, flag, layout, named, optional, u16, u8, type Decoded, type Field } from "../bytes/layout.ts";
import { conversionFields } from "../sdr/conversion-fields.ts";
import { netFns } from "./command.ts";
import { repeatable } from "./define.ts";

const sensorNumber = layout({ sensor: u8(0) });

/**
 * Every field may be missing: some BMCs answer for a sensor that they cannot read with less, or nothing.
 *
 * @see IPMI 2.0, section 35.14
 */
export const getSensorReading = repeatable(
  "Get Sensor Reading",
  netFns.sensorEvent,
  0x2d,
  sensorNumber,
  layout({
    /** Raw; means nothing for discrete sensors. */
    reading: optional(u8(0)),
    isUnavailable: optional(flag(1, 5)),
    isScanning: optional(flag(1, 6)),
    sendsEvents: optional(flag(1, 7)),
    /**
     * Threshold sensors: comparisons that are true now, bits 0–5 for at or below lower non-critical, critical, non-recoverable, at or
     * above upper non-critical, critical, non-recoverable. Discrete ones: states 0–7.
     */
    states: optional(u8(2)),
    /** Discrete sensors: states 8–14. */
    moreStates: optional(bits(3, 0, 7)),
  }),
);
export type SensorReadingReply = Decoded<typeof getSensorReading.reply>;

/** Thresholds in the order of their bits. */
export const thresholdNames = [
  "lowerNonCritical",
  "lowerCritical",
  "lowerNonRecoverable",
  "upperNonCritical",
  "upperCritical",
  "upperNonRecoverable",
] as const;
export type ThresholdName = (typeof thresholdNames)[number];

/** Raw thresholds; one that is not there is undefined. */
export type RawThresholds = Readonly<Partial<Record<ThresholdName, number>>>;

/** Six bytes of thresholds behind a byte at `at` that says which of them count. */
const thresholds = (at: number): Field<RawThresholds> => ({
  end: at + 7,
  read(bytes) {
    const raw: Partial<Record<ThresholdName, number>> = {};
    for (const [bit, name] of thresholdNames.entries())
      if (((bytes[at]! >> bit) & 1) === 1) raw[name] = bytes[at + 1 + bit]!;
    return raw;
  },
  write(bytes, raw) {
    for (const [bit, name] of thresholdNames.entries()) {
      const value = raw[name];
      if (value === undefined) continue;
      flag(at, bit).write(bytes, true);
      u8(at + 1 + bit).write(bytes, value);
    }
  },
});

/** @see IPMI 2.0, section 35.9 */
export const getSensorThresholds = repeatable(
  "Get Sensor Thresholds",
  netFns.sensorEvent,
  0x27,
  sensorNumber,
  layout({ thresholds: thresholds(0) }),
);

/** Sets the thresholds that are given and leaves the others. @see IPMI 2.0, section 35.8 */
export const setSensorThresholds = repeatable(
  "Set Sensor Thresholds",
  netFns.sensorEvent,
  0x26,
  layout({ sensor: u8(0), thresholds: thresholds(1) }),
  empty,
);

/** What `mask` must be: the specification reserves it. */
export const HYSTERESIS_MASK = 0xff;

/** Raw, 0 for none. @see IPMI 2.0, section 35.7 */
export const getSensorHysteresis = repeatable(
  "Get Sensor Hysteresis",
  netFns.sensorEvent,
  0x25,
  layout({ sensor: u8(0), mask: u8(1) }),
  layout({ positive: u8(0), negative: u8(1) }),
);

/** @see IPMI 2.0, section 35.6 */
export const setSensorHysteresis = repeatable(
  "Set Sensor Hysteresis",
  netFns.sensorEvent,
  0x24,
  layout({ sensor: u8(0), mask: u8(1), positive: u8(2), negative: u8(3) }),
  empty,
);

/** @see IPMI 2.0, section 35.16 */
export const getSensorType = repeatable(
  "Get Sensor Type",
  netFns.sensorEvent,
  0x2f,
  sensorNumber,
  layout({ sensorType: u8(0), eventType: bits(1, 0, 7) }),
);

/**
 * Which events a sensor generates: bit n for the event of offset n, as in the assertion and deassertion masks of its SDR.
 *
 * @see IPMI 2.0, section 35.11
 */
export const getSensorEventEnable = repeatable(
  "Get Sensor Event Enable",
  netFns.sensorEvent,
  0x29,
  sensorNumber,
  layout({
    isScanning: flag(0, 6),
    sendsEvents: flag(0, 7),
    assertions: optional(u16(1)),
    deassertions: optional(u16(3)),
  }),
);

const selections = { 0: "keep", 1: "enable", 2: "disable" } as const;

/** @see IPMI 2.0, section 35.10 */
export const setSensorEventEnable = repeatable(
  "Set Sensor Event Enable",
  netFns.sensorEvent,
  0x28,
  layout({
    sensor: u8(0),
    /** What happens with the events that are selected below. */
    selection: named(bits(1, 4, 2), selections),
    isScanning: flag(1, 6),
    sendsEvents: flag(1, 7),
    assertions: optional(u16(2)),
    deassertions: optional(u16(4)),
  }),
  empty,
);

/** Events that are active, whether or not they were sent. @see IPMI 2.0, section 35.13 */
export const getSensorEventStatus = repeatable(
  "Get Sensor Event Status",
  netFns.sensorEvent,
  0x2b,
  sensorNumber,
  layout({
    isUnavailable: flag(0, 5),
    isScanning: flag(0, 6),
    sendsEvents: flag(0, 7),
    assertions: optional(u16(1)),
    deassertions: optional(u16(3)),
  }),
);

/** Forgets events of manual re-arm sensors; all of them where no mask is given. @see IPMI 2.0, section 35.12 */
export const rearmSensorEvents = repeatable(
  "Re-arm Sensor Events",
  netFns.sensorEvent,
  0x2a,
  layout({ sensor: u8(0), selectsEvents: flag(1, 7), assertions: optional(u16(2)), deassertions: optional(u16(4)) }),
  empty,
);

/** How a raw reading of a sensor becomes a value: y = (M·x + B·10^K1)·10^K2. @see IPMI 2.0, section 35.5 */
export const getSensorReadingFactors = repeatable(
  "Get Sensor Reading Factors",
  netFns.sensorEvent,
  0x23,
  layout({ sensor: u8(0), reading: u8(1) }),
  layout({
    /** The next raw reading for which the factors are others. */
    nextReading: u8(0),
    ...conversionFields(1),
  }),
);
export type SensorReadingFactors = Decoded<typeof getSensorReadingFactors.reply>;
