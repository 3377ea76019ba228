/**
 * What a device is, in the words of API 1.2; those behind `none`, which is what a board answers that we have no name for, are
 * analog sensors of BMCs. `wattage` is not called power: whoever switches everything of type power must not meet a sensor.
 * `sensor` has a unit that none of the others has.
 */
export const deviceTypes = [
  "led",
  "system",
  "power",
  "humidity",
  "fan_speed",
  "current",
  "temperature",
  "thermistor",
  "pressure",
  "none",
  "voltage",
  "wattage",
  "frequency",
  "airflow",
  "percentage",
  "sensor",
] as const;
export type DeviceType = (typeof deviceTypes)[number];

/** True where the text is the name of a device type, spelled in lower case. */
export const isDeviceType = (text: string): text is DeviceType => (deviceTypes as readonly string[]).includes(text);
