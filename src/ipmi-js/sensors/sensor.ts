import type { BridgeTarget } from "../commands/command.ts";
import type { ThresholdName } from "../commands/sensor.ts";
import type { Conversion } from "./conversion.ts";
import type { Entity } from "./entities.ts";
import type { Thresholds } from "./thresholds.ts";
import type { SensorUnit } from "./units.ts";

/** Who answers for a sensor. */
export type SensorOwner =
  /** The BMC itself. */
  | { readonly kind: "bmc" }
  /** Another controller, reached by bridging. */
  | { readonly kind: "controller"; readonly target: BridgeTarget }
  /** Software on the host (table 5-4): it has events, but cannot be asked. */
  | { readonly kind: "software"; readonly softwareId: number };

interface SensorBase {
  /** Tells it from all others of the BMC: owner, channel, LUN and number as `20.0.0.1A`. */
  readonly key: string;
  /** Of the record that it comes from. */
  readonly recordId: number;
  readonly number: number;
  readonly lun: number;
  readonly owner: SensorOwner;
  /** The record's id string; where several sensors share a record, with each one's number or letter. */
  readonly name: string;
  readonly entity: Entity;
  /** @see IPMI 2.0, table 42-3 */
  readonly sensorType: number;
  /** In words; `OEM sensor type C1h` where it is none of the specification's. */
  readonly sensorTypeName: string;
  /** 01h threshold, 02h–0Ch generic, 6Fh sensor-specific, 70h–7Fh OEM. @see IPMI 2.0, table 42-1 */
  readonly eventReadingType: number;
}

/** How a sensor's readings are values. Absent values are undefined: the record does not tell them. */
export interface AnalogTraits {
  readonly conversion: Conversion;
  readonly unit: SensorUnit;
  /** That values can have. */
  readonly decimals: number;
  readonly nominal: number | undefined;
  readonly normalMinimum: number | undefined;
  readonly normalMaximum: number | undefined;
  readonly sensorMinimum: number | undefined;
  readonly sensorMaximum: number | undefined;
}

export interface ThresholdTraits {
  /** "fixed" ones cannot be read from the sensor, but the record tells them. */
  readonly access: "none" | "readable" | "settable" | "fixed";
  /** Those that the sensor has, and tells or fixes. */
  readonly readable: readonly ThresholdName[];
  readonly settable: readonly ThresholdName[];
  /** As the record has them. They may have been changed since. */
  readonly initial: Thresholds;
}

/** How far a reading must return before a threshold's event is over, as a value where it is the same everywhere. */
export interface HysteresisTraits {
  readonly access: "none" | "readable" | "settable" | "fixed";
  readonly positive: number | undefined;
  readonly negative: number | undefined;
}

/** A sensor with thresholds, or at least a comparison with such. `analog` is undefined where it tells no value. */
export interface ThresholdSensor extends SensorBase {
  readonly kind: "threshold";
  readonly analog: AnalogTraits | undefined;
  readonly thresholds: ThresholdTraits;
  readonly hysteresis: HysteresisTraits;
}

/** A sensor with states, and with a value besides where `analog` is defined. */
export interface DiscreteSensor extends SensorBase {
  readonly kind: "discrete";
  readonly analog: AnalogTraits | undefined;
  /** Bit n: state n can be read. */
  readonly readableStates: number;
}

/** A sensor that cannot be read; it only has events. */
export interface EventOnlySensor extends SensorBase {
  readonly kind: "event-only";
}

export type Sensor = ThresholdSensor | DiscreteSensor | EventOnlySensor;
/** A sensor that Get Sensor Reading can be sent to, unless its owner is software. */
export type ReadableSensor = ThresholdSensor | DiscreteSensor;
