import { open, type FileHandle } from "node:fs/promises";
import type { Clock } from "../../lib/clock.ts";
import { archivesOf, headPath } from "./file-names.ts";
import { whileNobodyWrites } from "./head.ts";
import { hasCode } from "./private-file.ts";
import type { ChainEnd } from "./record.ts";

/** A file of a trail, and how long it was at one moment. */
export interface SnapshotFile {
  readonly path: string;
  readonly file: FileHandle;
  readonly size: number;
}

/** Files of a trail as they were at one moment, the oldest first: a server may go on writing. */
export interface Snapshot extends AsyncDisposable {
  readonly files: readonly SnapshotFile[];
  /** How far the trail goes, as its head says; undefined where that is not known. */
  readonly head: ChainEnd | undefined;
}

/** Opens files in the order in which they were written. @throws what node:fs throws */
export async function openFiles(paths: readonly string[], head?: ChainEnd): Promise<Snapshot> {
  await using opened = new AsyncDisposableStack();
  const files: SnapshotFile[] = [];
  for (const path of paths) {
    const file = await open(path, "r");
    opened.defer(() => file.close());
    files.push({ path, file, size: (await file.stat()).size });
  }
  const kept = opened.move();
  return { files, head, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Opens a whole trail: what has been put aside, and what is written. @throws AuditLockError, what node:fs throws */
export const openSnapshot = (path: string, clock: Clock): Promise<Snapshot> =>
  whileNobodyWrites(headPath(path), clock, async (head) => {
    const archives = await archivesOf(path);
    try {
      return await openFiles([...archives, path], head);
    } catch (error) {
      // After a power cut in the moment between the end of one file and the beginning of the next.
      if (!hasCode(error, "ENOENT") || archives.length === 0) throw error;
      return openFiles(archives, head);
    }
  });
