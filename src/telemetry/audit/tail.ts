import type { FileHandle } from "node:fs/promises";
import { ChainWalker } from "./chain-walker.ts";
import { readLines } from "./line-reader.ts";
import type { ChainEnd } from "./record.ts";

/**
 * So much of a file's end is looked at. All that is written at once is much less, and what was written before that is on the disk: only
 * the end can be torn.
 */
const WINDOW_BYTES = 2_097_152;

/** Looks at the end of a file of `size` bytes: where the chain ends in it, and what comes after that. `known` is a line that was written. */
export async function walkTail(file: FileHandle, size: number, known?: ChainEnd): Promise<ChainWalker> {
  for (let window = WINDOW_BYTES; ; window *= 4) {
    const start = Math.max(0, size - window);
    const walker = new ChainWalker({ isInMiddle: start > 0, known });
    for await (const line of readLines(file, start, size)) walker.take(line);
    if (walker.last || start === 0) return walker;
  }
}
