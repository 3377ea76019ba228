import type {
  CompactSensorRecord,
  EventOnlyRecord,
  FruDeviceLocatorRecord,
  FullSensorRecord,
  McDeviceLocatorRecord,
} from "../../../ipmi-js/sdr/records.ts";
import type { FruDescription } from "../file/fru-shapes.ts";
import type { SatelliteDescription } from "../file/inventory-shapes.ts";
import type { DiscreteSensorDescription, EventOnlyDescription } from "../file/sensor-shapes.ts";
import type { AnalogSensor } from "./analog-sensor.ts";

/** @see IPMI 2.0, table 43-1, byte 3 */
const SDR_VERSION = 0x51;
const BMC = 0x20;
/** "Generic" and "EEPROM": a FRU behind the FRU commands. @see IPMI 2.0, table 43-12 */
const FRU_DEVICE_TYPE = 0x10;

const record = (recordId: number) => ({ recordId, version: SDR_VERSION });

const id = (text: string) => ({ text, encoding: "8-bit" as const });

interface Placed {
  readonly number: number;
  readonly lun: number;
  readonly entity: { readonly id: number; readonly instance: number };
}

const key = ({ number, lun, entity }: Placed) => ({
  ownerId: BMC,
  channel: 0,
  lun,
  number,
  entityId: entity.id,
  isLogicalEntity: false,
  entityInstance: entity.instance,
});

/** What the BMC does by itself when it starts, and how its sensors can be set. */
const traits = {
  isSettable: false,
  initScanning: true,
  initEvents: true,
  initThresholds: false,
  initHysteresis: false,
  initSensorType: true,
  areEventsEnabledAtPowerUp: true,
  isScanningAtPowerUp: true,
  isIgnoredWithoutEntity: false,
  isAutoRearmed: true,
  eventControl: "per-state",
} as const;

const noUnit = { unitRate: 0, unitRelation: "none", isPercentage: false, baseUnit: 0, modifierUnit: 0 } as const;

/** Bits 12–14 of the masks: which lower, or upper, thresholds the reading's bits compare. */
const comparisons = (mask: number) => (mask & 0x07) << 12;

function unitOf({ description }: AnalogSensor) {
  const { rate, perUnit, timesUnit, percentage, unit } = description;
  const relation = perUnit === undefined ? (timesUnit === undefined ? "none" : "multiplied") : "divided";
  return {
    unitRate: rate,
    unitRelation: relation,
    isPercentage: percentage,
    baseUnit: unit,
    modifierUnit: perUnit ?? timesUnit ?? 0,
  } as const;
}

/** How low and how high a sensor can read, raw. */
const extremes = {
  unsigned: { sensorMinimum: 0x00, sensorMaximum: 0xff },
  "ones-complement": { sensorMinimum: 0x80, sensorMaximum: 0x7f },
  "twos-complement": { sensorMinimum: 0x80, sensorMaximum: 0x7f },
} as const;

/** Of a threshold that is not there. */
const NO_LIMIT = 0;

export function fullRecord(recordId: number, sensor: AnalogSensor): FullSensorRecord {
  const { description, table, thresholdMask, thresholds, settings } = sensor;
  const { conversion } = table;
  const hasThresholds = thresholdMask !== 0;
  return {
    kind: "full-sensor",
    ...record(recordId),
    ...key(description),
    ...traits,
    initThresholds: hasThresholds,
    initHysteresis: hasThresholds,
    hysteresisAccess: hasThresholds ? "settable" : "none",
    thresholdAccess: hasThresholds ? (description.thresholdsSettable ? "settable" : "readable") : "none",
    eventControl: hasThresholds ? "per-state" : "none",
    sensorType: description.type,
    eventReadingType: sensor.eventType,
    assertionMask: settings.possible.assertions | comparisons(thresholdMask),
    deassertionMask: settings.possible.deassertions | comparisons(thresholdMask >> 3),
    readingMask: thresholdMask | (description.thresholdsSettable ? thresholdMask << 8 : 0),
    analogFormat: conversion.format,
    ...unitOf(sensor),
    linearization: conversion.linearization,
    m: conversion.m,
    b: conversion.b,
    tolerance: conversion.tolerance,
    accuracy: conversion.accuracy,
    accuracyExponent: conversion.accuracyExponent,
    resultExponent: conversion.resultExponent,
    bExponent: conversion.bExponent,
    direction: "unspecified",
    hasNormalMinimum: false,
    hasNormalMaximum: false,
    hasNominalReading: false,
    nominalReading: 0,
    normalMaximum: 0,
    normalMinimum: 0,
    ...extremes[conversion.format],
    upperNonRecoverable: thresholds.upperNonRecoverable ?? NO_LIMIT,
    upperCritical: thresholds.upperCritical ?? NO_LIMIT,
    upperNonCritical: thresholds.upperNonCritical ?? NO_LIMIT,
    lowerNonRecoverable: thresholds.lowerNonRecoverable ?? NO_LIMIT,
    lowerCritical: thresholds.lowerCritical ?? NO_LIMIT,
    lowerNonCritical: thresholds.lowerNonCritical ?? NO_LIMIT,
    positiveHysteresis: sensor.positiveHysteresis,
    negativeHysteresis: sensor.negativeHysteresis,
    oem: 0,
    id: id(description.name),
  };
}

const discreteTraits = (description: DiscreteSensorDescription) => {
  const mask = description.possible.reduce((bits, offset) => bits | (1 << offset), 0);
  return {
    ...key(description),
    ...traits,
    hysteresisAccess: "none",
    thresholdAccess: "none",
    sensorType: description.type,
    eventReadingType: description.eventType,
    assertionMask: mask,
    deassertionMask: mask,
    readingMask: mask,
    analogFormat: "none",
    ...noUnit,
  } as const;
};

const sharing = ({ shared }: DiscreteSensorDescription) =>
  ({
    direction: "unspecified",
    idModifier: shared?.modifier ?? "numeric",
    shareCount: shared?.count ?? 1,
    doesEntityInstanceIncrement: shared?.entityIncrements ?? false,
    idModifierOffset: shared?.offset ?? 0,
  }) as const;

export const compactRecord = (recordId: number, description: DiscreteSensorDescription): CompactSensorRecord => ({
  kind: "compact-sensor",
  ...record(recordId),
  ...discreteTraits(description),
  ...sharing(description),
  positiveHysteresis: 0,
  negativeHysteresis: 0,
  oem: 0,
  id: id(description.name),
});

/** A discrete sensor in a full record: all that is about numbers is zero. */
export const fullDiscreteRecord = (recordId: number, description: DiscreteSensorDescription): FullSensorRecord => ({
  kind: "full-sensor",
  ...record(recordId),
  ...discreteTraits(description),
  linearization: 0,
  m: 0,
  b: 0,
  tolerance: 0,
  accuracy: 0,
  accuracyExponent: 0,
  resultExponent: 0,
  bExponent: 0,
  direction: "unspecified",
  hasNormalMinimum: false,
  hasNormalMaximum: false,
  hasNominalReading: false,
  nominalReading: 0,
  normalMaximum: 0,
  normalMinimum: 0,
  sensorMaximum: 0,
  sensorMinimum: 0,
  upperNonRecoverable: 0,
  upperCritical: 0,
  upperNonCritical: 0,
  lowerNonRecoverable: 0,
  lowerCritical: 0,
  lowerNonCritical: 0,
  positiveHysteresis: 0,
  negativeHysteresis: 0,
  oem: 0,
  id: id(description.name),
});

export const eventOnlyRecord = (recordId: number, description: EventOnlyDescription): EventOnlyRecord => ({
  kind: "event-only",
  ...record(recordId),
  ...key(description),
  sensorType: description.type,
  eventReadingType: description.eventType,
  direction: "unspecified",
  idModifier: "numeric",
  shareCount: 1,
  doesEntityInstanceIncrement: false,
  idModifierOffset: 0,
  oem: 0,
  id: id(description.name),
});

export const fruLocator = (recordId: number, fru: FruDescription): FruDeviceLocatorRecord => ({
  kind: "fru-device-locator",
  ...record(recordId),
  accessAddress: BMC,
  deviceId: fru.id,
  isLogical: true,
  accessLun: 0,
  privateBusId: 0,
  channel: 0,
  deviceType: FRU_DEVICE_TYPE,
  deviceTypeModifier: 0,
  entityId: fru.entity.id,
  entityInstance: fru.entity.instance,
  oem: 0,
  id: id(fru.name),
});

const controllerTraits = {
  needsSystemPowerStateNotification: false,
  needsDevicePowerStateNotification: false,
  isStatic: true,
  logsInitializationErrors: false,
  logsAccessErrors: false,
  eventGeneration: "enable",
  isChassisDevice: false,
  isBridge: false,
  isEventGenerator: false,
  isEventReceiver: false,
  isFruDevice: false,
  isSelDevice: false,
  isSdrRepository: false,
  isSensorDevice: false,
  oem: 0,
} as const;

export const satelliteLocator = (recordId: number, satellite: SatelliteDescription): McDeviceLocatorRecord => ({
  kind: "mc-device-locator",
  ...record(recordId),
  address: satellite.address,
  channel: satellite.channel,
  ...controllerTraits,
  entityId: satellite.entity.id,
  entityInstance: satellite.entity.instance,
  id: id(satellite.name),
});

/** The locator of the BMC itself. */
export const bmcLocator = (recordId: number, name: string, hasRepository: boolean): McDeviceLocatorRecord => ({
  kind: "mc-device-locator",
  ...record(recordId),
  address: BMC,
  channel: 0,
  ...controllerTraits,
  isChassisDevice: true,
  isEventReceiver: true,
  isEventGenerator: true,
  isFruDevice: true,
  isSelDevice: true,
  isSdrRepository: hasRepository,
  isSensorDevice: true,
  entityId: 6,
  entityInstance: 1,
  id: id(name),
});
