import { thresholdNames, type SensorReadingReply } from "../commands/sensor.ts";
import type { ConversionFactors } from "../sdr/conversion-fields.ts";
import { isNonLinear, valueOfRaw } from "./conversion.ts";
import type { SensorReading, UnavailableReading, UnavailableReason } from "./reading.ts";
import type { AnalogTraits, ReadableSensor, Sensor } from "./sensor.ts";
import { statesOfBits, type DiscreteState } from "./states.ts";
import { stateOfBits, stateOfValue, thresholdWords, type ThresholdState } from "./thresholds.ts";

/** One for each reason: they are the same for all sensors. */
const unavailables = new Map<UnavailableReason, UnavailableReading>();

/** That there is no reading, and why. */
export function unavailable(reason: UnavailableReason): UnavailableReading {
  let reading = unavailables.get(reason);
  if (reading === undefined) unavailables.set(reason, (reading = { kind: "unavailable", reason }));
  return reading;
}

/** What a completion code other than 00h, in answer to Get Sensor Reading, says of the sensor. @see IPMI 2.0, table 5-2 */
export function readingOfCompletionCode(completionCode: number): UnavailableReading {
  if (completionCode === 0xcb) return unavailable("not-present");
  if (completionCode === 0xcc) return unavailable("invalid-request");
  if (completionCode === 0xc0) return unavailable("busy");
  return unavailable("refused");
}

/** Whether Get Sensor Reading can be asked of it. */
export const isReadable = (sensor: Sensor): sensor is ReadableSensor =>
  sensor.kind !== "event-only" && sensor.owner.kind !== "software";

/** Whether a reading has to be looked up in Get Sensor Reading Factors before it is a value. */
export const needsFactors = (sensor: ReadableSensor): boolean =>
  sensor.analog !== undefined && isNonLinear(sensor.analog.conversion);

const noStates: readonly DiscreteState[] = [];

/** The comparisons that are true, as states of a sensor that tells no value. */
const comparisons = (bits: number): readonly DiscreteState[] =>
  thresholdNames.flatMap((name, offset) =>
    ((bits >> offset) & 1) === 1 ? [{ offset, name: thresholdWords[name] }] : [],
  );

/** The state of a threshold sensor's value: the BMC's word, which minds hysteresis, before our own comparison. */
const stateOf = (sensor: ReadableSensor, value: number, bits: number | undefined): ThresholdState => {
  if (sensor.kind !== "threshold") return "ok";
  return bits === undefined ? stateOfValue(value, sensor.thresholds.initial) : stateOfBits(bits);
};

function analogReading(
  sensor: ReadableSensor,
  { conversion, unit }: AnalogTraits,
  raw: number,
  reply: SensorReadingReply,
  factors: ConversionFactors | undefined,
): SensorReading {
  const value = valueOfRaw(conversion, raw, factors);
  if (value === undefined)
    return unavailable(factors === undefined && isNonLinear(conversion) ? "factors-missing" : "no-value");
  const { states, moreStates = 0 } = reply;
  return {
    kind: "analog",
    value,
    unit,
    raw,
    state: stateOf(sensor, value, states),
    states:
      sensor.kind === "discrete" && states !== undefined
        ? statesOfBits(sensor.eventReadingType, sensor.sensorType, states | (moreStates << 8))
        : noStates,
  };
}

/**
 * What the answer to Get Sensor Reading says of a sensor. A sensor without a reading has none, and not the zero that the answer may
 * hold.
 * @param factors those of the raw reading, for non-linear sensors (`needsFactors`)
 * @see IPMI 2.0, section 35.14
 */
export function readingOf(
  sensor: ReadableSensor,
  reply: SensorReadingReply,
  factors?: ConversionFactors,
): SensorReading {
  const { reading: raw, states, moreStates = 0 } = reply;
  if (raw === undefined || reply.isUnavailable === undefined) return unavailable("no-data");
  if (reply.isUnavailable) return unavailable("reading-unavailable");
  if (reply.isScanning !== true) return unavailable("scanning-disabled");
  if (sensor.analog !== undefined) return analogReading(sensor, sensor.analog, raw, reply, factors);
  if (states === undefined) return unavailable("no-data");
  if (sensor.kind === "threshold") return { kind: "discrete", states: comparisons(states), bits: states & 0x3f };
  // The highest bit is reserved, and read as 1 from many.
  const bits = (states | (moreStates << 8)) & 0x7fff;
  return { kind: "discrete", states: statesOfBits(sensor.eventReadingType, sensor.sensorType, bits), bits };
}
