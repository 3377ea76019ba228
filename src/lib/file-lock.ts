/** Locks on open files, which end with the process that holds them, however it ends. The only file of lib that needs Bun. */

/** Who else may hold the lock: nobody, or others that share it. */
export type LockMode = "exclusive" | "shared";

/** @see Linux include/uapi/asm-generic/fcntl.h */
const LOCK = { shared: 1, exclusive: 2, nonBlocking: 4, unlock: 8 } as const;
/** @see Linux include/uapi/asm-generic/errno-base.h; the same on every architecture that this runs on */
const EWOULDBLOCK = 11;

type Ffi = typeof import("bun:ffi");

const isFfi = (module: object | undefined): module is Ffi =>
  module !== undefined && "dlopen" in module && "read" in module;

/** The C libraries of glibc and of musl systems. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Why a file could not be locked, other than that somebody else has it. */
class FileLockError extends Error {
  override readonly name = "FileLockError";
  readonly code = "no-file-lock";
}

type Flock = (fd: number, operation: number) => number;

/** `flock(2)` as the kernel gives it: 0, or the negated error number. */
function bindFlock(): Flock {
  const ffi = process.getBuiltinModule("bun:ffi");
  if (!isFfi(ffi)) throw new FileLockError("files cannot be locked without bun:ffi");
  const causes: unknown[] = [];
  for (const library of libraries) {
    try {
      const { flock, __errno_location: errnoLocation } = ffi.dlopen(library, {
        flock: { args: ["i32", "i32"], returns: "i32" },
        __errno_location: { args: [], returns: "ptr" },
      }).symbols;
      const errno = errnoLocation();
      if (errno === null) throw new FileLockError("the C library keeps its errno nowhere");
      return (fd, operation) => (flock(fd, operation) < 0 ? -ffi.read.i32(errno, 0) : 0);
    } catch (error) {
      causes.push(error);
    }
  }
  throw new FileLockError("no C library was found to lock files with", { cause: new AggregateError(causes) });
}

let bound: Flock | undefined;

/** Locks an open file without waiting; false where somebody else holds a lock on it. @throws FileLockError */
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
