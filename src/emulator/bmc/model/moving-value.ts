import type { ValueDescription, WaveDescription } from "../file/wave-shapes.ts";

/** What quantities depend on. */
export interface Surroundings {
  readonly nowMs: number;
  readonly isOn: boolean;
  /** How much there would be to do if it were on, from 0 to 1. */
  readonly load: number;
  /** What is taken now. */
  readonly watts: number;
  /** What would be taken if it were on. */
  readonly wattsWhenOn: number;
}

/** How long one draw of chance lasts. */
const NOISE_STEP_MS = 1000;

/** A number in -1 … 1 that looks like chance and is always the same for the same seed and step. @see Steele, SplitMix, 2014 */
function chance(seed: number, step: number): number {
  let mixed = (Math.imul(step | 0, 0x9e37_79b9) ^ seed) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x8000_0000 - 1;
}

/** Where in -1 … 1 a wave is, at a part (0–1) of its period. */
const waves: Readonly<Record<WaveDescription["shape"], (part: number) => number>> = {
  sine: (part) => Math.sin(2 * Math.PI * part),
  triangle: (part) => 4 * Math.abs(((part + 0.75) % 1) - 0.5) - 1,
  square: (part) => (part < 0.5 ? 1 : -1),
  saw: (part) => 2 * part - 1,
};

function swing({ shape, amplitude, periodS, phase }: WaveDescription, nowMs: number): number {
  const periods = nowMs / (1000 * periodS) + phase;
  return amplitude * waves[shape](periods - Math.floor(periods));
}

/** A quantity that moves as it is described: always the same at the same time, under the same load, and after the same switching. */
export class MovingValue {
  readonly #description: ValueDescription;
  readonly #seed: number;
  readonly #startMs: number;
  /** How much of the way from off to on it has gone, and when. */
  #warmth: number;
  #warmthMs: number;
  #wasOn: boolean;

  constructor(description: ValueDescription, seed: number, { nowMs, isOn }: Pick<Surroundings, "nowMs" | "isOn">) {
    this.#description = description;
    this.#seed = seed;
    this.#startMs = nowMs;
    this.#warmth = isOn ? 1 : 0;
    this.#warmthMs = nowMs;
    this.#wasOn = isOn;
  }

  /** What it is now; undefined where it cannot be read now. */
  at(surroundings: Surroundings): number | undefined {
    const description = this.#description;
    if (typeof description === "number") return description;
    const { base, load, perWatt, wave, noise, off, lagS } = description;
    const { nowMs, isOn, watts, wattsWhenOn } = surroundings;
    const warmth = this.#warmUp(nowMs, isOn, lagS);
    const sinceMs = nowMs - this.#startMs;
    // What has a value for when it is off goes there from where it would be if it were on.
    const isBlended = typeof off === "number";
    const value =
      base +
      load * (isOn || isBlended ? surroundings.load : 0) +
      perWatt * (isBlended ? wattsWhenOn : watts) +
      (wave ? swing(wave, sinceMs) : 0) +
      noise * chance(this.#seed, Math.floor(sinceMs / NOISE_STEP_MS));
    if (isBlended) return off + (value - off) * warmth;
    return off === null && !isOn ? undefined : value;
  }

  /** Goes on towards on or off, as fast as the lag lets it. Called at every switch, so that it is one of both from then to now. */
  #warmUp(nowMs: number, isOn: boolean, lagS: number): number {
    const target = this.#wasOn ? 1 : 0;
    const elapsedMs = nowMs - this.#warmthMs;
    this.#warmth =
      lagS === 0 ? (isOn ? 1 : 0) : target + (this.#warmth - target) * Math.exp(-elapsedMs / (1000 * lagS));
    this.#warmthMs = nowMs;
    this.#wasOn = isOn;
    return this.#warmth;
  }
}
