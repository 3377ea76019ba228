import type { RawThresholds } from "../commands/sensor.ts";
import type {
  CompactSensorRecord,
  EventOnlyRecord,
  FullSensorRecord,
  SdrRecord,
  SensorRecord,
} from "../sdr/records.ts";
import { decimalsOf, differenceOfCounts, valueOfRaw, type AnalogFormat, type Conversion } from "./conversion.ts";
import { entityOf } from "./entities.ts";
import { sensorTypeName } from "./sensor-types.ts";
import type { AnalogTraits, HysteresisTraits, Sensor, SensorOwner, ThresholdTraits } from "./sensor.ts";
import { THRESHOLD_TYPE } from "./states.ts";
import { thresholdsOfMask, thresholdsOfRaw } from "./thresholds.ts";
import { sensorUnit } from "./units.ts";

/** Slave address of a BMC. @see IPMI 2.0, section 5.2 */
const BMC_ADDRESS = 0x20;

/** The highest number that a sensor can have: FFh is reserved. */
const LAST_SENSOR_NUMBER = 0xfe;

/** Sensors that share a record. The counts of its id strings and of its entities go on from one to the next. */
interface Share {
  readonly index: number;
  readonly suffix: string;
  readonly entityStep: number;
}

/** A, B, ... Z, AA, AB ... @see IPMI 2.0, table 43-2, byte 25 */
function letters(index: number): string {
  const last = String.fromCodePoint(0x41 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

function suffixOf(record: CompactSensorRecord | EventOnlyRecord, index: number): string {
  const count = record.idModifierOffset + index;
  if (record.idModifier === "numeric") return String(count);
  // A kind of counting that is reserved: the number is sure to tell them apart.
  return record.idModifier === "alpha" ? letters(count) : `#${index}`;
}

function sharesOf(record: SensorRecord): readonly Share[] {
  if (record.kind === "full-sensor" || record.shareCount <= 1) return [{ index: 0, suffix: "", entityStep: 0 }];
  const count = Math.min(record.shareCount, Math.max(1, LAST_SENSOR_NUMBER - record.number + 1));
  return Array.from({ length: count }, (_, index) => ({
    index,
    suffix: suffixOf(record, index),
    entityStep: record.doesEntityInstanceIncrement ? index : 0,
  }));
}

function ownerOf({ ownerId, channel }: SensorRecord, bmcAddress: number): SensorOwner {
  if ((ownerId & 1) === 1) return { kind: "software", softwareId: ownerId >> 1 };
  if (ownerId === bmcAddress && channel === 0) return { kind: "bmc" };
  return { kind: "controller", target: { channel, address: ownerId } };
}

const hexPart = (value: number): string => value.toString(16).toUpperCase();

function baseOf(record: SensorRecord, { index, suffix, entityStep }: Share, bmcAddress: number) {
  const number = record.number + index;
  const { recordId, ownerId, channel, lun, sensorType, eventReadingType } = record;
  return {
    key: [ownerId, channel, lun, number].map(hexPart).join("."),
    recordId,
    number,
    lun,
    owner: ownerOf(record, bmcAddress),
    name: record.id.text + suffix,
    entity: entityOf(record.entityId, (record.entityInstance + entityStep) & 0x7f, record.isLogicalEntity),
    sensorType,
    sensorTypeName: sensorTypeName(sensorType),
    eventReadingType,
  };
}

const isAnalogFormat = (format: string): format is AnalogFormat =>
  format === "unsigned" || format === "ones-complement" || format === "twos-complement";

function analogOf(record: FullSensorRecord): AnalogTraits | undefined {
  const { analogFormat, unitRelation, linearization } = record;
  if (!isAnalogFormat(analogFormat)) return undefined;
  const { m, b, bExponent, resultExponent, tolerance, accuracy, accuracyExponent } = record;
  const conversion: Conversion = {
    format: analogFormat,
    linearization,
    m,
    b,
    bExponent,
    resultExponent,
    tolerance,
    accuracy,
    accuracyExponent,
  };
  const valueIf = (isTold: boolean, raw: number) => (isTold ? valueOfRaw(conversion, raw) : undefined);
  return {
    conversion,
    unit: sensorUnit({
      base: record.baseUnit,
      modifier: record.modifierUnit,
      relation: unitRelation === "divided" || unitRelation === "multiplied" ? unitRelation : "none",
      rate: record.unitRate,
      isPercentage: record.isPercentage,
    }),
    decimals: decimalsOf(conversion),
    nominal: valueIf(record.hasNominalReading, record.nominalReading),
    normalMinimum: valueIf(record.hasNormalMinimum, record.normalMinimum),
    normalMaximum: valueIf(record.hasNormalMaximum, record.normalMaximum),
    sensorMinimum: valueOfRaw(conversion, record.sensorMinimum),
    sensorMaximum: valueOfRaw(conversion, record.sensorMaximum),
  };
}

type StateRecord = FullSensorRecord | CompactSensorRecord;

/** Which thresholds the bits of a reading compare: bits 14:12 of the two event masks. */
const comparedMask = ({ assertionMask, deassertionMask }: StateRecord): number =>
  ((assertionMask >> 12) & 0x07) | (((deassertionMask >> 12) & 0x07) << 3);

const accessOf = (access: string): ThresholdTraits["access"] =>
  access === "readable" || access === "settable" || access === "fixed" ? access : "none";

function thresholdTraits(record: StateRecord, analog: AnalogTraits | undefined): ThresholdTraits {
  const access = accessOf(record.thresholdAccess);
  const toldMask = access === "fixed" ? comparedMask(record) : record.readingMask & 0x3f;
  const readable = access === "none" ? [] : thresholdsOfMask(toldMask);
  const raw: { -readonly [K in keyof RawThresholds]: RawThresholds[K] } = {};
  if (record.kind === "full-sensor") for (const name of readable) raw[name] = record[name];
  return {
    access,
    readable,
    settable: access === "settable" ? thresholdsOfMask((record.readingMask >> 8) & 0x3f) : [],
    initial: analog === undefined ? {} : thresholdsOfRaw(analog.conversion, raw),
  };
}

function hysteresisTraits(record: StateRecord, analog: AnalogTraits | undefined): HysteresisTraits {
  const access = accessOf(record.hysteresisAccess);
  const valueOf = (counts: number) =>
    access === "none" || analog === undefined ? undefined : differenceOfCounts(analog.conversion, counts);
  return { access, positive: valueOf(record.positiveHysteresis), negative: valueOf(record.negativeHysteresis) };
}

/** What its record says of a sensor, the same for all that share it. */
function traitsOf(record: SensorRecord) {
  if (record.kind === "event-only") return { kind: "event-only" } as const;
  const analog = record.kind === "full-sensor" ? analogOf(record) : undefined;
  if (record.eventReadingType !== THRESHOLD_TYPE)
    return { kind: "discrete", analog, readableStates: record.readingMask } as const;
  return {
    kind: "threshold",
    analog,
    thresholds: thresholdTraits(record, analog),
    hysteresis: hysteresisTraits(record, analog),
  } as const;
}

const isSensorRecord = (record: SdrRecord): record is SensorRecord =>
  record.kind === "full-sensor" || record.kind === "compact-sensor" || record.kind === "event-only";

/**
 * The sensors that records describe, in their order. A record that several sensors share makes one of each, and names and entity
 * instances are counted as the record says.
 * @param bmcAddress slave address of the BMC that the records come from, 8 bits with the lowest clear
 * @see IPMI 2.0, section 43
 */
export function sensorsOf(records: readonly SdrRecord[], bmcAddress = BMC_ADDRESS): Sensor[] {
  const sensors: Sensor[] = [];
  for (const record of records.filter(isSensorRecord)) {
    const traits = traitsOf(record);
    for (const share of sharesOf(record)) sensors.push({ ...baseOf(record, share, bmcAddress), ...traits });
  }
  return sensors;
}
