import { constants } from "node:fs";
import { lstat, open, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "./clock.ts";
import { tryLock, type LockMode } from "./file-lock.ts";
import { giveToOwnerOf } from "./folder.ts";

/** Another process has it, and does not let go. */
class LockedError extends Error {
  override readonly name = "LockedError";
  readonly code = "locked";
}

/** For so long others are waited for: what they do takes milliseconds. */
const LIMIT_MS = 5000;
/** How far apart the tries are. */
const PAUSE_MS = 5;

/** Waits until nobody else has an open file locked; false where somebody still has after `limitMs`. @throws FileLockError */
export async function lockWithin(limitMs: number, file: FileHandle, mode: LockMode, clock: Clock): Promise<boolean> {
  const giveUpAtMs = clock.monotonicMs() + limitMs;
  while (!tryLock(file.fd, mode)) {
    if (clock.monotonicMs() >= giveUpAtMs) return false;
    await new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve));
  }
  return true;
}

/** True where a path still leads to an open file. */
export async function isStillAt(path: string, file: FileHandle): Promise<boolean> {
  const [here, there] = await Promise.all([file.stat(), lstat(path).catch(() => undefined)]);
  return there !== undefined && here.dev === there.dev && here.ino === there.ino;
}

/**
 * Does something while nobody else, in this process or another, does the same under the same lock: a file that is locked as long as that takes, and
 * then taken away. The kernel ends the lock with the process that has it: a file that was left behind locks nobody out.
 *
 * @throws LockedError where another one has it for five seconds, FileLockError, what the action throws, and what node:fs throws
 */
export async function withLock<T>(path: string, clock: Clock, action: () => Promise<T>): Promise<T> {
  for (;;) {
    const file = await openLock(path);
    try {
      if (!(await lockWithin(LIMIT_MS, file, "exclusive", clock)))
        throw new LockedError(`${path}: another process has it locked (fuser ${path}); try again when it has ended`);
      // Who had it before has taken it away: others lock the one that is there now.
      if (!(await isStillAt(path, file))) continue;
      try {
        return await action();
      } finally {
        await rm(path, { force: true });
      }
    } finally {
      await file.close();
    }
  }
}

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

const hasCode = (error: unknown, code: string) => error instanceof Error && "code" in error && error.code === code;

/** Opens the file, or makes it, for the owner of its folder. One that is there already is given to nobody: it may be a link to any other. */
async function openLock(path: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await makeLock(path);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    try {
      return await open(path, O_RDWR | O_NOFOLLOW);
    } catch (error) {
      // Who had it has just taken it away.
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
}

async function makeLock(path: string): Promise<FileHandle> {
  const file = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await giveToOwnerOf(dirname(path), file);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
