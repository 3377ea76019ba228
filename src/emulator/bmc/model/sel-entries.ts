import type { BmcDescription } from "../file/bmc-shape.ts";
import { eventData } from "./discrete-sensor.ts";
import type { EventLog } from "./event-log.ts";

const THRESHOLD = 0x01;

interface Source {
  readonly number: number;
  readonly lun: number;
  readonly type: number;
  readonly eventType: number;
}

/** Whatever of the description can have sent events with a sensor number. */
function sourceOf(description: BmcDescription, number: number): Source | undefined {
  const analog = description.sensors.find((sensor) => sensor.number === number);
  if (analog) return { ...analog, eventType: THRESHOLD };
  const { discreteSensors, eventOnlySensors } = description;
  return (
    discreteSensors.find((sensor) => number >= sensor.number && number < sensor.number + (sensor.shared?.count ?? 1)) ??
    eventOnlySensors.find((sensor) => sensor.number === number)
  );
}

/** Puts the entries of a description into the log. One of a sensor that there is none of has sensor type 0. */
export function fillLog(log: EventLog, description: BmcDescription): void {
  for (const entry of description.sel.entries) {
    if (entry instanceof Uint8Array) {
      log.addAsItIs(entry);
      continue;
    }
    const { sensor, offset, asserted: isAsserted, data2, data3, time } = entry;
    const { type: sensorType, lun, eventType } = sourceOf(description, sensor) ?? { type: 0, lun: 0, eventType: 0x6f };
    const extensions = { ...(data2 !== undefined && { data2 }), ...(data3 !== undefined && { data3 }) };
    const data = eventData(offset, extensions);
    const isThreshold = eventType === THRESHOLD;
    const first = isThreshold && data2 !== undefined ? 0x40 | (data3 === undefined ? 0 : 0x10) | offset : data[0];
    log.add(
      { sensorType, sensor, lun, eventType, isAsserted, data: [first, data[1], data[2]] },
      Math.floor(time / 1000),
    );
  }
}
