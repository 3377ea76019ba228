import {
  getSensorEventEnable,
  getSensorEventStatus,
  getSensorHysteresis,
  getSensorReading,
  getSensorReadingFactors,
  getSensorThresholds,
  getSensorType,
  rearmSensorEvents,
  setSensorEventEnable,
  setSensorHysteresis,
  setSensorThresholds,
  type SensorReadingReply,
} from "../../../ipmi-js/commands/sensor.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { AnalogSensor } from "../model/analog-sensor.ts";
import type { Sensor } from "../model/sensors.ts";
import { needs, type Caller, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

/** Bits that are reserved, and read as 1: of comparisons, and of a discrete sensor's second byte of states. @see IPMI 2.0, table 35-15 */
const [RESERVED_COMPARISONS, RESERVED_STATE] = [0xc0, 0x80];
const MORE_STATES_AT = 3;

/** Clients have no use for the reserved bit of states, so their table has none. */
const asBmcsSendIt = {
  ...getSensorReading,
  reply: {
    ...getSensorReading.reply,
    encode(reply: SensorReadingReply) {
      const bytes = getSensorReading.reply.encode(reply);
      const moreStates = bytes[MORE_STATES_AT];
      return moreStates === undefined ? bytes : bytes.with(MORE_STATES_AT, moreStates | RESERVED_STATE);
    },
  },
};

const find = ({ model, lun }: Caller, number: number): Sensor =>
  model.sensors.find(lun, number) ?? refuse(completionCodes.notPresent);

function findAnalog(caller: Caller, number: number): AnalogSensor {
  const sensor = find(caller, number);
  return sensor instanceof AnalogSensor ? sensor : refuse(completionCodes.illegalForSensor);
}

function findWithThresholds(caller: Caller, number: number): AnalogSensor {
  const sensor = findAnalog(caller, number);
  return sensor.thresholdMask === 0 ? refuse(completionCodes.illegalForSensor) : sensor;
}

/** A sensor's reading; without one, what says so. */
function readingOf(caller: Caller, number: number) {
  const { model } = caller;
  const sensor = find(caller, number);
  const { isScanning, sendsEvents } = sensor.settings;
  const isFaulty = !isScanning || model.faults.isUnavailable(number);
  const unavailable = { reading: 0, isUnavailable: true, isScanning, sendsEvents } as const;
  if (sensor instanceof AnalogSensor) {
    const { raw, comparison } = sensor.read(model.surroundings);
    if (isFaulty || raw === undefined) return { ...unavailable, states: RESERVED_COMPARISONS, moreStates: undefined };
    const states = RESERVED_COMPARISONS | comparison;
    return { reading: raw, isUnavailable: false, isScanning, sendsEvents, states, moreStates: undefined };
  }
  if (isFaulty) return { ...unavailable, states: 0, moreStates: 0 };
  const { states } = sensor;
  return {
    reading: 0,
    isUnavailable: false,
    isScanning,
    sendsEvents,
    states: states & 0xff,
    moreStates: states >> 8,
  };
}

/** Sensor commands, IPMI 2.0 section 35. */
export function addSensorCommands(commands: CommandSet): void {
  commands
    .on(asBmcsSendIt, needs.user, (caller, { sensor }) => readingOf(caller, sensor))
    .on(getSensorThresholds, needs.user, (caller, { sensor }) => ({
      thresholds: findWithThresholds(caller, sensor).thresholds,
    }))
    .on(setSensorThresholds, needs.operator, (caller, { sensor, thresholds }) => {
      if (!findWithThresholds(caller, sensor).setThresholds(thresholds)) refuse(completionCodes.invalidDataField);
      return {};
    })
    .on(getSensorHysteresis, needs.user, (caller, { sensor }) => {
      const { positiveHysteresis, negativeHysteresis } = findWithThresholds(caller, sensor);
      return { positive: positiveHysteresis, negative: negativeHysteresis };
    })
    .on(setSensorHysteresis, needs.operator, (caller, { sensor, positive, negative }) => {
      findWithThresholds(caller, sensor).setHysteresis(positive, negative);
      return {};
    })
    .on(getSensorType, needs.user, (caller, { sensor }) => {
      const { sensorType, eventType } = find(caller, sensor);
      return { sensorType, eventType };
    })
    .on(getSensorReadingFactors, needs.user, (caller, { sensor, reading }) => {
      const { table } = findAnalog(caller, sensor);
      const range = table.factorsAt(reading);
      return { ...(range?.factors ?? table.conversion), nextReading: range?.next ?? 0 };
    });
  addEventCommands(commands);
}

function addEventCommands(commands: CommandSet): void {
  commands
    .on(getSensorEventEnable, needs.user, (caller, { sensor }) => {
      const { isScanning, sendsEvents, enabled } = find(caller, sensor).settings;
      return { isScanning, sendsEvents, ...enabled };
    })
    .on(setSensorEventEnable, needs.operator, (caller, request) => {
      const { settings } = find(caller, request.sensor);
      const { selection, isScanning, sendsEvents, assertions = 0, deassertions = 0 } = request;
      settings.isScanning = isScanning;
      settings.sendsEvents = sendsEvents;
      if (selection === "enable" || selection === "disable")
        settings.select(selection === "enable", { assertions, deassertions });
      else if (selection !== "keep") refuse(completionCodes.invalidDataField);
      return {};
    })
    .on(getSensorEventStatus, needs.user, (caller, { sensor: number }) => {
      const sensor = find(caller, number);
      const { isScanning, sendsEvents } = sensor.settings;
      const { isUnavailable } = readingOf(caller, number);
      const assertions = sensor instanceof AnalogSensor ? sensor.activeEvents : sensor.states;
      return { isUnavailable, isScanning, sendsEvents, assertions, deassertions: 0 };
    })
    .on(rearmSensorEvents, needs.operator, (caller, { sensor: number }) => {
      const sensor = find(caller, number);
      if (sensor instanceof AnalogSensor) sensor.rearm();
      return {};
    });
}
