import type { FileHandle } from "node:fs/promises";

/** A line as it stands in a file. */
export interface RawLine {
  /** With its end, where it has one. */
  readonly bytes: Uint8Array;
  /** Where it begins. */
  readonly offset: number;
  /** False for the rest of a file that ends in the middle of a line, and for pieces of a line that is longer than any of ours. */
  readonly isWhole: boolean;
}

/** A server has other things to do between two of these. */
const CHUNK_BYTES = 65_536;
/** Far more than the longest line that is written. Longer ones come in pieces, so that no file fills the memory. */
const LONGEST_LINE_BYTES = 65_536;
const NEWLINE = 0x0a;

/** The lines of a file from `start` to `end`, whatever they are. */
export async function* readLines(file: FileHandle, start: number, end: number): AsyncGenerator<RawLine> {
  let offset = start;
  let position = start;
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array();
  while (position < end) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const data = joined(rest, chunk.subarray(0, bytesRead));
    let at = 0;
    for (;;) {
      const newline = data.indexOf(NEWLINE, at);
      const length = (newline === -1 ? data.length : newline + 1) - at;
      const isTooLong = length > LONGEST_LINE_BYTES;
      if (newline === -1 && !isTooLong) break;
      const bytes = data.subarray(at, at + Math.min(length, LONGEST_LINE_BYTES));
      yield { bytes, offset, isWhole: !isTooLong };
      at += bytes.length;
      offset += bytes.length;
    }
    rest = data.subarray(at);
  }
  if (rest.length > 0) yield { bytes: rest, offset, isWhole: false };
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (a.length === 0) return b;
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
