import { deviceTypes, type DeviceType } from "../devices/device-type.ts";

/** Wire codes of the device types. @see device bus specification, "Device types" */
export const deviceCodes = {
  led: 0x10,
  system: 0x12,
  power: 0x40,
  humidity: 0x4e,
  fan_speed: 0x82,
  current: 0x90,
  temperature: 0x9a,
  thermistor: 0x9c,
  pressure: 0xee,
  none: 0xff,
} as const satisfies Partial<Record<DeviceType, number>>;

const codesByType: Readonly<Partial<Record<DeviceType, number>>> = deviceCodes;
const typesByCode = new Map(deviceTypes.map((type) => [codesByType[type], type]));

/** The code that a type is asked for with; that of `none` for a type that the bus does not have. */
export const deviceCodeOf = (type: DeviceType): number => codesByType[type] ?? deviceCodes.none;

/** The type that a code stands for; `none` for a code that has no name. */
export const deviceTypeOf = (code: number): DeviceType => typesByCode.get(code) ?? "none";
