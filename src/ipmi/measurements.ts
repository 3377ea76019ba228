import type { SensorUnit } from "ipmi-js";
import type { DeviceType } from "../devices/device-type.ts";
import type { Measurement } from "../devices/reading.ts";

/** @see IPMI 2.0, table 43-15 */
const CELSIUS = 1;
const FAHRENHEIT = 2;
const KELVIN = 3;
const VOLT = 4;
const AMPERE = 5;
const WATT = 6;
const CFM = 17;
const RPM = 18;
const HERTZ = 19;

const KELVIN_AT_0_C = 273.15;
/** Beyond this, converted temperatures would only show how numbers are stored. */
const DECIMALS = 3;

const rounded = (value: number) => Number(value.toFixed(DECIMALS));

type Make = (value: number) => Measurement;

const temperature =
  (toCelsius: (value: number) => number): Make =>
  (value) => ({ kind: "temperature", temperatureC: toCelsius(value) });

/** What a value in one of these units, plain, is a measurement of. */
const byUnit: ReadonlyMap<number, readonly [DeviceType, Make]> = new Map<number, readonly [DeviceType, Make]>([
  [CELSIUS, ["temperature", temperature((value) => value)]],
  [FAHRENHEIT, ["temperature", temperature((value) => rounded(((value - 32) * 5) / 9))]],
  [KELVIN, ["temperature", temperature((value) => rounded(value - KELVIN_AT_0_C))]],
  [VOLT, ["voltage", (voltageV) => ({ kind: "voltage", voltageV })]],
  [AMPERE, ["current", (currentA) => ({ kind: "current", currentA })]],
  [WATT, ["wattage", (powerW) => ({ kind: "wattage", powerW })]],
  [CFM, ["airflow", (airflowCfm) => ({ kind: "airflow", airflowCfm })]],
  [RPM, ["fan_speed", (speedRpm) => ({ kind: "fan_speed", speedRpm })]],
  [HERTZ, ["frequency", (frequencyHz) => ({ kind: "frequency", frequencyHz })]],
]);

const percentage: readonly [DeviceType, Make] = ["percentage", (percent) => ({ kind: "percentage", percent })];

const isPlain = ({ relation, rate }: SensorUnit) => relation === "none" && rate === 0;

function formOf(unit: SensorUnit): readonly [DeviceType, Make] {
  if (isPlain(unit)) {
    if (unit.isPercentage) return percentage;
    const form = byUnit.get(unit.base);
    if (form) return form;
  }
  return ["sensor", (value) => ({ kind: "sensor", value, unit: unit.symbol })];
}

/** The type of a device that measures in this unit. */
export const deviceTypeOf = (unit: SensorUnit): DeviceType => formOf(unit)[0];

/** A value in this unit as a measurement of that type. */
export const measurementOf = (value: number, unit: SensorUnit): Measurement => formOf(unit)[1](value);
