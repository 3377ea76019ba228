import { bits, flag, layout, named, u16, u8, type Decoded } from "../bytes/layout.ts";
import { conversionFields } from "./conversion-fields.ts";
import { idString } from "./id-string.ts";

/** Record types. @see IPMI 2.0, sections 43.1–43.14 */
export const sdrTypes = {
  fullSensor: 0x01,
  compactSensor: 0x02,
  eventOnly: 0x03,
  fruDeviceLocator: 0x11,
  mcDeviceLocator: 0x12,
} as const;

/** Bytes before a record's body: id, version, type, and the length of what follows. */
export const SDR_HEADER_SIZE = 5;

/** @see IPMI 2.0, table 43-1, bytes 1–5 */
export const sdrHeader = layout({
  recordId: u16(0),
  /** 51h for IPMI 2.0 and 1.5. */
  version: u8(2),
  recordType: u8(3),
  length: u8(4),
});

const place = {
  recordId: u16(0),
  version: u8(2),
} as const;

/** Whose sensor it is, and of what. */
const sensorKey = {
  /** Slave address of 8 bits, the lowest clear; or a software id of 7 bits and the lowest set. */
  ownerId: u8(5),
  channel: bits(6, 4, 4),
  lun: bits(6, 0, 2),
  number: u8(7),
  entityId: u8(8),
  /** True for a container that the entity is in name only: one without a board of its own. */
  isLogicalEntity: flag(9, 7),
  entityInstance: bits(9, 0, 7),
} as const;

/** Bytes 11–20 of full and compact records. */
const sensorTraits = {
  ...sensorKey,
  isSettable: flag(10, 7),
  initScanning: flag(10, 6),
  initEvents: flag(10, 5),
  initThresholds: flag(10, 4),
  initHysteresis: flag(10, 3),
  initSensorType: flag(10, 2),
  areEventsEnabledAtPowerUp: flag(10, 1),
  isScanningAtPowerUp: flag(10, 0),
  isIgnoredWithoutEntity: flag(11, 7),
  isAutoRearmed: flag(11, 6),
  hysteresisAccess: named(bits(11, 4, 2), ["none", "readable", "settable", "fixed"]),
  thresholdAccess: named(bits(11, 2, 2), ["none", "readable", "settable", "fixed"]),
  eventControl: named(bits(11, 0, 2), ["per-state", "whole-sensor", "global", "none"]),
  sensorType: u8(12),
  eventReadingType: u8(13),
  /** Bits 0–11: events on assertion; bits 12–14: which lower thresholds the reading's bits compare. */
  assertionMask: u16(14),
  /** Bits 0–11: events on deassertion; bits 12–14: which upper thresholds the reading's bits compare. */
  deassertionMask: u16(16),
  /** Discrete sensors: the states that can be read. Threshold sensors: bits 0–5 readable, 8–13 settable thresholds. */
  readingMask: u16(18),
  analogFormat: named(bits(20, 6, 2), ["unsigned", "ones-complement", "twos-complement", "none"]),
  unitRate: bits(20, 3, 3),
  unitRelation: named(bits(20, 1, 2), ["none", "divided", "multiplied"]),
  isPercentage: flag(20, 0),
  baseUnit: u8(21),
  modifierUnit: u8(22),
} as const;

const direction = (at: number) => named(bits(at, 0, 2), ["unspecified", "input", "output"]);

/** @see IPMI 2.0, table 43-1 */
export const fullSensorLayout = layout({
  ...place,
  ...sensorTraits,
  linearization: bits(23, 0, 7),
  ...conversionFields(24),
  direction: direction(28),
  hasNormalMinimum: flag(30, 2),
  hasNormalMaximum: flag(30, 1),
  hasNominalReading: flag(30, 0),
  /** Raw, as all of the following. */
  nominalReading: u8(31),
  normalMaximum: u8(32),
  normalMinimum: u8(33),
  sensorMaximum: u8(34),
  sensorMinimum: u8(35),
  upperNonRecoverable: u8(36),
  upperCritical: u8(37),
  upperNonCritical: u8(38),
  lowerNonRecoverable: u8(39),
  lowerCritical: u8(40),
  lowerNonCritical: u8(41),
  positiveHysteresis: u8(42),
  negativeHysteresis: u8(43),
  oem: u8(46),
  id: idString(47),
});

/** How one record stands for several sensors with numbers in sequence. */
const sharing = (at: number) =>
  ({
    direction: named(bits(at, 6, 2), ["unspecified", "input", "output"]),
    idModifier: named(bits(at, 4, 2), ["numeric", "alpha"]),
    /** 0 and 1 both: one sensor. */
    shareCount: bits(at, 0, 4),
    doesEntityInstanceIncrement: flag(at + 1, 7),
    idModifierOffset: bits(at + 1, 0, 7),
  }) as const;

/** @see IPMI 2.0, table 43-2 */
export const compactSensorLayout = layout({
  ...place,
  ...sensorTraits,
  ...sharing(23),
  positiveHysteresis: u8(25),
  negativeHysteresis: u8(26),
  oem: u8(30),
  id: idString(31),
});

/** @see IPMI 2.0, table 43-3 */
export const eventOnlyLayout = layout({
  ...place,
  ...sensorKey,
  sensorType: u8(10),
  eventReadingType: u8(11),
  ...sharing(12),
  oem: u8(15),
  id: idString(16),
});

/** @see IPMI 2.0, table 43-7 */
export const fruDeviceLocatorLayout = layout({
  ...place,
  /** Slave address of the controller, 8 bits with the lowest clear. */
  accessAddress: u8(5),
  /** FRU device id where `isLogical`, else the slave address of the device. */
  deviceId: u8(6),
  /** True where it is read with the FRU commands. */
  isLogical: flag(7, 7),
  accessLun: bits(7, 3, 2),
  privateBusId: bits(7, 0, 3),
  channel: bits(8, 4, 4),
  deviceType: u8(10),
  deviceTypeModifier: u8(11),
  entityId: u8(12),
  entityInstance: u8(13),
  oem: u8(14),
  id: idString(15),
});

/** @see IPMI 2.0, table 43-8 */
export const mcDeviceLocatorLayout = layout({
  ...place,
  /** Slave address, 8 bits with the lowest clear. */
  address: u8(5),
  channel: bits(6, 0, 4),
  needsSystemPowerStateNotification: flag(7, 7),
  needsDevicePowerStateNotification: flag(7, 6),
  isStatic: flag(7, 5),
  logsInitializationErrors: flag(7, 3),
  logsAccessErrors: flag(7, 2),
  eventGeneration: named(bits(7, 0, 2), ["enable", "disable", "do-not-initialize"]),
  isChassisDevice: flag(8, 7),
  isBridge: flag(8, 6),
  isEventGenerator: flag(8, 5),
  isEventReceiver: flag(8, 4),
  isFruDevice: flag(8, 3),
  isSelDevice: flag(8, 2),
  isSdrRepository: flag(8, 1),
  isSensorDevice: flag(8, 0),
  entityId: u8(12),
  entityInstance: u8(13),
  oem: u8(14),
  id: idString(15),
});

export interface FullSensorRecord extends Decoded<typeof fullSensorLayout> {
  readonly kind: "full-sensor";
}
export interface CompactSensorRecord extends Decoded<typeof compactSensorLayout> {
  readonly kind: "compact-sensor";
}
export interface EventOnlyRecord extends Decoded<typeof eventOnlyLayout> {
  readonly kind: "event-only";
}
export interface FruDeviceLocatorRecord extends Decoded<typeof fruDeviceLocatorLayout> {
  readonly kind: "fru-device-locator";
}
export interface McDeviceLocatorRecord extends Decoded<typeof mcDeviceLocatorLayout> {
  readonly kind: "mc-device-locator";
}
/** A record of another type, as it is. */
export interface RawRecord {
  readonly kind: "raw";
  readonly recordId: number;
  readonly version: number;
  readonly recordType: number;
  /** What follows the header. */
  readonly body: Uint8Array;
}

/** A Sensor Data Record. */
export type SdrRecord =
  | FullSensorRecord
  | CompactSensorRecord
  | EventOnlyRecord
  | FruDeviceLocatorRecord
  | McDeviceLocatorRecord
  | RawRecord;

export type SensorRecord = FullSensorRecord | CompactSensorRecord | EventOnlyRecord;
