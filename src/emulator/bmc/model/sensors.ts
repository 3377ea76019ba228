import type { BmcDescription } from "../file/bmc-shape.ts";
import { AnalogSensor } from "./analog-sensor.ts";
import { DiscreteSensor, eventData, type EventExtensions } from "./discrete-sensor.ts";
import type { SensorEvent } from "./event-log.ts";
import type { Surroundings } from "./moving-value.ts";

export type Sensor = AnalogSensor | DiscreteSensor;

/** Event/reading type code of sensors whose offsets mean what their type says. @see IPMI 2.0, table 42-1 */
const SENSOR_SPECIFIC = 0x6f;

const keyOf = (lun: number, number: number) => lun * 256 + number;

/** All sensors of a BMC. */
export class Sensors {
  readonly analog: readonly AnalogSensor[];
  readonly discrete: readonly DiscreteSensor[];
  readonly #byNumber: ReadonlyMap<number, Sensor>;
  readonly #description: BmcDescription;
  readonly #tell: (event: SensorEvent) => void;

  constructor(description: BmcDescription, surroundings: Surroundings, tell: (event: SensorEvent) => void) {
    this.#description = description;
    this.#tell = tell;
    this.analog = description.sensors.map((sensor) => new AnalogSensor(sensor, description.seed, surroundings));
    this.discrete = description.discreteSensors.flatMap((sensor) =>
      Array.from({ length: sensor.shared?.count ?? 1 }, (_, index) => new DiscreteSensor(sensor, index, tell)),
    );
    this.#byNumber = new Map(
      [...this.analog, ...this.discrete].map((sensor) => [keyOf(sensor.lun, sensor.number), sensor]),
    );
  }

  find(lun: number, number: number): Sensor | undefined {
    return this.#byNumber.get(keyOf(lun, number));
  }

  countOn(lun: number): number {
    return [...this.#byNumber.values()].filter((sensor) => sensor.lun === lun).length;
  }

  /** Looks at what is measured, and sends the events that follow from it. */
  scan(surroundings: Surroundings): void {
    for (const sensor of this.analog) for (const event of sensor.scan(surroundings)) this.#tell(event);
  }

  /** How a state of the discrete sensors of a type is when the BMC starts. */
  begin(sensorType: number, offset: number, isOn: boolean): void {
    for (const sensor of this.#ofType(sensorType)) sensor.begin(offset, isOn);
  }

  /** Tells the discrete sensors of a type that a state has begun or ended. */
  set(sensorType: number, offset: number, isOn: boolean): void {
    for (const sensor of this.#ofType(sensorType)) sensor.set(offset, isOn);
  }

  /** Tells them that one of their states is there now, and no other. */
  become(sensorType: number, offset: number): void {
    for (const sensor of this.#ofType(sensorType)) sensor.become([offset]);
  }

  /** Sends an event of the first sensor of a type that can, if only as an event-only one. */
  notify(sensorType: number, offset: number, extensions?: EventExtensions): void {
    const [sensor] = this.#ofType(sensorType);
    if (sensor) return sensor.notify(offset, true, extensions);
    const eventOnly = this.#description.eventOnlySensors.find(
      ({ type, eventType }) => type === sensorType && eventType === SENSOR_SPECIFIC,
    );
    if (!eventOnly) return;
    const { number, lun, eventType } = eventOnly;
    const data = eventData(offset, extensions);
    this.#tell({ sensorType, sensor: number, lun, eventType, isAsserted: true, data });
  }

  /** Whether any sensor of a type is in a state. */
  isAny(sensorType: number, offset: number): boolean {
    return this.#ofType(sensorType).some(({ states }) => ((states >> offset) & 1) === 1);
  }

  #ofType(sensorType: number): DiscreteSensor[] {
    return this.discrete.filter((sensor) => sensor.sensorType === sensorType && sensor.eventType === SENSOR_SPECIFIC);
  }
}
