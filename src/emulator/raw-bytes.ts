import { checksum } from "../bus/frame.ts";

/** Stands for the sequence number of the command being answered. */
const SEQUENCE = 999;
/** With an offset added, stands for the checksum over the bytes from that offset up to where it stands. */
const CHECKSUM_FROM = 1000;
const MAX_BYTE = 0xff;

/** Bytes as a board file spells them: 0–255, and numbers that stand for what is known only when they are sent. */
export type RawBytes = readonly number[];

/** True where the value may stand at offset `at` of raw bytes. */
export const isRawByte = (value: unknown, at: number): value is number =>
  Number.isInteger(value) &&
  typeof value === "number" &&
  ((value >= 0 && value <= MAX_BYTE) || value === SEQUENCE || (value >= CHECKSUM_FROM && value <= CHECKSUM_FROM + at));

/** What may stand at offset `at`, in words. */
export const rawByteExpected = (at: number): string =>
  `a byte from 0 to ${MAX_BYTE}, ${SEQUENCE} for the sequence number, or ${CHECKSUM_FROM} to ${CHECKSUM_FROM + at} for the checksum from that offset on`;

/** The bytes to send in answer to a command with this sequence number. */
export function resolveRawBytes(values: RawBytes, sequence: number): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (const [at, value] of values.entries()) {
    if (value === SEQUENCE) bytes[at] = sequence;
    else bytes[at] = value >= CHECKSUM_FROM ? checksum(bytes, value - CHECKSUM_FROM, at) : value;
  }
  return bytes;
}
