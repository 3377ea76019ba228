import { genericStates, thresholdEvents } from "./generic-states.ts";
import { specificStates } from "./specific-states.ts";

/** Event/reading type of threshold sensors. @see IPMI 2.0, table 42-1 */
export const THRESHOLD_TYPE = 0x01;
/** Event/reading type of sensors whose states depend on the sensor type. @see IPMI 2.0, table 42-1 */
export const SENSOR_SPECIFIC_TYPE = 0x6f;

/** States that a reading has bits for: two bytes of which the highest bit is reserved. */
const STATE_COUNT = 15;
const STATE_BITS = 2 ** STATE_COUNT - 1;

/** One state of a discrete sensor. */
export interface DiscreteState {
  readonly offset: number;
  /** In words; `state 4` where the specification has none: OEM types, and offsets that are reserved. */
  readonly name: string;
}

/** Names by offset of an event/reading type; undefined for OEM and reserved types. */
function tableOf(eventReadingType: number, sensorType: number): readonly (string | undefined)[] | undefined {
  if (eventReadingType === SENSOR_SPECIFIC_TYPE) return specificStates[sensorType];
  if (eventReadingType === THRESHOLD_TYPE) return thresholdEvents;
  return genericStates[eventReadingType];
}

/**
 * The state or event of an offset in words; undefined where the specification has none.
 * @param eventReadingType 01h threshold, 02h–0Ch generic, 6Fh sensor-specific
 * @see IPMI 2.0, tables 42-2 and 42-3
 */
export const stateName = (eventReadingType: number, sensorType: number, offset: number): string | undefined =>
  tableOf(eventReadingType, sensorType)?.[offset];

/** The states whose bits are set, lowest offset first. */
export function statesOfBits(eventReadingType: number, sensorType: number, bits: number): readonly DiscreteState[] {
  const states: DiscreteState[] = [];
  if ((bits & STATE_BITS) === 0) return states;
  const table = tableOf(eventReadingType, sensorType);
  for (let offset = 0; offset < STATE_COUNT; offset++)
    if (((bits >> offset) & 1) === 1) states.push({ offset, name: table?.[offset] ?? `state ${offset}` });
  return states;
}
