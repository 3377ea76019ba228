import { bits, empty, flag, layout, named, rest, u16, u32, u8, type Decoded } from "../bytes/layout.ts";
import { dcmi } from "./define.ts";
import { wideBits } from "./fields.ts";

/** Which of a BMC's capabilities are asked for. @see DCMI 1.5, table 6-3 */
const capabilityParameters = {
  1: "supported",
  2: "mandatory-platform-attributes",
  3: "optional-platform-attributes",
  4: "manageability-access",
  5: "enhanced-power-statistics",
} as const;

/** @see DCMI 1.5, section 6.1.1 */
export const getDcmiCapabilitiesInfo = dcmi(
  "Get DCMI Capabilities Info",
  0x01,
  layout({ parameter: named(u8(0), capabilityParameters) }),
  layout({ major: u8(0), minor: u8(1), revision: u8(2), data: rest(3) }),
);

/** Forms of what Get DCMI Capabilities Info answers. @see DCMI 1.5, table 6-3 */
export const dcmiCapabilities = {
  supported: layout({
    hasPowerManagement: flag(1, 0),
    hasSystemInterface: flag(2, 0),
    hasSerial: flag(2, 1),
    hasSecondaryLan: flag(2, 2),
  }),
  mandatoryPlatformAttributes: layout({
    selEntries: wideBits(0, 0, 12),
    /** What happens when the SEL is full: it goes on with the oldest entries, all at once or each. */
    flushesRecords: flag(1, 5),
    flushesAll: flag(1, 6),
    rollsOver: flag(1, 7),
    /** In seconds. */
    temperatureSamplingSeconds: u8(4),
  }),
  optionalPlatformAttributes: layout({
    powerDeviceAddress: bits(0, 1, 7),
    powerDeviceChannel: bits(1, 4, 4),
    powerDeviceRevision: bits(1, 0, 4),
  }),
  /** Channel numbers, FFh where there is none. */
  manageabilityAccess: layout({ primaryLanChannel: u8(0), secondaryLanChannel: u8(1), serialChannel: u8(2) }),
  /** How many averaging periods there are, and each: unit (s, min, h, d) in the upper two bits, number of it in the others. */
  enhancedPowerStatistics: layout({ count: u8(0), periods: rest(1) }),
} as const;

/** @see DCMI 1.5, section 6.6.1 */
export const getPowerReading = dcmi(
  "Get Power Reading",
  0x02,
  layout(
    {
      mode: named(u8(0), { 1: "system", 2: "enhanced" } as const),
      /** With `enhanced`: an averaging period as the capabilities list them. */
      period: u8(1),
    },
    3,
  ),
  layout({
    currentW: u16(0),
    minimumW: u16(2),
    maximumW: u16(4),
    averageW: u16(6),
    /** Seconds, as SEL times are. */
    time: u32(8),
    /** What minimum, maximum and average are about. */
    periodMs: u32(12),
    /** False where power is not measured; then the values say nothing. */
    isActive: flag(16, 6),
  }),
);
export type DcmiPowerReading = Decoded<typeof getPowerReading.reply>;

const limitActions = { 0x00: "none", 0x01: "power-off", 0x11: "log" } as const;

/** @see DCMI 1.5, section 6.6.2 */
export const getPowerLimit = dcmi(
  "Get Power Limit",
  0x03,
  layout({}, 2),
  layout({
    action: named(u8(2), limitActions),
    limitW: u16(3),
    correctionMs: u32(5),
    samplingSeconds: u16(11),
  }),
);
export type DcmiPowerLimit = Decoded<typeof getPowerLimit.reply>;

/** @see DCMI 1.5, section 6.6.3 */
export const setPowerLimit = dcmi(
  "Set Power Limit",
  0x04,
  layout({
    action: named(u8(3), limitActions),
    limitW: u16(4),
    correctionMs: u32(6),
    samplingSeconds: u16(12),
  }),
  empty,
);

/** @see DCMI 1.5, section 6.6.4 */
export const activatePowerLimit = dcmi(
  "Activate/Deactivate Power Limit",
  0x05,
  layout({ isActive: flag(0, 0) }, 3),
  empty,
);

/** The most bytes of a text that are read or written at once. */
export const DCMI_TEXT_PORTION = 16;

const textPart = layout({ offset: u8(0), count: u8(1) });
const textPartReply = layout({
  /** Of the whole text, in bytes. */
  length: u8(0),
  data: rest(1),
});
const textWrite = layout({ offset: u8(0), count: u8(1), data: rest(2) });
const textWriteReply = layout({ length: u8(0) });

/** UTF-8, or Latin-1. @see DCMI 1.5, section 6.4.2 */
export const getAssetTag = dcmi("Get Asset Tag", 0x06, textPart, textPartReply);

/** @see DCMI 1.5, section 6.4.3 */
export const setAssetTag = dcmi("Set Asset Tag", 0x08, textWrite, textWriteReply);

/** ASCII with a zero at its end, which `length` counts. @see DCMI 1.5, section 6.4.6.1 */
export const getManagementControllerIdString = dcmi(
  "Get Management Controller Identifier String",
  0x09,
  textPart,
  textPartReply,
);

/** @see DCMI 1.5, section 6.4.6.2 */
export const setManagementControllerIdString = dcmi(
  "Set Management Controller Identifier String",
  0x0a,
  textWrite,
  textWriteReply,
);

const instances = layout({
  /** 01h for temperature. */
  sensorType: u8(0),
  entityId: u8(1),
  /** 0 for all. */
  entityInstance: u8(2),
  /** With all: the first instance of the portion that is asked for. */
  firstInstance: u8(3),
});

/** Ids of the SDRs of sensors that DCMI prescribes, two bytes each. @see DCMI 1.5, section 6.5.2 */
export const getDcmiSensorInfo = dcmi(
  "Get DCMI Sensor Info",
  0x07,
  instances,
  layout({ total: u8(0), count: u8(1), recordIds: rest(2) }),
);

/** Two bytes for each instance: degrees with the sign in bit 7, and the instance's number. @see DCMI 1.5, section 6.7.3 */
export const getTemperatureReadings = dcmi(
  "Get Temperature Readings",
  0x10,
  instances,
  layout({ total: u8(0), count: u8(1), readings: rest(2) }),
);
