import type { Clock } from "../../lib/clock.ts";
import { archivesOf, headPath } from "./file-names.ts";
import { ChainWalker } from "./chain-walker.ts";
import { whileNobodyWrites } from "./head.ts";
import { readLines } from "./line-reader.ts";
import { openPrivateFile } from "./private-file.ts";
import type { AuditLine, ChainEnd } from "./record.ts";

/** So much of a file's end is looked at: thousands of lines, and no act takes longer than they do. */
const WINDOW_BYTES = 2_097_152;

/**
 * Acts of which the trail knows the intent and not the outcome. Looks at the end of the file that is written, and of the one before.
 *
 * @throws AuditLockError, FileLockError, what node:fs throws
 */
export const findUnfinished = (path: string, clock: Clock): Promise<readonly AuditLine[]> =>
  whileNobodyWrites(headPath(path), clock, (head) => unfinishedIn(path, head));

async function unfinishedIn(path: string, head: ChainEnd | undefined): Promise<readonly AuditLine[]> {
  const open = new Map<number, AuditLine>();
  for (const name of [...(await archivesOf(path)).slice(-1), path]) {
    const file = await openPrivateFile(name, "append");
    if (!file) continue;
    try {
      // What stands in a damaged place was never told to anyone, and nothing was done.
      const { size } = await file.stat();
      const start = Math.max(0, size - WINDOW_BYTES);
      const walker = new ChainWalker({ isInMiddle: start > 0, known: head });
      for await (const raw of readLines(file, start, size)) {
        const line = walker.take(raw);
        if (line) note(open, line);
      }
    } finally {
      await file.close();
    }
  }
  return [...open.values()];
}

function note(open: Map<number, AuditLine>, line: AuditLine): void {
  const { phase, intent } = line.members;
  if (phase === "intent") open.set(line.seq, line);
  if (phase === "outcome" && typeof intent === "number") open.delete(intent);
}
