import { flag, layout, rest, u16, u8, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { repeatable } from "./define.ts";

/** @see IPMI 2.0, section 34.1 */
export const getFruInventoryAreaInfo = repeatable(
  "Get FRU Inventory Area Info",
  netFns.storage,
  0x10,
  layout({ fru: u8(0) }),
  layout({
    sizeBytes: u16(0),
    /** True where Read and Write FRU Data count in words of two bytes; `sizeBytes` is in bytes all the same. */
    isByWords: flag(2, 0),
  }),
);
export type FruInventoryAreaInfo = Decoded<typeof getFruInventoryAreaInfo.reply>;

/** Offset and counts are in words where the device is accessed by words. @see IPMI 2.0, section 34.2 */
export const readFruData = repeatable(
  "Read FRU Data",
  netFns.storage,
  0x11,
  layout({ fru: u8(0), offset: u16(1), count: u8(3) }),
  layout({ count: u8(0), data: rest(1) }),
);

/** @see IPMI 2.0, section 34.3 */
export const writeFruData = repeatable(
  "Write FRU Data",
  netFns.storage,
  0x12,
  layout({ fru: u8(0), offset: u16(1), data: rest(3) }),
  layout({ count: u8(0) }),
);
