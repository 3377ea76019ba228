import type { DiscreteSensorDescription } from "../file/sensor-shapes.ts";
import type { SensorEvent } from "./event-log.ts";
import { SensorSettings } from "./sensor-settings.ts";

/** What events say beyond their offset. */
export interface EventExtensions {
  /** Event data 2 and 3, as the sensor's type defines them. */
  readonly data2?: number;
  readonly data3?: number;
}

const UNSPECIFIED = 0xff;
/** Event data 1: byte 2, or byte 3, holds what the sensor's type defines. @see IPMI 2.0, table 29-6 */
const WITH_DATA2 = 0xc0;
const WITH_DATA3 = 0x30;

/** Event data 1 to 3. */
export const eventData = (
  offset: number,
  { data2, data3 }: EventExtensions = {},
): readonly [number, number, number] => [
  (data2 === undefined ? 0 : WITH_DATA2) | (data3 === undefined ? 0 : WITH_DATA3) | offset,
  data2 ?? UNSPECIFIED,
  data3 ?? UNSPECIFIED,
];

const maskOf = (offsets: readonly number[]) => offsets.reduce((mask, offset) => mask | (1 << offset), 0);

/** A sensor whose states are there or not. One of a shared record's has its own number. */
export class DiscreteSensor {
  readonly description: DiscreteSensorDescription;
  readonly number: number;
  readonly settings: SensorSettings;
  readonly #tell: (event: SensorEvent) => void;
  #states: number;

  /** `index` is the place in a shared record, 0 where it is alone. */
  constructor(description: DiscreteSensorDescription, index: number, tell: (event: SensorEvent) => void) {
    this.description = description;
    this.number = description.number + index;
    this.#tell = tell;
    const possible = maskOf(description.possible);
    this.settings = new SensorSettings({ assertions: possible, deassertions: possible });
    this.#states = maskOf(description.sharedStates[index] ?? description.states);
  }

  get lun(): number {
    return this.description.lun;
  }
  get sensorType(): number {
    return this.description.type;
  }
  get eventType(): number {
    return this.description.eventType;
  }

  /** The states that are there, a bit each. */
  get states(): number {
    return this.#states;
  }

  /** How things are when the BMC starts: no event follows from it. */
  begin(offset: number, isOn: boolean): void {
    if (!this.description.possible.includes(offset)) return;
    this.#states = isOn ? this.#states | (1 << offset) : this.#states & ~(1 << offset);
  }

  /** Turns a state on or off, and sends an event where that is a change. */
  set(offset: number, isOn: boolean): void {
    const isPossible = this.description.possible.includes(offset);
    const wasOn = ((this.#states >> offset) & 1) === 1;
    if (!isPossible || wasOn === isOn) return;
    this.#states ^= 1 << offset;
    this.notify(offset, isOn);
  }

  /** These states and no others. */
  become(offsets: readonly number[]): void {
    for (const offset of this.description.possible) if (!offsets.includes(offset)) this.set(offset, false);
    for (const offset of offsets) this.set(offset, true);
  }

  /** Sends an event without a change of state. */
  notify(offset: number, isAsserted: boolean, extensions?: EventExtensions): void {
    if (!this.settings.sends(offset, isAsserted)) return;
    const { number: sensor, lun, sensorType, eventType } = this;
    this.#tell({ sensorType, sensor, lun, eventType, isAsserted, data: eventData(offset, extensions) });
  }
}
