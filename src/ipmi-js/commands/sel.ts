import { bits, bytesAt, empty, flag, layout, named, rest, u16, u32, u8, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { once, repeatable } from "./define.ts";
import { s16, text, version } from "./fields.ts";
import { allocationInfo } from "./sdr.ts";

/** @see IPMI 2.0, section 31.2 */
export const getSelInfo = repeatable(
  "Get SEL Info",
  netFns.storage,
  0x40,
  empty,
  layout({
    version: version(u8(0)),
    entries: u16(1),
    /** FFFFh for 65535 or more. */
    freeBytes: u16(3),
    /** Seconds, as SEL times are; FFFFFFFFh where nothing was added since the log was set up. */
    lastAddition: u32(5),
    lastErase: u32(9),
    hasOverflowed: flag(13, 7),
    canDelete: flag(13, 3),
    canAddPartially: flag(13, 2),
    canReserve: flag(13, 1),
    canTellAllocation: flag(13, 0),
  }),
);
export type SelInfo = Decoded<typeof getSelInfo.reply>;

/** @see IPMI 2.0, section 31.3 */
export const getSelAllocationInfo = repeatable("Get SEL Allocation Info", netFns.storage, 0x41, empty, allocationInfo);

/** @see IPMI 2.0, section 31.4 */
export const reserveSel = repeatable("Reserve SEL", netFns.storage, 0x42, empty, layout({ reservation: u16(0) }));

/** @see IPMI 2.0, section 31.5 */
export const getSelEntry = repeatable(
  "Get SEL Entry",
  netFns.storage,
  0x43,
  layout({
    /** 0 for reads of entire entries. */
    reservation: u16(0),
    /** 0000h for the first, FFFFh for the last. */
    recordId: u16(2),
    offset: u8(4),
    /** FFh for the rest of the entry. */
    count: u8(5),
  }),
  layout({ nextRecordId: u16(0), data: rest(2) }),
);

/** The record's id and time stamp are the BMC's. @see IPMI 2.0, section 31.6 */
export const addSelEntry = once(
  "Add SEL Entry",
  netFns.storage,
  0x44,
  layout({ record: bytesAt(0, 16) }),
  layout({ recordId: u16(0) }),
);

/** @see IPMI 2.0, section 31.8 */
export const deleteSelEntry = once(
  "Delete SEL Entry",
  netFns.storage,
  0x46,
  layout({ reservation: u16(0), recordId: u16(2) }),
  layout({ recordId: u16(0) }),
);

/** What must stand in a Clear SEL request. */
export const CLEAR_SEL_MARK = "CLR";

/**
 * `initiate` begins to erase, `get-status` asks how far it is.
 *
 * @see IPMI 2.0, section 31.9
 */
export const clearSel = once(
  "Clear SEL",
  netFns.storage,
  0x47,
  layout({
    reservation: u16(0),
    /** `CLEAR_SEL_MARK` */
    mark: text(2, 3),
    operation: named(u8(5), { 0x00: "get-status", 0xaa: "initiate" } as const),
  }),
  layout({ progress: named(bits(0, 0, 4), ["in-progress", "completed"] as const) }),
);

const time = layout({
  /** Seconds since 1970; below 20000000h since the BMC started; FFFFFFFFh for unknown. Section 37. */
  time: u32(0),
});

/** @see IPMI 2.0, section 31.10 */
export const getSelTime = repeatable("Get SEL Time", netFns.storage, 0x48, empty, time);

/** @see IPMI 2.0, section 31.11 */
export const setSelTime = repeatable("Set SEL Time", netFns.storage, 0x49, time, empty);

const utcOffset = layout({
  /** -1440 to 1440; 7FFFh (32767) for unspecified. */
  minutes: s16(0),
});

/** @see IPMI 2.0, section 31.11a */
export const getSelTimeUtcOffset = repeatable("Get SEL Time UTC Offset", netFns.storage, 0x5c, empty, utcOffset);

/** @see IPMI 2.0, section 31.11b */
export const setSelTimeUtcOffset = repeatable("Set SEL Time UTC Offset", netFns.storage, 0x5d, utcOffset, empty);
