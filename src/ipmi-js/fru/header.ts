import { layout, u8 } from "../bytes/layout.ts";

/** Areas begin and end at multiples of this. */
export const UNIT = 8;

/** Offsets are in units of eight bytes, 0 for areas that are not there. @see FRU definition 1.0, section 8 */
export const fruHeader = layout({
  version: u8(0),
  internalUse: u8(1),
  chassis: u8(2),
  board: u8(3),
  product: u8(4),
  multiRecord: u8(5),
  pad: u8(6),
  checksum: u8(7),
});

export const HEADER_SIZE = 8;
export const FORMAT_VERSION = 1;

/** Before each record: type, end of list and version, length, checksum of the record, checksum of these five bytes. */
export const RECORD_HEADER_SIZE = 5;
export const LAST_RECORD_BIT = 0x80;

/**
 * How many bytes of an image matter, as far as its first `known` bytes tell: to be asked again when so many are there, until it
 * is no more than `known`. Never more than `sizeBytes`.
 */
export function neededBytes(image: Uint8Array, known: number, sizeBytes: number): number {
  const within = (end: number) => Math.min(end, sizeBytes);
  if (known < HEADER_SIZE) return within(HEADER_SIZE);
  const header = fruHeader.decode(image);
  let needed = HEADER_SIZE;
  for (const offset of [header.chassis, header.board, header.product]) {
    const start = offset * UNIT;
    if (start === 0) continue;
    needed = Math.max(needed, start + 2 > known ? start + 2 : start + image[start + 1]! * UNIT);
  }
  if (header.internalUse !== 0) needed = Math.max(needed, internalUseEnd(image, sizeBytes));
  return within(Math.max(needed, recordsEnd(image, known, header.multiRecord * UNIT)));
}

/** Where the internal use area ends, which does not say it: at the next one, or with the image. */
export function internalUseEnd(image: Uint8Array, sizeBytes: number): number {
  const { internalUse, chassis, board, product, multiRecord } = fruHeader.decode(image);
  const later = [chassis, board, product, multiRecord].filter((offset) => offset > internalUse);
  return Math.min(sizeBytes, ...later.map((offset) => offset * UNIT));
}

/** Where the multi-records end, or the next header of theirs where that is not known yet. */
function recordsEnd(image: Uint8Array, known: number, start: number): number {
  let at = start;
  while (at !== 0) {
    const bodyAt = at + RECORD_HEADER_SIZE;
    if (bodyAt > known) return bodyAt;
    const end = bodyAt + image[at + 2]!;
    if ((image[at + 1]! & LAST_RECORD_BIT) !== 0) return end;
    at = end;
  }
  return 0;
}
