import {
  choice,
  flag,
  integer,
  list,
  number,
  object,
  optional,
  required,
  text,
  withDefault,
  section,
  type Shaped,
} from "./shape.ts";

/**
 * What can go wrong on purpose.
 *
 * - `silence`: no answer, and the request is not carried out
 * - `lost-answer`: it is carried out, and its answer is lost
 * - `delay`: the answer comes `delay_ms` late
 * - `duplicate`: the answer comes twice
 * - `busy`: answered with C0h (node busy), and not carried out
 * - `reservation-cancelled`: the reservations of SDR and SEL are cancelled before it is carried out
 * - `lost-session`: all sessions are forgotten before it is looked at
 * - `unavailable`: the readings of `sensors` are unavailable
 */
const faultKinds = [
  "silence",
  "lost-answer",
  "delay",
  "duplicate",
  "busy",
  "reservation-cancelled",
  "lost-session",
  "unavailable",
] as const;

const faultShape = object('a fault: an object with "fault"', {
  fault: required(choice(...faultKinds)),
  /** As the specification names them: only requests of these commands count and are met; all datagrams where it is absent. */
  commands: optional(list(text(80, 1), "an array of command names")),
  /** Requests that go well first. */
  after_requests: withDefault(integer(0, 1_000_000), 0),
  /** Requests that are met then; without end where it is absent. */
  requests: optional(integer(1, 1_000_000)),
  /** Milliseconds after the start, or after the fault was added, at which it begins. */
  after_ms: withDefault(number(0, 86_400_000), 0),
  /** Milliseconds that it lasts from then on; without end where it is absent. */
  for_ms: optional(number(1, 86_400_000)),
  delay_ms: withDefault(number(0, 60_000), 0),
  /** Sensor numbers, for `unavailable`. */
  sensors: withDefault(list(integer(0, 254), "an array of sensor numbers"), []),
});

/** One scripted fault. */
export type FaultDescription = Shaped<typeof faultShape>;
export const faults = list(faultShape, "an array of faults");

/** Ways in which a BMC is not as it should be, from its start on. */
export const quirks = section({
  /** Get SDR answers CAh for more bytes than these. */
  sdr_read_limit: withDefault(integer(8, 255), 255),
  /** So many zeros behind each record, beyond what its length says. */
  sdr_extra_bytes: withDefault(integer(0, 32), 0),
  /** Read FRU Data answers C8h for more bytes than these. */
  fru_read_limit: withDefault(integer(8, 255), 255),
  /** Reserve SDR Repository and Reserve SEL are answered with C1h. */
  refuse_reserve: withDefault(flag, false),
  /** RAKP authentication codes are made with the privilege of the Open Session response in place of RAKP 1's. */
  hash_with_answered_privilege: withDefault(flag, false),
  /** The Open Session response repeats the privilege that was asked for, 0 ("the highest") too. */
  repeat_asked_privilege: withDefault(flag, false),
  /** Bytes of a password that are kept: 20 by the specification. */
  password_bytes: withDefault(integer(1, 20), 20),
  /** 3 or 4: the byte of the front panel's buttons may be absent. */
  chassis_status_bytes: withDefault(integer(3, 4), 4),
  /** False: Chassis Identify knows no "force on", and refuses a request with a second byte. */
  identify_force: withDefault(flag, true),
  /** False: Get Chassis Status does not say whether the LED is on. */
  identify_reported: withDefault(flag, true),
  /** False: Get Channel Cipher Suites is met with silence outside sessions. */
  cipher_suites_answered: withDefault(flag, true),
  /** DCMI power readings that say 0 W, from the start on. */
  empty_power_readings: withDefault(integer(0, 1000), 0),
  /** False: boot flags are taken, and forgotten at once. */
  boot_flags_kept: withDefault(flag, true),
  /** FRU ids of which the checksums are wrong. */
  damaged_frus: withDefault(list(integer(0, 254), "an array of FRU ids"), []),
});
