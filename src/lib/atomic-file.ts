import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { giveToOwnerOf, makeFolder, syncFolder } from "./folder.ts";

/**
 * Replaces a file, or makes it: writes the whole new one beside it, flushes that, and puts it in its place. Whoever reads, even after a
 * power cut, finds the one or the other. Its folder is made where it is not there. Of two at once for the same path, one may fail: let
 * callers queue.
 *
 * @param mode the permission bits: `0o640`
 * @throws what node:fs throws; the old file is then as it was
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const directory = dirname(path);
  await makeFolder(directory);
  // Always of the same name: what a power cut leaves is overwritten.
  const temporary = `${path}.tmp`;
  try {
    await writeThrough(temporary, text, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(directory);
}

async function writeThrough(path: string, text: string, mode: number): Promise<void> {
  // One that is left over may have other rights.
  await rm(path, { force: true });
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await giveToOwnerOf(dirname(path), file);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}
