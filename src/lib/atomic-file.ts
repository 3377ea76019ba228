import { mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** To whom a file is given; only root can do that. */
interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Who may read a file, and whose it is. */
export interface FileAccess {
  /** Permission bits: `0o640`. */
  readonly mode: number;
  readonly owner?: FileOwner | undefined;
}

/** To whom root gives what it makes in a folder: the service, whose folder it is, could not write it otherwise. Undefined for others than root. */
export async function ownerFor(directory: string): Promise<FileOwner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = await stat(directory);
  return uid === 0 ? undefined : { uid, gid };
}

/**
 * Replaces a file, or makes it: writes the whole new one beside it, flushes that, and puts it in its place. Whoever reads, even after a
 * power cut, finds the one or the other. Its folder is made where it is not there. Of two at once for the same path, one may fail: let
 * callers queue.
 *
 * @throws what node:fs throws; the old file is then as it was
 */
export async function replaceFile(path: string, text: string, access: FileAccess): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o750 });
  // Always of the same name: what a power cut leaves is overwritten.
  const temporary = `${path}.tmp`;
  try {
    await writeThrough(temporary, text, access);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const opened = await open(directory, "r");
  await closing(opened, () => opened.sync());
}

async function writeThrough(path: string, text: string, { mode, owner }: FileAccess): Promise<void> {
  // One that is left over may have other rights.
  await rm(path, { force: true });
  const file = await open(path, "wx", mode);
  await closing(file, async () => {
    await file.writeFile(text);
    if (owner) await file.chown(owner.uid, owner.gid);
    await file.chmod(mode);
    await file.sync();
  });
}

async function closing(file: FileHandle, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } finally {
    await file.close();
  }
}
