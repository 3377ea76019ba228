import type { DeviceType } from "../devices/device-type.ts";
import type { ExactInteger, Measurement, PowerStatus } from "../devices/reading.ts";
import { adm1276, fromDirectFormat, humidity, powerStatusBits, thermistorC } from "./conversions.ts";

/** A reply that came undamaged and does not say what its type must say. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
  readonly expected: string;
  readonly received: string;

  constructor(expected: string, received: string) {
    super(`expected ${expected}, received ${JSON.stringify(received)}`);
    this.expected = expected;
    this.received = received;
  }
}

/** A reply's data as text: one character a byte. */
export const textOf = (data: Uint8Array): string => String.fromCharCode(...data);

/** An integer in decimal digits, exactly; white space around it and a sign are tolerated, as boards pad. */
function parseInteger(text: string, expected: string): ExactInteger {
  const digits = text.trim();
  if (!/^[+-]?\d+$/.test(digits)) throw new ReplyError(expected, text);
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  return BigInt(digits.replace(/^\+/, ""));
}

function parseDecimal(text: string, expected: string): number {
  const digits = text.trim();
  const value = Number(digits);
  const isDecimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits);
  if (!isDecimal || !Number.isFinite(value)) throw new ReplyError(expected, text);
  return value;
}

/** The value where there is one; a reply that means none is no reading. */
function within<T>(value: T | undefined, expected: string, text: string): T {
  if (value === undefined) throw new ReplyError(expected, text);
  return value;
}

/** What replies of types say that have a unit; those of all others are whole numbers of whatever the device counts. */
const measurements: Partial<Readonly<Record<DeviceType, (text: string) => Measurement>>> = {
  temperature: (text) => ({ kind: "temperature", temperatureC: parseDecimal(text, "a decimal number of °C") }),
  thermistor(text) {
    const expected = "thermistor counts below 65535";
    return { kind: "temperature", temperatureC: within(thermistorC(parseInteger(text, expected)), expected, text) };
  },
  humidity(text) {
    const expected = "a humidity word of 32 bits";
    return { kind: "humidity", ...within(humidity(parseInteger(text, expected)), expected, text) };
  },
  fan_speed: (text) => ({ kind: "fan_speed", speedRpm: parseInteger(text, "a whole number of rpm") }),
  led(text) {
    const state = parseInteger(text, "0 or 1");
    if (state !== 0 && state !== 1) throw new ReplyError("0 or 1", text);
    return { kind: "led", on: state === 1 };
  },
};

/** What the reply to a read says, by the type of the device asked. @throws ReplyError */
export function measurementOf(type: DeviceType, data: Uint8Array): Measurement {
  const text = textOf(data);
  return measurements[type]?.(text) ?? { kind: "raw", value: parseInteger(text, "a whole number") };
}

const POWER_FORMAT = "status,power,voltage,current: four whole numbers";

/** What a power controller's reply says. @throws ReplyError */
export function powerStatusOf(data: Uint8Array): PowerStatus {
  const raw = textOf(data);
  const words = raw.split(",");
  const word = (at: number) => parseInteger(words[at] ?? "", POWER_FORMAT);
  const value = (at: number, format: (typeof adm1276)[keyof typeof adm1276]) => {
    const converted = fromDirectFormat(word(at), format);
    if (!Number.isFinite(converted)) throw new ReplyError(POWER_FORMAT, raw);
    return converted;
  };
  try {
    return {
      raw,
      ...powerStatusBits(word(0)),
      inputPowerW: value(1, adm1276.inputPowerW),
      inputVoltageV: value(2, adm1276.inputVoltageV),
      outputCurrentA: value(3, adm1276.outputCurrentA),
    };
  } catch (error) {
    // The evidence is the whole reply, not the one word of it.
    throw error instanceof ReplyError ? new ReplyError(POWER_FORMAT, raw) : error;
  }
}
