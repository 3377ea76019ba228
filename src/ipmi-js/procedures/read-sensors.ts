import type { CallOptions, Requester } from "../commands/command.ts";
import {
  getSensorReading,
  getSensorReadingFactors,
  getSensorThresholds,
  setSensorThresholds,
  thresholdNames,
  type RawThresholds,
  type ThresholdName,
} from "../commands/sensor.ts";
import { IpmiError } from "../errors.ts";
import type { ConversionFactors } from "../sdr/conversion-fields.ts";
import { isNonLinear, valueOfRaw } from "../sensors/conversion.ts";
import { isReadable, needsFactors, readingOf, readingOfCompletionCode, unavailable } from "../sensors/reading-of.ts";
import type { SensorReading } from "../sensors/reading.ts";
import type { ReadableSensor, Sensor, ThresholdSensor } from "../sensors/sensor.ts";
import { rawOfThresholds, thresholdsOfRaw, type Thresholds } from "../sensors/thresholds.ts";
import { completionCodeOf, type ProcedureOptions } from "./procedure-options.ts";

/** Sensors that nobody answers for in a row, after which it is the BMC that does not answer. */
const SILENCES_LIMIT = 3;

/** How sensors are asked. */
export interface SensorReadOptions extends ProcedureOptions {
  /** Sensors that are asked at a time, 1 by default: no more than the client's window. */
  readonly concurrency?: number;
}

/** A sensor with its reading. */
export interface SensorWithReading {
  readonly sensor: Sensor;
  readonly reading: SensorReading;
}

/**
 * Reads sensors, and keeps what non-linear ones have been asked once: their factors are the same for the same raw reading. Make one for a BMC,
 * and another when its SDRs have changed.
 */
export class SensorReader {
  readonly #requester: Requester;
  /** By sensor key, then by raw reading. */
  readonly #factors = new Map<string, Map<number, ConversionFactors>>();

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /**
   * One reading. That there is none, and why, is a reading, too.
   *
   * @throws IpmiError where the BMC does not answer: everything but a completion code and a malformed reply
   * @see IPMI 2.0, section 35.14
   */
  async read(sensor: Sensor, options?: ProcedureOptions): Promise<SensorReading> {
    if (!isReadable(sensor)) return unavailable("not-readable");
    const call = callOf(sensor, options);
    try {
      const reply = await this.#requester.execute(getSensorReading, { sensor: sensor.number }, call);
      const isValue = reply.reading !== undefined && reply.isUnavailable === false && reply.isScanning === true;
      const factors = isValue && needsFactors(sensor) ? await this.#factorsOf(sensor, reply.reading, call) : undefined;
      return readingOf(sensor, reply, factors);
    } catch (error) {
      const code = completionCodeOf(error);
      if (code !== undefined) return readingOfCompletionCode(code);
      if (error instanceof IpmiError && error.code === "malformed-reply") return unavailable("failed");
      throw error;
    }
  }

  /**
   * Reads sensors, one round trip each. One that fails has no reading, and keeps none of the others from theirs; a BMC that answers for
   * none of several in a row is given up.
   *
   * @returns in the order of `sensors`
   * @throws IpmiError where the BMC does not answer
   */
  async readAll(sensors: readonly Sensor[], options: SensorReadOptions = {}): Promise<readonly SensorWithReading[]> {
    const readings: SensorReading[] = [];
    const queue = sensors.entries();
    let silences = 0;
    const work = async () => {
      for (const [position, sensor] of queue) {
        try {
          readings[position] = await this.read(sensor, options);
          silences = 0;
        } catch (error) {
          if (!(error instanceof IpmiError) || error.code !== "timeout") throw error;
          // Another controller's silence says nothing of the BMC.
          const isBmc = isReadable(sensor) && sensor.owner.kind === "bmc";
          if (isBmc && ++silences >= SILENCES_LIMIT) throw error;
          readings[position] = unavailable("failed");
        }
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, options.concurrency ?? 1) }, work));
    return sensors.map((sensor, position) => ({ sensor, reading: readings[position] ?? unavailable("failed") }));
  }

  /**
   * A sensor's thresholds as they are now; where they cannot be read, those of its record.
   *
   * @throws IpmiError
   * @see IPMI 2.0, section 35.9
   */
  async readThresholds(sensor: ThresholdSensor, options?: ProcedureOptions): Promise<Thresholds> {
    const { access, initial } = sensor.thresholds;
    if (!sensor.analog || access === "none" || access === "fixed") return initial;
    const call = callOf(sensor, options);
    const { thresholds } = await this.#requester.execute(getSensorThresholds, { sensor: sensor.number }, call);
    const { conversion } = sensor.analog;
    return isNonLinear(conversion)
      ? this.#nonLinear(sensor, thresholds, call)
      : thresholdsOfRaw(conversion, thresholds);
  }

  /**
   * Sets the thresholds that are given, each to the nearest value that the sensor has, and reads all of them back.
   *
   * @throws IpmiError `invalid-argument` for thresholds that cannot be set, and values that the sensor does not have
   * @see IPMI 2.0, section 35.8
   */
  async writeThresholds(sensor: ThresholdSensor, values: Thresholds, options?: ProcedureOptions): Promise<Thresholds> {
    const refused = thresholdNames.filter(
      (name) => values[name] !== undefined && !sensor.thresholds.settable.includes(name),
    );
    if (!sensor.analog || refused.length > 0) {
      const expected = sensor.thresholds.settable.join(", ") || "none";
      throw new IpmiError("invalid-argument", `Thresholds of ${sensor.name} that can be set: ${expected}.`, {
        expected,
        received: refused.join(", "),
      });
    }
    const thresholds = rawOfThresholds(sensor.analog.conversion, values);
    const call = callOf(sensor, options);
    await this.#requester.execute(setSensorThresholds, { sensor: sensor.number, thresholds }, call);
    return this.readThresholds(sensor, options);
  }

  async #nonLinear(sensor: ThresholdSensor, raw: RawThresholds, call: CallOptions | undefined): Promise<Thresholds> {
    const values: Partial<Record<ThresholdName, number>> = {};
    for (const name of thresholdNames) {
      const byte = raw[name];
      if (byte === undefined || !sensor.analog) continue;
      const value = valueOfRaw(sensor.analog.conversion, byte, await this.#factorsOf(sensor, byte, call));
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  async #factorsOf(sensor: ReadableSensor, raw: number, call: CallOptions | undefined): Promise<ConversionFactors> {
    let known = this.#factors.get(sensor.key);
    if (!known) this.#factors.set(sensor.key, (known = new Map()));
    let factors = known.get(raw);
    if (!factors) {
      const request = { sensor: sensor.number, reading: raw };
      factors = await this.#requester.execute(getSensorReadingFactors, request, call);
      known.set(raw, factors);
    }
    return factors;
  }
}

/** Some BMCs say "busy" for sensors that they never can read: these must not hold up the others. */
const busyRetries = 1;

/** How a sensor is reached. */
function callOf(sensor: ReadableSensor, options: ProcedureOptions | undefined): CallOptions {
  const { lun, owner } = sensor;
  if (owner.kind === "controller") return { ...options, lun, busyRetries, target: owner.target };
  return { ...options, lun, busyRetries };
}
