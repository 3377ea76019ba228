import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { giveToOwnerOf, makeFolder, syncFolder } from "../../lib/folder.ts";

const { O_RDWR, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW } = constants;

/** True for an error of the system with this code: `ENOENT`. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

/**
 * Opens a file that only its owner may read, undefined where it is not there. No symbolic link is followed: root may open what somebody
 * else could have put there.
 */
export async function openPrivateFile(path: string, mode: "append" | "update"): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, O_RDWR | O_NOFOLLOW | (mode === "append" ? O_APPEND : 0));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new NoFileError(`${path} is no plain file`);
}

/** A path that leads to a device, a pipe or the like. */
class NoFileError extends Error {
  override readonly name = "NoFileError";
  readonly code = "no-file";
}

/** Makes a file that only its owner may read, on the disk when this resolves; undefined where it is there already. */
export async function makePrivateFile(path: string, mode: "append" | "update"): Promise<FileHandle | undefined> {
  await makeFolder(dirname(path));
  const flags = O_RDWR | O_NOFOLLOW | O_CREAT | O_EXCL | (mode === "append" ? O_APPEND : 0);
  let file: FileHandle;
  try {
    file = await open(path, flags, 0o600);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return undefined;
    throw error;
  }
  try {
    await giveToOwnerOf(dirname(path), file);
    await syncFolder(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
