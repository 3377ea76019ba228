import {
  checked,
  choice,
  either,
  flag,
  integer,
  isNumber,
  list,
  matching,
  number,
  object,
  oneOf,
  optional,
  required,
  section,
  text,
  withDefault,
  type Shape,
  type Shaped,
} from "./shape.ts";
import { sensorTypeCodes, unitCodes } from "./sensor-names.ts";
import { movingValue } from "./wave-shapes.ts";

/** Bytes of an id string, IPMI 2.0 section 43.1. */
const MAX_ID_STRING = 16;
/** FFh is reserved, IPMI 2.0 table 5-2. */
const HIGHEST_SENSOR_NUMBER = 254;
const M_LIMIT = 512;

const nameOrCode = (names: Readonly<Record<string, number>>): Shape<number> =>
  either<number, number>(isNumber, integer(0, 255), oneOf(names));

/** `3.1`: entity id and instance. */
export const entity: Shape<{ readonly id: number; readonly instance: number }> = {
  expected: 'an entity: id and instance, as in "3.1"',
  read(place) {
    const spelled = matching(/^\d{1,3}\.\d{1,3}$/, this.expected).read(place);
    if (spelled === undefined) return undefined;
    const [id = 0, instance = 0] = spelled.split(".").map(Number);
    return id <= 255 && instance <= 127 ? { id, instance } : place.refuse(this.expected);
  },
};

const sensorNumber = integer(0, HIGHEST_SENSOR_NUMBER);
const lun = withDefault(integer(0, 3), 0);

/** In the sensor's unit. */
const thresholds = section({
  lower_non_recoverable: optional(number(-1e9, 1e9)),
  lower_critical: optional(number(-1e9, 1e9)),
  lower_non_critical: optional(number(-1e9, 1e9)),
  upper_non_critical: optional(number(-1e9, 1e9)),
  upper_critical: optional(number(-1e9, 1e9)),
  upper_non_recoverable: optional(number(-1e9, 1e9)),
});

const factors = {
  m: withDefault(integer(-M_LIMIT, M_LIMIT - 1), 1),
  b: withDefault(integer(-M_LIMIT, M_LIMIT - 1), 0),
  /** Exponents of ten: of B, and of the result. */
  b_exponent: withDefault(integer(-8, 7), 0),
  r_exponent: withDefault(integer(-8, 7), 0),
};

const factorsShape = object('an object with "up_to", the highest raw reading that the factors are for', {
  up_to: required(integer(0, 255)),
  ...factors,
});

/** IPMI 2.0, table 43-1, byte 24; 70h is non-linear. */
const linearizations = {
  linear: 0,
  ln: 1,
  log10: 2,
  log2: 3,
  e: 4,
  exp10: 5,
  exp2: 6,
  "1/x": 7,
  sqr: 8,
  cube: 9,
  sqrt: 10,
  cbrt: 11,
  "non-linear": 0x70,
} as const;

const analogSensorShape = object('a sensor: an object with "number", "name", "type", "unit" and "value"', {
  number: required(sensorNumber),
  lun,
  name: required(text(MAX_ID_STRING, 1)),
  type: required(nameOrCode(sensorTypeCodes)),
  unit: required(nameOrCode(unitCodes)),
  percentage: withDefault(flag, false),
  /** IPMI 2.0, table 43-1, byte 21 bits 5-3. */
  rate: withDefault(oneOf({ none: 0, us: 1, ms: 2, s: 3, min: 4, hour: 5, day: 6 }), 0),
  /** What the unit is divided by, or multiplied with. */
  per_unit: optional(nameOrCode(unitCodes)),
  times_unit: optional(nameOrCode(unitCodes)),
  entity: withDefault(entity, { id: 7, instance: 1 }),
  format: withDefault(oneOf({ unsigned: 0, "ones-complement": 1, "twos-complement": 2 }), 0),
  linearization: withDefault(oneOf<number>(linearizations), 0),
  ...factors,
  /** For non-linear sensors: what stands for M, B and the exponents, by raw reading, in rising order. */
  factors: withDefault(list(factorsShape, "an array of factors"), []),
  tolerance: withDefault(integer(0, 63), 0),
  accuracy: withDefault(integer(0, 1023), 0),
  accuracy_exponent: withDefault(integer(0, 3), 0),
  value: required(movingValue),
  thresholds,
  /** Raw counts by which a reading must come back before a threshold is no longer crossed. */
  hysteresis: withDefault(integer(0, 255), 0),
  thresholds_settable: withDefault(flag, true),
});

/** A sensor that measures. */
export type AnalogSensorDescription = Shaped<typeof analogSensorShape>;
export const analogSensors = list(
  checked(analogSensorShape, ({ linearization, factors: given }) =>
    (linearization === linearizations["non-linear"]) === given.length > 0
      ? undefined
      : '"factors" where the linearization is "non-linear", and only there',
  ),
  "an array of sensors",
);

const offsetList = list(integer(0, 14), "an array of state offsets");

const sharing = object('an object with "count"', {
  /** Sensors that the record stands for, with numbers from the first on. */
  count: required(integer(2, 15)),
  modifier: withDefault(choice("numeric", "alpha"), "numeric"),
  /** What the first one's name ends with. */
  offset: withDefault(integer(0, 127), 0),
  /** Whether the entity instance rises with the number. */
  entity_increments: withDefault(flag, true),
});

const discreteSensorShape = object('a discrete sensor: an object with "number", "name", "type" and "possible"', {
  number: required(sensorNumber),
  lun,
  name: required(text(MAX_ID_STRING, 1)),
  type: required(nameOrCode(sensorTypeCodes)),
  /** Event/reading type code, IPMI 2.0 table 42-1; 6Fh: what the offsets mean depends on the sensor's type. */
  event_type: withDefault(integer(2, 0x7f), 0x6f),
  entity: withDefault(entity, { id: 7, instance: 1 }),
  /** Offsets that can come about. */
  possible: required(offsetList),
  /** Offsets that are so at the start. */
  states: withDefault(offsetList, []),
  shared: optional(sharing),
  /** For shared records: the states of each sensor in turn. */
  shared_states: withDefault(list(offsetList, "an array with the states of each sensor"), []),
  /** Full record in place of a compact one. */
  full_record: withDefault(flag, false),
});

/** A sensor with states. */
export type DiscreteSensorDescription = Shaped<typeof discreteSensorShape>;
export const discreteSensors = list(
  checked(discreteSensorShape, ({ number: first, possible, states, shared, sharedStates }) => {
    if (first + (shared?.count ?? 1) - 1 > HIGHEST_SENSOR_NUMBER)
      return `numbers up to ${HIGHEST_SENSOR_NUMBER}, those that are shared included`;
    if (![states, ...sharedStates].flat().every((state) => possible.includes(state)))
      return 'only states that "possible" names';
    if (sharedStates.length > (shared?.count ?? 0)) return '"shared_states" for no more sensors than are shared';
    return undefined;
  }),
  "an array of discrete sensors",
);

const eventOnlyShape = object('an event-only sensor: an object with "number", "name" and "type"', {
  number: required(sensorNumber),
  lun,
  name: required(text(MAX_ID_STRING, 1)),
  type: required(nameOrCode(sensorTypeCodes)),
  event_type: withDefault(integer(2, 0x7f), 0x6f),
  entity: withDefault(entity, { id: 34, instance: 1 }),
});

/** A sensor that cannot be read, and only sends events. */
export type EventOnlyDescription = Shaped<typeof eventOnlyShape>;
export const eventOnlySensors = list(eventOnlyShape, "an array of event-only sensors");
