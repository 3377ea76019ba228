/** Locks on open files, which end with the process that holds them, however it ends. */
import { bindLibc } from "./libc.ts";

/** Who else may hold the lock: nobody, or others that share it. */
export type LockMode = "exclusive" | "shared";

/** @see Linux include/uapi/asm-generic/fcntl.h */
const LOCK = { shared: 1, exclusive: 2, nonBlocking: 4, unlock: 8 } as const;
/** @see Linux include/uapi/asm-generic/errno-base.h; the same on every architecture that this runs on */
const EWOULDBLOCK = 11;

/** Why a file could not be locked, other than that somebody else has it. */
class FileLockError extends Error {
  override readonly name = "FileLockError";
  readonly code = "no-file-lock";
}

/** `flock(2)` as the kernel gives it: 0, or the negated error number. */
function bindFlock() {
  const { calls, orErrno } = bindLibc({ flock: { args: ["i32", "i32"], returns: "i32" } });
  return (fd: number, operation: number): number => orErrno(calls.flock(fd, operation));
}

let bound: ReturnType<typeof bindFlock> | undefined;

/** Locks an open file without waiting; false where somebody else holds a lock on it. @throws FileLockError, LibcError */
export function tryLock(fd: number, mode: LockMode): boolean {
  bound ??= bindFlock();
  const result = bound(fd, LOCK[mode] | LOCK.nonBlocking);
  if (result === -EWOULDBLOCK) return false;
  if (result < 0) throw new FileLockError(`the file could not be locked (errno ${-result})`);
  return true;
}

/** Gives a lock back. */
export function unlock(fd: number): void {
  bound?.(fd, LOCK.unlock);
}
