/** An integer exactly as a device sent it, however long: beyond 2^53 a bigint. */
export type ExactInteger = number | bigint;

/** What one device measured, in the unit that its field names, made once where the raw form is known. */
export type Measurement =
  | { readonly kind: "temperature"; readonly temperatureC: number }
  /** Some humidity sensors measure the temperature, too. */
  | { readonly kind: "humidity"; readonly relativeHumidityPercent: number; readonly temperatureC?: number }
  | { readonly kind: "fan_speed"; readonly speedRpm: ExactInteger }
  /** The colour is there for LEDs that have one, or might. */
  | { readonly kind: "led"; readonly on: boolean; readonly colour?: "unknown" }
  | { readonly kind: "voltage"; readonly voltageV: number }
  | { readonly kind: "current"; readonly currentA: number }
  | { readonly kind: "wattage"; readonly powerW: number }
  | { readonly kind: "frequency"; readonly frequencyHz: number }
  | { readonly kind: "airflow"; readonly airflowCfm: number }
  | { readonly kind: "percentage"; readonly percent: number }
  /** Any other quantity, in the unit that the device names. */
  | { readonly kind: "sensor"; readonly value: number; readonly unit: string }
  /** A device whose unit the bus does not say: the number as it came. */
  | { readonly kind: "raw"; readonly value: ExactInteger };

/** A measurement with its time. `quality` is `good` for everything that was read from the device just now. */
export interface Reading {
  readonly measurement: Measurement;
  /** Milliseconds since 1970 at which the answer had arrived. */
  readonly takenAtMs: number;
  readonly quality: "good";
}

/** State of a hot-swap power controller or of a chassis. */
export interface PowerStatus {
  /** The controller's answer as received: `status,power,voltage,current`. */
  readonly raw: string;
  readonly on: boolean;
  readonly ok: boolean;
  readonly overCurrent: boolean;
  readonly underVoltage: boolean;
  readonly inputPowerW: number;
  readonly inputVoltageV: number;
  readonly outputCurrentA: number;
}
