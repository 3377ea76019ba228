import type { FruRecord } from "./multi-records.ts";

/** How a field is stored. `utf-16` is what 8-bit fields of areas in other languages than English hold. */
export type FruEncoding = "binary" | "bcd-plus" | "6-bit-ascii" | "8-bit" | "utf-16";

/** A field's text, without spaces and zeros at its end; hexadecimal digits for `binary`. */
export interface FruField {
  readonly text: string;
  readonly encoding: FruEncoding;
}

/** Parts of an image. */
export type FruArea = "header" | "internal-use" | "chassis" | "board" | "product" | "multi-record";

/** Something that is wrong with an image. */
export interface FruProblem {
  readonly area: FruArea;
  /** Byte of the image. */
  readonly offset: number;
  /** What it is about: `checksum`, `length`. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** Fields that are absent or empty are undefined, in this and the other areas. @see FRU definition 1.0, section 10 */
export interface FruChassis {
  /** SMBIOS number; `chassisTypeName` has the words. */
  readonly type: number;
  readonly partNumber: FruField | undefined;
  readonly serialNumber: FruField | undefined;
  readonly custom: readonly FruField[];
}

/** @see FRU definition 1.0, section 11 */
export interface FruBoard {
  /** Language code, 0 and 25 for English. */
  readonly language: number;
  /** In UTC, to the minute; undefined where it is unspecified. */
  readonly manufacturedAt: Date | undefined;
  readonly manufacturer: FruField | undefined;
  readonly productName: FruField | undefined;
  readonly serialNumber: FruField | undefined;
  readonly partNumber: FruField | undefined;
  readonly fileId: FruField | undefined;
  readonly custom: readonly FruField[];
}

/** @see FRU definition 1.0, section 12 */
export interface FruProduct {
  /** Language code, 0 and 25 for English. */
  readonly language: number;
  readonly manufacturer: FruField | undefined;
  readonly productName: FruField | undefined;
  readonly partNumber: FruField | undefined;
  readonly version: FruField | undefined;
  readonly serialNumber: FruField | undefined;
  readonly assetTag: FruField | undefined;
  readonly fileId: FruField | undefined;
  readonly custom: readonly FruField[];
}

/** What an image says; areas that it does not have, or whose place is unknown, are undefined. */
export interface FruContents {
  /** The manufacturer's own, with the format byte. */
  readonly internalUse: Uint8Array | undefined;
  readonly chassis: FruChassis | undefined;
  readonly board: FruBoard | undefined;
  readonly product: FruProduct | undefined;
  readonly records: readonly FruRecord[];
}

/** What an image says, and what is wrong with it. */
export interface FruInventory extends FruContents {
  /** Empty where all checksums agree and everything is in its place. */
  readonly problems: readonly FruProblem[];
}
