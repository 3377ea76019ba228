import { encodeSdr } from "../../../ipmi-js/sdr/sdr-codec.ts";
import type { SdrRecord } from "../../../ipmi-js/sdr/records.ts";
import type { BmcDescription } from "../file/bmc-shape.ts";
import type { AnalogSensor } from "./analog-sensor.ts";
import { Reservation } from "./reservation.ts";
import {
  bmcLocator,
  compactRecord,
  eventOnlyRecord,
  fruLocator,
  fullDiscreteRecord,
  fullRecord,
  satelliteLocator,
} from "./sdr-records.ts";

const FIRST = 0x0000;
const LAST = 0xffff;

/** The records that say what a BMC has, thresholds as its sensors begin with them. */
export class SdrRepository {
  readonly reservation = new Reservation();
  readonly #records: readonly SdrRecord[];

  constructor(description: BmcDescription, analogSensors: readonly AnalogSensor[]) {
    const makers: ((recordId: number) => SdrRecord)[] = [
      (recordId) => bmcLocator(recordId, "BMC", description.sdrs === "repository"),
      ...analogSensors.map((sensor) => (recordId: number) => fullRecord(recordId, sensor)),
      ...description.discreteSensors.map(
        (sensor) => (recordId: number) =>
          sensor.fullRecord ? fullDiscreteRecord(recordId, sensor) : compactRecord(recordId, sensor),
      ),
      ...description.eventOnlySensors.map((sensor) => (recordId: number) => eventOnlyRecord(recordId, sensor)),
      ...description.frus.map((fru) => (recordId: number) => fruLocator(recordId, fru)),
      ...description.controllers.map((controller) => (recordId: number) => satelliteLocator(recordId, controller)),
    ];
    this.#records = makers.map((make, index) => make(index + 1));
  }

  get count(): number {
    return this.#records.length;
  }

  /** A record, and the id of the one behind it; 0000h is the first, FFFFh the last one. Undefined: there is none. */
  read(recordId: number): { readonly bytes: Uint8Array; readonly nextId: number } | undefined {
    const id = recordId === FIRST ? 1 : recordId === LAST ? this.count : recordId;
    const record = this.#records[id - 1];
    return record && { bytes: encodeSdr(record), nextId: id < this.count ? id + 1 : LAST };
  }

  /** Ids of the records that a test is true for. */
  idsOf(isWanted: (record: SdrRecord) => boolean): number[] {
    return this.#records.filter(isWanted).map(({ recordId }) => recordId);
  }
}
