import type { CommandContext } from "../../devices/backend.ts";
import { isDeviceType, type DeviceType } from "../../devices/device-type.ts";
import type { Measurement } from "../../devices/reading.ts";
import { parseBoardAndDevice, type DevicePath } from "./ids.ts";
import type { Services } from "./route.ts";

/** A measurement as 1.2 names it, by what was measured. */
export function measurementAnswer(measurement: Measurement) {
  switch (measurement.kind) {
    case "temperature":
      return { temperature_c: measurement.temperatureC };
    case "humidity":
      return { humidity: measurement.relativeHumidityPercent, temperature_c: measurement.temperatureC };
    case "fan_speed":
      return { speed_rpm: measurement.speedRpm };
    case "led":
      return { led_state: measurement.on ? "on" : "off", led_color: measurement.colour };
    case "voltage":
      return { voltage_v: measurement.voltageV };
    case "current":
      return { current_a: measurement.currentA };
    case "wattage":
      return { power_w: measurement.powerW };
    case "frequency":
      return { frequency_hz: measurement.frequencyHz };
    case "airflow":
      return { airflow_cfm: measurement.airflowCfm };
    case "percentage":
      return { percent: measurement.percent };
    case "sensor":
      return { value: measurement.value, unit: measurement.unit };
    case "raw":
      return { device_raw: measurement.value };
  }
}

/** Reads a device and answers with its measurement. */
export async function readDevice(type: DeviceType, path: DevicePath, { inventory }: Services, context: CommandContext) {
  const { measurement } = await inventory.execute({ kind: "read", ...parseBoardAndDevice(path), type }, context);
  return measurementAnswer(measurement);
}

/** `read/{type}/{board}/{device}`. The type counts in either case; one that is not known is asked for as `none`. */
export function read(params: DevicePath & { type: string }, services: Services, context: CommandContext) {
  const type = params.type.toLowerCase();
  return readDevice(isDeviceType(type) ? type : "none", params, services, context);
}
