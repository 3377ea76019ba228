import type { ExactInteger } from "../devices/reading.ts";

/** Rounds as the bus's users expect: the decimal digits of the exact value, two of them kept. */
const toTwoDecimals = (value: number): number => Number(value.toFixed(2));

/** ADC counts at and above which a thermistor is broken or not connected. */
const THERMISTOR_LIMIT = 65_535;

/** Straight pieces of the thermistor's curve: above `above` counts, °C = slope · counts + offset. */
const thermistorPieces = [
  { above: 745, slope: -0.131, offset: 118.638 },
  { above: 542, slope: -0.0985, offset: 93.399 },
  { above: 354, slope: -0.106, offset: 97.66 },
  { above: 218, slope: -0.147, offset: 112.046 },
  { above: -Infinity, slope: -0.235, offset: 131.294 },
] as const;

/** Temperature in °C, two decimals, of a thermistor's ADC counts; undefined where the counts are no measurement. */
export function thermistorC(counts: ExactInteger): number | undefined {
  if (counts >= THERMISTOR_LIMIT) return undefined;
  const x = Number(counts);
  const piece = thermistorPieces.find(({ above }) => x > above);
  return piece && toTwoDecimals(x * piece.slope + piece.offset);
}

/** Relative humidity in % and temperature in °C, two decimals each. */
interface Humidity {
  readonly relativeHumidityPercent: number;
  readonly temperatureC: number;
}

/** What a humidity sensor's word of 32 bits says; undefined where it is more than that. */
export function humidity(word: ExactInteger): Humidity | undefined {
  if (word > 0xffff_ffff) return undefined;
  const bits = BigInt(word);
  const humidityCounts = Number((bits >> 16n) & 0x3fffn);
  const temperatureCounts = Number((bits & 0xffffn) >> 2n);
  return {
    relativeHumidityPercent: toTwoDecimals((humidityCounts / 16_382) * 100),
    temperatureC: toTwoDecimals((temperatureCounts / 16_382) * 165 - 40),
  };
}

/** Coefficients of the PMBus direct format: value = (raw · 10^−R − b) / m. */
interface DirectFormat {
  readonly m: number;
  readonly b: number;
  readonly r: number;
}

/** Analog Devices ADM1276 with a sense resistor of 1 mΩ, voltage range 0–20 V. @see ADM1276 data sheet, "Coefficients" */
export const adm1276 = {
  outputCurrentA: { m: 807, b: 20_745, r: -1 },
  inputVoltageV: { m: 19_199, b: 0, r: -2 },
  inputPowerW: { m: 6043, b: 0, r: -2 },
} as const satisfies Record<string, DirectFormat>;

/** The value that a raw word in direct format stands for. Multiplied by 1/m, not divided by m: digit for digit what 1.2 answered. */
export const fromDirectFormat = (raw: ExactInteger, { m, b, r }: DirectFormat): number =>
  (1 / m) * (Number(raw) * 10 ** -r - b);

/** Bits of the power controller's status word. */
const statusBits = { off: 6n, notOk: 11n, overCurrent: 4n, underVoltage: 3n } as const;

/** What the status word of a power controller says. */
export function powerStatusBits(word: ExactInteger): {
  on: boolean;
  ok: boolean;
  overCurrent: boolean;
  underVoltage: boolean;
} {
  const isSet = (bit: bigint) => ((BigInt(word) >> bit) & 1n) === 1n;
  return {
    on: !isSet(statusBits.off),
    ok: !isSet(statusBits.notOk),
    overCurrent: isSet(statusBits.overCurrent),
    underVoltage: isSet(statusBits.underVoltage),
  };
}
