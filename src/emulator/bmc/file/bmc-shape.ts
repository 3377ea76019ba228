import { cipherSuites, ipmi15, lan, sessions, users } from "./access-shapes.ts";
import { faults, quirks } from "./fault-shapes.ts";
import { frus, satellites, sdrKind, sel } from "./inventory-shapes.ts";
import { analogSensors, discreteSensors, eventOnlySensors } from "./sensor-shapes.ts";
import {
  hexBytes,
  integer,
  number,
  object,
  oneOf,
  optional,
  choice,
  required,
  section,
  text,
  withDefault,
  type MemberValue,
  type Shaped,
} from "./shape.ts";
import { firmwareVersion } from "./spellings.ts";
import { movingValue } from "./wave-shapes.ts";

/** What Get Device ID and Get System GUID say. */
const device = section({
  id: withDefault(integer(0, 255), 0x20),
  revision: withDefault(integer(0, 15), 1),
  firmware: withDefault(firmwareVersion, "1.00"),
  aux_firmware: optional(hexBytes(4, 4)),
  /** IANA enterprise number; 32473 is the one reserved for examples (RFC 5612). */
  manufacturer_id: withDefault(integer(0, 0xf_ff_ff), 32_473),
  product_id: withDefault(integer(0, 0xff_ff), 1),
  guid: withDefault(hexBytes(16, 16), new Uint8Array(16).fill(0x11)),
});

const delay = (otherwise: number) => withDefault(number(0, 600_000), otherwise);

const chassis = section({
  power: withDefault(choice("on", "off"), "on"),
  /** From a command to its effect: on, hard off, soft off by the operating system, and the pause of a cycle. */
  power_on_ms: delay(2000),
  power_off_ms: delay(1000),
  soft_off_ms: delay(8000),
  cycle_pause_ms: delay(2000),
  /** From power on or reset until the firmware has looked at the boot flags. */
  boot_ms: delay(5000),
  restore_policy: withDefault(oneOf({ "always-off": 0, previous: 1, "always-on": 2 }), 1),
  power_on_hours: withDefault(integer(0, 1_000_000), 0),
});

/** What is done with power, and how long it takes. */
export type ChassisDescription = MemberValue<typeof chassis>;

const power = section({
  off_w: withDefault(number(0, 65_535), 8),
  idle_w: withDefault(number(0, 65_535), 90),
  full_w: withDefault(number(0, 65_535), 350),
});

const dcmi = section({
  supported: withDefault(choice("no", "yes"), "yes"),
  asset_tag: withDefault(text(63), ""),
  controller_id: withDefault(text(63), ""),
});

const MAX_SCAN_INTERVAL_S = 3600;

export const bmcShape = object('a BMC: an object with "name" and "users"', {
  name: required(text(63, 1)),
  /** Makes chance repeatable. */
  seed: withDefault(integer(0, 0xff_ff_ff_ff), 1),
  device,
  users: required(users),
  sessions,
  cipher_suites: withDefault(cipherSuites, [3, 17]),
  /** Authentication types of IPMI 1.5 sessions; none are taken where it is empty. */
  ipmi_1_5: withDefault(ipmi15, []),
  /** BMC key: of 20 bytes, as hex digits. */
  k_g: optional(hexBytes(1, 20, "secret")),
  lan,
  chassis,
  /** How much there is to do, from 0 to 1. */
  load: withDefault(movingValue, 0.3),
  power,
  dcmi,
  sdrs: withDefault(sdrKind, "repository"),
  /** How often sensors are looked at, for events. */
  scan_interval_s: withDefault(number(0.1, MAX_SCAN_INTERVAL_S), 1),
  sensors: withDefault(analogSensors, []),
  discrete_sensors: withDefault(discreteSensors, []),
  event_only_sensors: withDefault(eventOnlySensors, []),
  controllers: withDefault(satellites, []),
  frus: withDefault(frus, []),
  sel,
  /** How long a cold reset takes. */
  cold_reset_ms: withDefault(number(0, 600_000), 10_000),
  quirks,
  faults: withDefault(faults, []),
});

/** An emulated BMC, as its file describes it. @see docs/emulated-bmc.md */
export type BmcDescription = Shaped<typeof bmcShape>;
