import { constants } from "node:fs";
import { mkdir, open, stat, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Gives what root has made in a folder to whom that belongs: the service could not write it otherwise. Of others than root it is theirs already. */
export async function giveToOwnerOf(folder: string, made: FileHandle): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  if (uid !== 0) await made.chown(uid, gid);
}

/**
 * Makes a folder, and those above it that are not there, for the owner of the one that they come into. All of them are on the disk when this
 * resolves.
 *
 * @throws what node:fs throws
 */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o750 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let made = resolve(path); made !== top; made = dirname(made)) {
    // Nobody has put a link in its place.
    await withFolder(made, constants.O_NOFOLLOW, (folder) => giveToOwnerOf(top, folder));
    await syncFolder(dirname(made));
  }
}

/** Has the names in a folder written to the disk. */
export const syncFolder = (path: string): Promise<void> => withFolder(path, 0, (folder) => folder.sync());

async function withFolder(path: string, flags: number, action: (folder: FileHandle) => Promise<void>): Promise<void> {
  const folder = await open(path, constants.O_DIRECTORY | flags);
  try {
    await action(folder);
  } finally {
    await folder.close();
  }
}
