import {
  choice,
  either,
  isNumber,
  number,
  object,
  optional,
  required,
  withDefault,
  type Shape,
  type Shaped,
} from "./shape.ts";

const LIMIT = 1e9;
const anyNumber = number(-LIMIT, LIMIT);

const waveShape = object('a wave: an object with "amplitude" and "period_s"', {
  shape: withDefault(choice("sine", "triangle", "square", "saw"), "sine"),
  /** Above and below the middle. */
  amplitude: required(number(0, LIMIT)),
  period_s: required(number(0.1, 1e6)),
  /** By how much of a period it is ahead. */
  phase: withDefault(number(0, 1), 0),
});

/** A quantity that swings. */
export type WaveDescription = Shaped<typeof waveShape>;

const nullShape: Shape<null> = {
  expected: "null",
  read: (place) => (place.value === null ? null : place.refuse("null")),
};

const valueShape = object('a number, or an object with "base"', {
  base: required(anyNumber),
  /** Added at full load, and in parts of it at less. */
  load: withDefault(anyNumber, 0),
  /** Added for each watt that the system takes. */
  per_watt: withDefault(anyNumber, 0),
  wave: optional(waveShape),
  /** Added by chance, up to this much either way. */
  noise: withDefault(number(0, LIMIT), 0),
  /** What it is while the system is off; null: it cannot be read then; the same as when it is on where it is absent. */
  off: optional(either((value) => value === null, nullShape, anyNumber)),
  /** Seconds that it takes for 63 % of the way from what it is when on to what it is when off, and back. */
  lag_s: withDefault(number(0, 3600), 0),
});

/** How a quantity moves: it stands still where it is a number. */
export type ValueDescription = number | Shaped<typeof valueShape>;

export const movingValue: Shape<ValueDescription> = either<number, Shaped<typeof valueShape>>(
  isNumber,
  anyNumber,
  valueShape,
);
