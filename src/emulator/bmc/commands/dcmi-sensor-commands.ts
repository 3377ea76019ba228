import { getDcmiSensorInfo, getTemperatureReadings } from "../../../ipmi-js/commands/dcmi.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import type { AnalogSensor } from "../model/analog-sensor.ts";
import type { BmcModel } from "../model/bmc-model.ts";
import { needs, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

const TEMPERATURE = 0x01;
const DEGREES_C = 1;
const LIMIT = 127;
const NEGATIVE = 0x80;
/** Answers that fit into one reply. @see DCMI 1.5, sections 6.5.2 and 6.7.3 */
const MOST = 8;
/** DCMI's own entity ids, and the ones of IPMI that mean the same: inlet, processor, baseboard. @see DCMI 1.5, table 6-14 */
const sameEntities: readonly (readonly [number, number])[] = [
  [0x40, 0x37],
  [0x41, 0x03],
  [0x42, 0x07],
];

interface Question {
  readonly sensorType: number;
  readonly entityId: number;
  readonly entityInstance: number;
  readonly firstInstance: number;
}

/** Temperature sensors of an entity, those of the other id for it too. */
function sensorsOf({ sensors, dcmi }: BmcModel, { sensorType, entityId }: Question): AnalogSensor[] {
  if (!dcmi.isSupported) refuse(completionCodes.invalidCommand);
  if (sensorType !== TEMPERATURE) refuse(completionCodes.invalidDataField);
  const ids = sameEntities.find((pair) => pair.includes(entityId)) ?? [entityId];
  return sensors.analog.filter(
    ({ sensorType: type, description }) =>
      type === TEMPERATURE && description.unit === DEGREES_C && ids.includes(description.entity.id),
  );
}

/** Those that are asked for: one instance, or all from one on. Instances count from 1 in the order of the sensors. */
function chosen<T>(all: readonly T[], { entityInstance, firstInstance }: Question): readonly (readonly [number, T])[] {
  const numbered = all.map((item, index) => [index + 1, item] as const);
  const wanted =
    entityInstance === 0
      ? numbered.filter(([instance]) => instance >= firstInstance)
      : numbered.filter(([instance]) => instance === entityInstance);
  return wanted.slice(0, MOST);
}

function temperatureByte(sensor: AnalogSensor, model: BmcModel): number {
  const { raw } = sensor.read(model.surroundings);
  const value = (raw === undefined ? undefined : sensor.table.valueOf(raw)) ?? 0;
  const degrees = Math.min(LIMIT, Math.round(Math.abs(value)));
  return value < 0 ? NEGATIVE | degrees : degrees;
}

/** What DCMI prescribes about temperatures. */
export function addDcmiSensorCommands(commands: CommandSet): void {
  commands
    .on(getDcmiSensorInfo, needs.user, ({ model }, question) => {
      const sensors = sensorsOf(model, question);
      const some = chosen(sensors, question);
      const ids = some.flatMap(([, { number, lun }]) =>
        model.sdrs.idsOf((record) => record.kind === "full-sensor" && record.number === number && record.lun === lun),
      );
      const recordIds = Uint8Array.from(ids.flatMap((id) => [id & 0xff, id >> 8]));
      return { total: sensors.length, count: ids.length, recordIds };
    })
    .on(getTemperatureReadings, needs.user, ({ model }, question) => {
      const sensors = sensorsOf(model, question);
      const some = chosen(sensors, question);
      const readings = Uint8Array.from(
        some.flatMap(([instance, sensor]) => [temperatureByte(sensor, model), instance]),
      );
      return { total: sensors.length, count: some.length, readings };
    });
}
