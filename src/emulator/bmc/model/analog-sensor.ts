import { thresholdNames, type RawThresholds, type ThresholdName } from "../../../ipmi-js/commands/sensor.ts";
import type { AnalogSensorDescription } from "../file/sensor-shapes.ts";
import type { SensorEvent } from "./event-log.ts";
import { MovingValue, type Surroundings } from "./moving-value.ts";
import { ReadingTable } from "./reading-table.ts";
import { SensorSettings, type EventMasks } from "./sensor-settings.ts";

/** Event/reading type code of thresholds. @see IPMI 2.0, table 42-1 */
const THRESHOLD = 0x01;
/** The event of a threshold that is crossed towards trouble, in the order of `thresholdNames`. @see IPMI 2.0, table 42-2 */
const offsets = [0, 2, 4, 7, 9, 11] as const;
/** Event data 1: trigger reading in byte 2, trigger threshold in byte 3. @see IPMI 2.0, table 29-6 */
const WITH_READING_AND_THRESHOLD = 0x50;

/** `upperCritical` is bit 4: an upper one. */
const FIRST_UPPER = 3;

/** What Get Sensor Reading says. */
export interface AnalogReading {
  /** Undefined where there is none now. */
  readonly raw: number | undefined;
  /** Thresholds that the reading is at or beyond, in the order of `thresholdNames`. */
  readonly comparison: number;
}

const none: readonly SensorEvent[] = [];

/** A sensor that measures something that moves, and notices when it crosses a threshold. */
export class AnalogSensor {
  readonly description: AnalogSensorDescription;
  readonly table: ReadingTable;
  readonly settings: SensorSettings;
  readonly eventType = THRESHOLD;
  readonly #value: MovingValue;
  readonly #thresholds: Partial<Record<ThresholdName, number>> = {};
  /** The raw reading at the last look, unless something else has changed since. */
  #seen: number | undefined;
  /** In place of what the description says; null: it cannot be read. */
  #override: number | null | undefined;
  #positiveHysteresis: number;
  #negativeHysteresis: number;
  /** Thresholds that are crossed, hysteresis considered: bits in the order of `thresholdNames`. */
  #crossed = 0;

  constructor(description: AnalogSensorDescription, seed: number, surroundings: Surroundings) {
    this.description = description;
    this.table = new ReadingTable(description);
    this.#positiveHysteresis = this.#negativeHysteresis = description.hysteresis;
    for (const name of thresholdNames) {
      const value = description.thresholds[name];
      if (value !== undefined) this.#thresholds[name] = this.table.rawOf(value);
    }
    const crossable = this.thresholdMask;
    let assertions = 0;
    for (const [bit, offset] of offsets.entries()) if ((crossable >> bit) & 1) assertions |= 1 << offset;
    this.settings = new SensorSettings({ assertions, deassertions: assertions } satisfies EventMasks);
    this.#value = new MovingValue(description.value, seed ^ (description.number * 0x0101_0101), surroundings);
  }

  get number(): number {
    return this.description.number;
  }
  get lun(): number {
    return this.description.lun;
  }
  get sensorType(): number {
    return this.description.type;
  }

  /** Which thresholds there are: bits in the order of `thresholdNames`. */
  get thresholdMask(): number {
    let mask = 0;
    for (const [bit, name] of thresholdNames.entries()) if (this.#thresholds[name] !== undefined) mask |= 1 << bit;
    return mask;
  }

  get thresholds(): RawThresholds {
    return this.#thresholds;
  }

  /** Sets those that are given. False: one of them does not exist, or none can be set; then nothing is changed. */
  setThresholds(thresholds: RawThresholds): boolean {
    const given = thresholdNames.filter((name) => thresholds[name] !== undefined);
    const isSettable = this.description.thresholdsSettable;
    if (!isSettable || !given.every((name) => this.#thresholds[name] !== undefined)) return false;
    this.#seen = undefined;
    Object.assign(this.#thresholds, Object.fromEntries(given.map((name) => [name, thresholds[name]])));
    return true;
  }

  /** Raw counts: subtracted from upper thresholds, added to lower ones, for when these are no longer crossed. @see IPMI 2.0, table 43-1 */
  get positiveHysteresis(): number {
    return this.#positiveHysteresis;
  }
  get negativeHysteresis(): number {
    return this.#negativeHysteresis;
  }
  setHysteresis(positive: number, negative: number): void {
    this.#seen = undefined;
    this.#positiveHysteresis = positive;
    this.#negativeHysteresis = negative;
  }

  /** From now on it is this; null: it cannot be read; undefined: as described. */
  override(value: number | null | undefined): void {
    this.#override = value;
  }

  read(surroundings: Surroundings): AnalogReading {
    const raw = this.#raw(surroundings);
    if (raw === undefined) return { raw, comparison: 0 };
    let comparison = 0;
    for (const bit of thresholdNames.keys()) if (this.#isBeyond(raw, bit, 0)) comparison |= 1 << bit;
    return { raw, comparison };
  }

  /** Looks whether thresholds have been crossed since the last look, and says what events follow from that. */
  scan(surroundings: Surroundings): readonly SensorEvent[] {
    if (this.settings.possible.assertions === 0 || !this.settings.isScanning) return none;
    const raw = this.#raw(surroundings);
    if (raw === undefined || raw === this.#seen) return none;
    this.#seen = raw;
    const events: SensorEvent[] = [];
    for (const [bit, name] of thresholdNames.entries()) {
      const limit = this.#thresholds[name];
      const wasCrossed = ((this.#crossed >> bit) & 1) === 1;
      const hysteresis = bit >= FIRST_UPPER ? this.positiveHysteresis : this.negativeHysteresis;
      const isCrossed = this.#isBeyond(raw, bit, wasCrossed ? hysteresis : 0);
      if (limit === undefined || isCrossed === wasCrossed) continue;
      this.#crossed ^= 1 << bit;
      const offset = offsets[bit] ?? 0;
      if (this.settings.sends(offset, isCrossed)) events.push(this.#event(offset, isCrossed, raw, limit));
    }
    return events;
  }

  /** Events that are active now. */
  get activeEvents(): number {
    let active = 0;
    for (const [bit, offset] of offsets.entries()) if ((this.#crossed >> bit) & 1) active |= 1 << offset;
    return active;
  }

  /** Forgets what was crossed, so that it is told anew. */
  rearm(): void {
    this.#seen = undefined;
    this.#crossed = 0;
  }

  #raw(surroundings: Surroundings): number | undefined {
    const moved = this.#value.at(surroundings);
    const value = this.#override === undefined ? moved : (this.#override ?? undefined);
    return value === undefined ? undefined : this.table.rawOf(value);
  }

  #isBeyond(raw: number, bit: number, hysteresis: number): boolean {
    const name = thresholdNames[bit];
    const limit = name && this.#thresholds[name];
    if (limit === undefined) return false;
    const isUpper = bit >= FIRST_UPPER;
    const value = this.table.valueOf(raw);
    const bound = this.table.valueOf(hysteresis === 0 ? limit : this.table.towardsNormal(limit, hysteresis, isUpper));
    if (value === undefined || bound === undefined) return false;
    return isUpper ? value >= bound : value <= bound;
  }

  #event(offset: number, isAsserted: boolean, raw: number, limit: number): SensorEvent {
    const { number: sensor, lun, sensorType } = this;
    const data = [WITH_READING_AND_THRESHOLD | offset, raw, limit] as const;
    return { sensorType, sensor, lun, eventType: THRESHOLD, isAsserted, data };
  }
}
