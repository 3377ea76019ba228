import { hexBytes } from "../bytes/hex.ts";
import { bits, bytesAt, flag, layout, LengthError, u16, u24, u32, u8, type Decoded } from "../bytes/layout.ts";
import { IpmiError } from "../errors.ts";

/** Bytes of every entry. @see IPMI 2.0, section 32 */
export const SEL_ENTRY_SIZE = 16;

const SYSTEM_EVENT = 0x02;
const FIRST_OEM_TIMESTAMPED = 0xc0;
const FIRST_OEM = 0xe0;

const place = { recordId: u16(0), recordType: u8(2) } as const;

/** @see IPMI 2.0, table 32-1 */
const systemEventLayout = layout(
  {
    ...place,
    /** Seconds; `selTime` tells since when. */
    timestamp: u32(3),
    /** Slave address of 8 bits, the lowest clear; or a software id of 7 bits and the lowest set. */
    generatorId: u8(7),
    /** Of the bus that a controller's event came over; 0 for software. */
    channel: bits(8, 4, 4),
    lun: bits(8, 0, 2),
    /** 04h for IPMI 1.5 and 2.0, 03h for 1.0. */
    formatVersion: u8(9),
    sensorType: u8(10),
    sensorNumber: u8(11),
    isDeassertion: flag(12, 7),
    eventType: bits(12, 0, 7),
    /** What the other two bytes of event data are: bits 7:6 for the second, 5:4 for the third. */
    data2Use: bits(13, 6, 2),
    data3Use: bits(13, 4, 2),
    /** Of the event or state, in the table of the event type. */
    offset: bits(13, 0, 4),
    eventData2: u8(14),
    eventData3: u8(15),
  },
  SEL_ENTRY_SIZE,
);

/** @see IPMI 2.0, table 32-2 */
const oemTimestampedLayout = layout({
  ...place,
  timestamp: u32(3),
  /** IANA enterprise number. */
  manufacturerId: u24(7),
  data: bytesAt(10, 6),
});

/** @see IPMI 2.0, table 32-3, whose form entries of reserved types are given, too */
const untimedLayout = layout({ ...place, data: bytesAt(3, 13) });

export interface SystemEventEntry extends Decoded<typeof systemEventLayout> {
  readonly kind: "system-event";
}
/** Record types C0h–DFh. */
export interface OemTimestampedEntry extends Decoded<typeof oemTimestampedLayout> {
  readonly kind: "oem-timestamped";
}
/** Record types E0h–FFh. */
export interface OemEntry extends Decoded<typeof untimedLayout> {
  readonly kind: "oem";
}
/** An entry of a type that the specification has reserved. */
export interface ReservedEntry extends Decoded<typeof untimedLayout> {
  readonly kind: "reserved";
}

/** An entry of the System Event Log. */
export type SelEntry = SystemEventEntry | OemTimestampedEntry | OemEntry | ReservedEntry;

function decodeFields(bytes: Uint8Array): SelEntry {
  const { recordType } = untimedLayout.decode(bytes);
  if (recordType === SYSTEM_EVENT) return { kind: "system-event", ...systemEventLayout.decode(bytes) };
  if (recordType < FIRST_OEM_TIMESTAMPED) return { kind: "reserved", ...untimedLayout.decode(bytes) };
  if (recordType < FIRST_OEM) return { kind: "oem-timestamped", ...oemTimestampedLayout.decode(bytes) };
  return { kind: "oem", ...untimedLayout.decode(bytes) };
}

/**
 * An entry of 16 bytes, as Get SEL Entry answers it. More bytes are ignored.
 * @throws IpmiError "damaged-data" where bytes are missing
 */
export function decodeSelEntry(bytes: Uint8Array): SelEntry {
  try {
    return decodeFields(bytes);
  } catch (error) {
    if (!(error instanceof LengthError)) throw error;
    throw new IpmiError(
      "damaged-data",
      `A SEL entry has ${SEL_ENTRY_SIZE} bytes, this one ${bytes.length}`,
      { expected: `${SEL_ENTRY_SIZE} bytes`, received: hexBytes(bytes) },
      { cause: error },
    );
  }
}

/** An entry's 16 bytes. @throws RangeError for values that do not fit, or a type of another kind */
export function encodeSelEntry(entry: SelEntry): Uint8Array {
  const bytes = encodeFields(entry);
  if (decodeFields(bytes).kind !== entry.kind)
    throw new RangeError(`Record type ${entry.recordType} is none of an entry of kind "${entry.kind}"`);
  return bytes;
}

function encodeFields(entry: SelEntry): Uint8Array {
  switch (entry.kind) {
    case "system-event":
      return systemEventLayout.encode(entry);
    case "oem-timestamped":
      return oemTimestampedLayout.encode(entry);
    case "oem":
    case "reserved":
      return untimedLayout.encode(entry);
  }
}
