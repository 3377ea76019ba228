import { open, type FileHandle } from "node:fs/promises";
import type { Clock } from "../../lib/clock.ts";
import { unlock, type LockMode } from "../../lib/file-lock.ts";
import { isStillAt, lockWithin } from "../../lib/lock-file.ts";
import { hasCode, makePrivateFile, openPrivateFile } from "./private-file.ts";
import type { ChainEnd } from "./record.ts";

/** Another process is given up on after this long; it needs the lock for milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;

/** Somebody holds the lock and does not give it back. */
class AuditLockError extends Error {
  override readonly name = "AuditLockError";
  readonly code = "audit-locked";
}

const form = /^(?<seq>\d{16}) (?<hash>[0-9a-f]{64})\n/;
const LENGTH = 16 + 1 + 64 + 1;

/**
 * A small file beside the trail with the number and the hash of its last line, which shows when the end of the trail is missing.
 * It is written after the trail, in place, and not flushed: after a power cut it may be behind, but never ahead. Who writes the trail
 * holds a lock on it.
 */
export class AuditHead {
  readonly #path: string;
  readonly #clock: Clock;
  #file: FileHandle | undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Waits until no other process writes the trail. @throws AuditLockError, FileLockError, what node:fs throws */
  async lock(): Promise<AsyncDisposable> {
    for (;;) {
      const file = await this.#open();
      await untilLocked(file, "exclusive", this.#path, this.#clock);
      if (await isStillAt(this.#path, file)) return { [Symbol.asyncDispose]: async () => unlock(file.fd) };
      // Somebody has deleted it: others lock the one that is there now.
      await this.close();
    }
  }

  /** What it says; undefined where it says nothing, or nothing that can be used. */
  async read(): Promise<ChainEnd | undefined> {
    return readHead(await this.#open());
  }

  async write({ seq, hash }: ChainEnd): Promise<void> {
    const file = await this.#open();
    await file.write(Buffer.from(`${String(seq).padStart(16, "0")} ${hash}\n`), 0, LENGTH, 0);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #open(): Promise<FileHandle> {
    while (!this.#file) {
      this.#file = (await openPrivateFile(this.#path, "update")) ?? (await makePrivateFile(this.#path, "update"));
    }
    return this.#file;
  }
}

/** Waits until nobody else has the file locked. @throws AuditLockError, FileLockError */
async function untilLocked(file: FileHandle, mode: LockMode, path: string, clock: Clock): Promise<void> {
  if (await lockWithin(LOCK_TIMEOUT_MS, file, mode, clock)) return;
  throw new AuditLockError(`another process has had ${path} locked for ${LOCK_TIMEOUT_MS / 1000} s`);
}

async function readHead(file: FileHandle): Promise<ChainEnd | undefined> {
  const bytes = Buffer.alloc(LENGTH);
  const { bytesRead } = await file.read(bytes, 0, LENGTH, 0);
  const { seq, hash } = form.exec(bytes.toString("latin1", 0, bytesRead))?.groups ?? {};
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}

/**
 * Does something while nobody writes the trail, with what its head says; where there is no head, without waiting.
 *
 * @throws AuditLockError, FileLockError, what node:fs throws
 */
export async function whileNobodyWrites<T>(
  path: string,
  clock: Clock,
  action: (head: ChainEnd | undefined) => Promise<T>,
): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return action(undefined);
    throw error;
  }
  try {
    await untilLocked(file, "shared", path, clock);
    return await action(await readHead(file));
  } finally {
    unlock(file.fd);
    await file.close();
  }
}
