import { hexNumber } from "../bytes/hex.ts";
import { valueOfRaw } from "../sensors/conversion.ts";
import { sensorTypeName } from "../sensors/sensor-types.ts";
import type { Sensor } from "../sensors/sensor.ts";
import { SENSOR_SPECIFIC_TYPE, stateName, THRESHOLD_TYPE } from "../sensors/states.ts";
import type { SensorUnit } from "../sensors/units.ts";
import type { SystemEventEntry } from "./entry.ts";
import { extensionWords } from "./event-extensions.ts";
import { generatorOf, type Generator } from "./generator.ts";
import { selTime, type SelTime } from "./sel-time.ts";

/** What a byte of event data is used for. @see IPMI 2.0, table 29-6 */
const uses = {
  unspecified: 0,
  /** Trigger reading and threshold of threshold sensors; previous state and severity of discrete ones. */
  standard: 1,
  oem: 2,
  sensorSpecific: 3,
} as const;

/** Severity is told as an offset of this event/reading type. @see IPMI 2.0, table 29-6 */
const SEVERITY_TYPE = 0x07;
/** An offset that says nothing. */
const NO_OFFSET = 0x0f;

/** What a threshold event says of the value that made it. */
export interface Trigger {
  /** Undefined where the event does not tell it. */
  readonly reading: number | undefined;
  readonly threshold: number | undefined;
  readonly unit: SensorUnit;
}

/** A system event in words. */
export interface EventDescription {
  readonly time: SelTime;
  readonly generator: Generator;
  /** Undefined where no record describes it. */
  readonly sensor: Sensor | undefined;
  readonly sensorTypeName: string;
  /** `upper critical going high`, `presence detected`; `state 4` for OEM and reserved ones. */
  readonly event: string;
  readonly direction: "asserted" | "deasserted";
  /** Of threshold sensors whose record is known. */
  readonly trigger: Trigger | undefined;
  /** What the rest of the event data says, in words where the specification has some. */
  readonly details: readonly string[];
}

/** Sensors by owner, LUN and number, as events name them. */
export type SensorIndex = ReadonlyMap<string, Sensor>;

/** Prepares sensors to be found by `describeEvent`. */
export const indexSensors = (sensors: readonly Sensor[]): SensorIndex =>
  new Map(sensors.map((sensor) => [sensor.key, sensor]));

/** As `Sensor.key`, which it must match. */
const keyOf = ({ generatorId, channel, lun, sensorNumber }: SystemEventEntry): string =>
  [generatorId, channel, lun, sensorNumber].map((part) => part.toString(16).toUpperCase()).join(".");

/** The sensor of an event, unless its number has come to be another's since. */
function sensorOf(entry: SystemEventEntry, sensors: SensorIndex): Sensor | undefined {
  const sensor = sensors.get(keyOf(entry));
  return sensor?.sensorType === entry.sensorType ? sensor : undefined;
}

function triggerOf(entry: SystemEventEntry, sensor: Sensor | undefined): Trigger | undefined {
  if (entry.eventType !== THRESHOLD_TYPE || sensor === undefined || sensor.kind === "event-only") return undefined;
  if (sensor.analog === undefined) return undefined;
  const { conversion, unit } = sensor.analog;
  const reading = entry.data2Use === uses.standard ? valueOfRaw(conversion, entry.eventData2) : undefined;
  const threshold = entry.data3Use === uses.standard ? valueOfRaw(conversion, entry.eventData3) : undefined;
  return reading === undefined && threshold === undefined ? undefined : { reading, threshold, unit };
}

/** Severity and previous state of a discrete event. */
function previousState({ eventType, sensorType, eventData2 }: SystemEventEntry): readonly string[] {
  const [severity, previous] = [eventData2 >> 4, eventData2 & 0x0f];
  const details: string[] = [];
  if (severity !== NO_OFFSET)
    details.push(`severity: ${stateName(SEVERITY_TYPE, sensorType, severity) ?? `state ${severity}`}`);
  if (previous !== NO_OFFSET)
    details.push(`previous state: ${stateName(eventType, sensorType, previous) ?? `state ${previous}`}`);
  return details;
}

const rawDetail = (byte: 2 | 3, value: number, use: number): string =>
  `${use === uses.oem ? "OEM" : "event"} data ${byte}: ${hexNumber(value)}`;

/** The second byte; that it is the trigger reading is told as such. */
function data2Details(entry: SystemEventEntry, words: string | undefined, isTold: boolean): readonly string[] {
  const { data2Use: use, eventData2: value } = entry;
  if (use === uses.unspecified || isTold) return [];
  if (use === uses.standard && entry.eventType !== THRESHOLD_TYPE) return previousState(entry);
  return [(use === uses.sensorSpecific ? words : undefined) ?? rawDetail(2, value, use)];
}

/** The third byte; that it is the threshold is told as such. */
function data3Details(entry: SystemEventEntry, words: string | undefined, isTold: boolean): readonly string[] {
  const { data3Use: use, eventData3: value } = entry;
  if (use === uses.unspecified || isTold) return [];
  return [(use === uses.sensorSpecific ? words : undefined) ?? rawDetail(3, value, use)];
}

function detailsOf(entry: SystemEventEntry, trigger: Trigger | undefined): readonly string[] {
  const { eventData2, eventData3, sensorType, offset } = entry;
  const words =
    entry.eventType === SENSOR_SPECIFIC_TYPE ? extensionWords(sensorType, offset, eventData2, eventData3) : undefined;
  return [
    ...data2Details(entry, words?.data2, trigger?.reading !== undefined),
    ...data3Details(entry, words?.data3, trigger?.threshold !== undefined),
  ];
}

/**
 * What a system event says, in words; trigger reading and threshold as values where the sensor is among `sensors`.
 * @see IPMI 2.0, sections 29.7 and 32.1, tables 42-1 to 42-3
 */
export function describeEvent(entry: SystemEventEntry, sensors: SensorIndex = new Map()): EventDescription {
  const sensor = sensorOf(entry, sensors);
  const trigger = triggerOf(entry, sensor);
  return {
    time: selTime(entry.timestamp),
    generator: generatorOf(entry),
    sensor,
    sensorTypeName: sensorTypeName(entry.sensorType),
    event: stateName(entry.eventType, entry.sensorType, entry.offset) ?? `state ${entry.offset}`,
    direction: entry.isDeassertion ? "deasserted" : "asserted",
    trigger,
    details: detailsOf(entry, trigger),
  };
}
