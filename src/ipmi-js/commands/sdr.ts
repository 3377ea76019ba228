import { bits, empty, flag, layout, named, optional, rest, u16, u32, u8, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { repeatable } from "./define.ts";
import { version } from "./fields.ts";

/** The id with which reading begins, and the one that follows the last record. */
export const FIRST_RECORD = 0x0000;
export const LAST_RECORD = 0xffff;

/** A count that reads the rest of a record. */
export const ENTIRE_RECORD = 0xff;

const updateModes = { 0: "unspecified", 1: "non-modal", 2: "modal", 3: "both" } as const;

/** @see IPMI 2.0, section 33.9 */
export const getSdrRepositoryInfo = repeatable(
  "Get SDR Repository Info",
  netFns.storage,
  0x20,
  empty,
  layout({
    version: version(u8(0)),
    records: u16(1),
    /** FFFFh where it is unknown, FFFEh for that or more. */
    freeBytes: u16(3),
    /** Seconds, as SEL times are. */
    lastAddition: u32(5),
    lastErase: u32(9),
    hasOverflowed: flag(13, 7),
    updateMode: named(bits(13, 5, 2), updateModes),
    canDelete: flag(13, 3),
    canAddPartially: flag(13, 2),
    canReserve: flag(13, 1),
    canTellAllocation: flag(13, 0),
  }),
);
export type SdrRepositoryInfo = Decoded<typeof getSdrRepositoryInfo.reply>;

/** @see IPMI 2.0, sections 33.10 and 31.3 */
export const allocationInfo = layout({
  /** 0 for unspecified, as the others. */
  units: u16(0),
  unitBytes: u16(2),
  freeUnits: u16(4),
  largestFreeUnits: u16(6),
  largestRecordUnits: u8(8),
});

/** @see IPMI 2.0, section 33.10 */
export const getSdrRepositoryAllocationInfo = repeatable(
  "Get SDR Repository Allocation Info",
  netFns.storage,
  0x21,
  empty,
  allocationInfo,
);

const reservation = layout({ reservation: u16(0) });

/** @see IPMI 2.0, section 33.11 */
export const reserveSdrRepository = repeatable("Reserve SDR Repository", netFns.storage, 0x22, empty, reservation);

const part = layout({
  /** 0 where no reservation was made: then only reads of entire records from offset 0 are sure to be answered. */
  reservation: u16(0),
  recordId: u16(2),
  offset: u8(4),
  /** FFh for the rest of the record. */
  count: u8(5),
});

/** What Get SDR and Get Device SDR answer. `data` may be more than was asked for. */
const recordPart = layout({ nextRecordId: u16(0), data: rest(2) });

/** @see IPMI 2.0, section 33.12 */
export const getSdr = repeatable("Get SDR", netFns.storage, 0x23, part, recordPart);

/** Seconds, as SEL times are. @see IPMI 2.0, section 33.17 */
export const getSdrRepositoryTime = repeatable(
  "Get SDR Repository Time",
  netFns.storage,
  0x28,
  empty,
  layout({ time: u32(0) }),
);

/** Of the LUN that is asked. @see IPMI 2.0, section 35.2 */
export const getDeviceSdrInfo = repeatable(
  "Get Device SDR Info",
  netFns.sensorEvent,
  0x20,
  layout({
    /** True to count SDRs, false (or absent) for sensors. */
    countsSdrs: optional(flag(0, 0)),
  }),
  layout({
    count: u8(0),
    hasLun0Sensors: flag(1, 0),
    hasLun1Sensors: flag(1, 1),
    hasLun2Sensors: flag(1, 2),
    hasLun3Sensors: flag(1, 3),
    /** True where sensors come and go; then `populationChange` is another whenever they do. */
    isDynamic: flag(1, 7),
    populationChange: optional(u32(2)),
  }),
);
export type DeviceSdrInfo = Decoded<typeof getDeviceSdrInfo.reply>;

/** @see IPMI 2.0, section 35.3 */
export const getDeviceSdr = repeatable("Get Device SDR", netFns.sensorEvent, 0x21, part, recordPart);

/** @see IPMI 2.0, section 35.4 */
export const reserveDeviceSdrRepository = repeatable(
  "Reserve Device SDR Repository",
  netFns.sensorEvent,
  0x22,
  empty,
  reservation,
);
