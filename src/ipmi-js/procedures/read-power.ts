import type { Requester } from "../commands/command.ts";
import { getPowerReading, type DcmiPowerReading } from "../commands/dcmi.ts";
import { IpmiError } from "../errors.ts";
import { isReadable } from "../sensors/reading-of.ts";
import type { ReadableSensor, Sensor } from "../sensors/sensor.ts";
import { completionCodeOf, pause, type ProcedureOptions } from "./procedure-options.ts";
import { SensorReader } from "./read-sensors.ts";

/** What a system draws. */
export interface PowerReading {
  readonly watts: number;
  readonly source:
    | { readonly kind: "dcmi"; readonly statistics: DcmiPowerReading }
    /** Names of the sensors that were added up. */
    | { readonly kind: "sensors"; readonly names: readonly string[] };
}

/** Watts. @see IPMI 2.0, table 43-15 */
const WATT = 6;
/** @see IPMI 2.0, table 43-13 */
const POWER_SUPPLY_ENTITY = 0x0a;

/** Some BMCs answer the first question with nothing, and measure only then. */
const SECOND_LOOK_MS = 500;

/**
 * What the BMC says by DCMI; undefined where it does not know it, measures nothing, or says nothing twice.
 *
 * @throws IpmiError where the BMC does not answer
 * @see DCMI 1.5, section 6.6.1
 */
export async function readDcmiPower(
  requester: Requester,
  options: ProcedureOptions = {},
): Promise<DcmiPowerReading | undefined> {
  for (const isLast of [false, true]) {
    const reading = await ask(requester, options);
    if (reading === "unknown") return undefined;
    if (reading !== "nothing") return reading;
    if (!isLast) await pause(SECOND_LOOK_MS, options);
  }
  return undefined;
}

async function ask(requester: Requester, options: ProcedureOptions): Promise<DcmiPowerReading | "nothing" | "unknown"> {
  try {
    const reading = await requester.execute(getPowerReading, { mode: "system", period: 0 }, options);
    return reading.currentW > 0 && reading.isActive ? reading : "nothing";
  } catch (error) {
    if (completionCodeOf(error) !== undefined) return "unknown";
    if (error instanceof IpmiError && error.code === "malformed-reply") return "nothing";
    throw error;
  }
}

const isWattSensor = (sensor: Sensor): sensor is ReadableSensor => {
  if (!isReadable(sensor) || !sensor.analog) return false;
  const { base, modifier, relation, rate, isPercentage } = sensor.analog.unit;
  return base === WATT && modifier === 0 && relation === "none" && rate === 0 && !isPercentage;
};

/**
 * The sensors that together say what a system draws, none where that is a guess: the one that is named so, else the only one, else the inputs of
 * all power supplies.
 */
export function systemPowerSensors(sensors: readonly Sensor[]): readonly ReadableSensor[] {
  const watts = sensors.filter(isWattSensor);
  const named = watts.filter(({ name }) =>
    /\b(total|system|sys|node|chassis|consumption)\b/i.test(name.replaceAll("_", " ")),
  );
  if (named.length === 1) return named;
  if (watts.length <= 1) return watts;
  const supplies = watts.filter(({ entity }) => entity.id === POWER_SUPPLY_ENTITY);
  const inputs = supplies.filter(({ name }) => /\bp?in(put)?\b/i.test(name.replaceAll("_", " ")));
  return inputs.length > 0 ? inputs : supplies;
}

/**
 * What a system draws: by DCMI, else by its sensors.
 *
 * @param sensors of the BMC, where they are known
 * @returns undefined where nothing says it
 * @throws IpmiError where the BMC does not answer
 */
export async function readPower(
  requester: Requester,
  sensors: readonly Sensor[] = [],
  options: ProcedureOptions = {},
): Promise<PowerReading | undefined> {
  const statistics = await readDcmiPower(requester, options);
  if (statistics) return { watts: statistics.currentW, source: { kind: "dcmi", statistics } };
  const candidates = systemPowerSensors(sensors);
  const readings = await new SensorReader(requester).readAll(candidates, options);
  const values = readings.flatMap(({ sensor, reading }) =>
    reading.kind === "analog" ? [{ name: sensor.name, value: reading.value }] : [],
  );
  if (values.length === 0) return undefined;
  return {
    watts: values.reduce((sum, { value }) => sum + value, 0),
    source: { kind: "sensors", names: values.map(({ name }) => name) },
  };
}
