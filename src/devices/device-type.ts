/** What a device is, in the words of API 1.2. `none` is what a board answers that we have no name for. */
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
] as const;
export type DeviceType = (typeof deviceTypes)[number];

/** True where the text is the name of a device type, spelled in lower case. */
export const isDeviceType = (text: string): text is DeviceType => (deviceTypes as readonly string[]).includes(text);
