import { bits, bytesAt, empty, flag, layout, named, optional, u16, u24, u8, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { once, repeatable } from "./define.ts";
import { bcd, version } from "./fields.ts";

/** @see IPMI 2.0, section 20.1 */
export const getDeviceId = repeatable(
  "Get Device ID",
  netFns.app,
  0x01,
  empty,
  layout({
    deviceId: u8(0),
    hasDeviceSdrs: flag(1, 7),
    deviceRevision: bits(1, 0, 4),
    /** True while firmware is updated, or the controller starts. */
    isUpdating: flag(2, 7),
    firmwareMajor: bits(2, 0, 7),
    firmwareMinor: bcd(u8(3)),
    /** `2.0` */
    ipmiVersion: version(u8(4)),
    isChassisDevice: flag(5, 7),
    isBridge: flag(5, 6),
    isEventGenerator: flag(5, 5),
    isEventReceiver: flag(5, 4),
    hasFru: flag(5, 3),
    hasSel: flag(5, 2),
    hasSdrRepository: flag(5, 1),
    hasSensors: flag(5, 0),
    /** IANA enterprise number. */
    manufacturerId: u24(6),
    productId: u16(9),
    /** Four bytes whose meaning is the manufacturer's. */
    auxiliaryFirmware: optional(bytesAt(11, 4)),
  }),
);
export type DeviceId = Decoded<typeof getDeviceId.reply>;

/** Restarts the BMC: every session ends. @see IPMI 2.0, section 20.2 */
export const coldReset = once("Cold Reset", netFns.app, 0x02, empty, empty);

/** @see IPMI 2.0, section 20.3 */
export const warmReset = once("Warm Reset", netFns.app, 0x03, empty, empty);

const selfTestResults = {
  0x55: "passed",
  0x56: "not-implemented",
  0x57: "damaged-or-inaccessible",
  0x58: "fatal-hardware-error",
} as const;

/** @see IPMI 2.0, section 20.4 */
export const getSelfTestResults = repeatable(
  "Get Self Test Results",
  netFns.app,
  0x04,
  empty,
  layout({
    result: named(u8(0), selfTestResults),
    /** What `damaged-or-inaccessible` is about, a bit each; else the manufacturer's. */
    detail: u8(1),
  }),
);
export type SelfTestResults = Decoded<typeof getSelfTestResults.reply>;

/** What the bits of `detail` say, from bit 0 on. @see IPMI 2.0, table 20-4 */
const selfTestFaults = [
  "operational firmware of the controller is damaged",
  "boot block of the controller's firmware is damaged",
  "internal use area of the BMC's FRU is damaged",
  "SDR repository is empty",
  "IPMB signal lines do not respond",
  "FRU device of the BMC cannot be accessed",
  "SDR repository cannot be accessed",
  "SEL device cannot be accessed",
] as const;

/** A self test's result in words; several for several faults. */
export function describeSelfTest({ result, detail }: SelfTestResults): readonly string[] {
  switch (result) {
    case "passed":
      return ["no error"];
    case "not-implemented":
      return ["this controller has no self test"];
    case "damaged-or-inaccessible":
      return selfTestFaults.filter((_, bit) => ((detail >> bit) & 1) === 1);
    case "fatal-hardware-error":
      return [`fatal hardware error ${hex(detail)}`];
    default:
      return [`failure ${result}, ${hex(detail)}`];
  }
}

const hex = (value: number) => `${value.toString(16).toUpperCase().padStart(2, "0")}h`;

const systemPowerStates = {
  0x00: "s0-working",
  0x01: "s1",
  0x02: "s2",
  0x03: "s3",
  0x04: "s4",
  0x05: "s5-soft-off",
  0x06: "s4-or-s5",
  0x07: "g3-mechanical-off",
  0x08: "sleeping",
  0x09: "g1-sleeping",
  0x0a: "override",
  0x20: "legacy-on",
  0x21: "legacy-off",
  0x2a: "unknown",
  0x7f: "no-change",
} as const;

const devicePowerStates = { 0: "d0", 1: "d1", 2: "d2", 3: "d3", 0x2a: "unknown", 0x7f: "no-change" } as const;

/** @see IPMI 2.0, section 20.7 */
export const getAcpiPowerState = repeatable(
  "Get ACPI Power State",
  netFns.app,
  0x07,
  empty,
  layout({ system: named(bits(0, 0, 7), systemPowerStates), device: named(bits(1, 0, 7), devicePowerStates) }),
);

/** 16 bytes in the order in which they were sent; `formatGuid` makes text of them. */
const guid = layout({ guid: bytesAt(0, 16) });

/** @see IPMI 2.0, section 20.8 */
export const getDeviceGuid = repeatable("Get Device GUID", netFns.app, 0x08, empty, guid);

/** @see IPMI 2.0, section 22.14 */
export const getSystemGuid = repeatable("Get System GUID", netFns.app, 0x37, empty, guid);

const digits = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * A GUID as text.
 *
 * - `ipmi`: as the specification has it, least significant byte first (section 20.8)
 * - `smbios`: the first three fields least significant byte first: what most boards send, and what `dmidecode` prints
 * - `rfc4122`: most significant byte first
 */
export function formatGuid(bytes: Uint8Array, encoding: "ipmi" | "smbios" | "rfc4122"): string {
  if (encoding === "ipmi") return formatGuid(bytes.toReversed(), "rfc4122");
  const [low, middle, high] = [bytes.slice(0, 4), bytes.slice(4, 6), bytes.slice(6, 8)];
  const fields =
    encoding === "smbios" ? [low.toReversed(), middle.toReversed(), high.toReversed()] : [low, middle, high];
  return [...fields, bytes.slice(8, 10), bytes.slice(10, 16)].map(digits).join("-");
}

/** What the BMC keeps for its system software. @see IPMI 2.0, section 22.4 */
export const getMessageFlags = repeatable(
  "Get Message Flags",
  netFns.app,
  0x31,
  empty,
  layout({
    hasMessage: flag(0, 0),
    isEventBufferFull: flag(0, 1),
    isWatchdogPreTimeout: flag(0, 3),
    oem: bits(0, 5, 3),
  }),
);

/** @see IPMI 2.0, section 22.2 */
export const getBmcGlobalEnables = repeatable(
  "Get BMC Global Enables",
  netFns.app,
  0x2f,
  empty,
  layout({
    isMessageQueueInterruptEnabled: flag(0, 0),
    isEventBufferInterruptEnabled: flag(0, 1),
    isEventBufferEnabled: flag(0, 2),
    isSelEnabled: flag(0, 3),
    oem: bits(0, 5, 3),
  }),
);
