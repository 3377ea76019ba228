import { signedRaw, valueOfRaw, type AnalogFormat, type Conversion } from "../../../ipmi-js/sensors/conversion.ts";
import type { ConversionFactors } from "../../../ipmi-js/sdr/conversion-fields.ts";
import type { AnalogSensorDescription } from "../file/sensor-shapes.ts";

const formats: readonly AnalogFormat[] = ["unsigned", "ones-complement", "twos-complement"];

/** The factors that hold for some raw readings of a non-linear sensor. */
export interface FactorRange {
  /** The first raw reading beyond; 0 where there is none. */
  readonly next: number;
  readonly factors: ConversionFactors;
}

/** What each raw reading of a sensor stands for, and back. */
export class ReadingTable {
  readonly conversion: Conversion;
  readonly #description: AnalogSensorDescription;
  readonly #values: readonly (number | undefined)[];
  /** Raw readings in the order of their values. */
  readonly #sorted: readonly { readonly raw: number; readonly value: number }[];

  constructor(description: AnalogSensorDescription) {
    this.#description = description;
    this.conversion = {
      ...this.#common(),
      m: description.m,
      b: description.b,
      bExponent: description.bExponent,
      resultExponent: description.rExponent,
      format: formats[description.format] ?? "unsigned",
      linearization: description.linearization,
    };
    this.#values = Array.from({ length: 256 }, (_, raw) =>
      valueOfRaw(this.conversion, raw, this.factorsAt(raw)?.factors),
    );
    this.#sorted = this.#values
      .flatMap((value, raw) => (value === undefined ? [] : [{ raw, value }]))
      .toSorted((left, right) => left.value - right.value);
  }

  /** What a raw reading stands for; undefined where that is no number. */
  valueOf(raw: number): number | undefined {
    return this.#values[raw];
  }

  /** The raw reading that stands for the nearest value; the highest or lowest where it is beyond them. */
  rawOf(value: number): number {
    const sorted = this.#sorted;
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]!.value < value) low = middle + 1;
      else high = middle;
    }
    const [below, above] = [sorted[low - 1], sorted[low]];
    if (!below || !above) return (below ?? above)?.raw ?? 0;
    return value - below.value < above.value - value ? below.raw : above.raw;
  }

  /** The raw reading that is `counts` nearer to what is normal than a threshold, or the last one on the way. */
  towardsNormal(raw: number, counts: number, isUpper: boolean): number {
    let found = raw;
    for (let step = 0; step < counts; step++) {
      const next = this.#neighbour(found, isUpper);
      if (next === undefined) break;
      found = next;
    }
    return found;
  }

  /** For non-linear sensors. */
  factorsAt(raw: number): FactorRange | undefined {
    const { factors } = this.#description;
    const range = factors.find(({ upTo }) => raw <= upTo) ?? factors.at(-1);
    if (!range) return undefined;
    const { m, b, bExponent, rExponent, upTo } = range;
    return {
      next: upTo >= 255 || range === factors.at(-1) ? 0 : upTo + 1,
      factors: { ...this.#common(), m, b, bExponent, resultExponent: rExponent },
    };
  }

  #common() {
    const { tolerance, accuracy, accuracyExponent } = this.#description;
    return { tolerance, accuracy, accuracyExponent };
  }

  /** The next raw reading with a value that is lower, or higher. */
  #neighbour(raw: number, isLower: boolean): number | undefined {
    const value = this.#values[raw];
    const { format } = this.conversion;
    const at = signedRaw(raw, format);
    for (const candidate of [raw - 1, raw + 1, raw === 0 ? 255 : raw, raw === 255 ? 0 : raw]) {
      const other = this.#values[candidate];
      if (other === undefined || value === undefined || Math.abs(signedRaw(candidate, format) - at) > 1) continue;
      if (isLower ? other < value : other > value) return candidate;
    }
    return undefined;
  }
}
