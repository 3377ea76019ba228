/** The C library, for what the runtime has no way to say. The only file of lib that needs Bun. */
import type { FFIFunction, Library } from "bun:ffi";

type Ffi = typeof import("bun:ffi");

/** Why functions of the C library cannot be called here. */
export class LibcError extends Error {
  override readonly name = "LibcError";
  readonly code = "no-libc";
}

/** Functions of the C library, as their signatures have them. */
export interface Libc<Signatures extends Record<string, FFIFunction>> {
  readonly calls: Library<Signatures>["symbols"];
  /** What a call has just returned, as the kernel gives it: a result from 0 on, or the negated error number. */
  readonly orErrno: (result: number) => number;
  /** Where these bytes are, as long as the caller keeps them. */
  readonly addressOf: (bytes: Uint8Array<ArrayBuffer>) => bigint;
}

const errnoSignatures = { __errno_location: { args: [], returns: "ptr" } } as const;

/** The C library of glibc systems, and that of musl systems. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

const hasFfi = (module: object | undefined): module is Ffi =>
  module !== undefined && "dlopen" in module && "read" in module;

/**
 * Binds functions of the C library. Variadic ones, given with fixed arguments, are called the same way on x64 (System V) and arm64
 * (AAPCS64) Linux.
 *
 * @throws LibcError where this is no Bun on such a Linux, or no C library is found
 */
export function bindLibc<const Signatures extends Record<string, FFIFunction>>(
  signatures: Signatures,
): Libc<Signatures> {
  const ffi: object | undefined = process.getBuiltinModule("bun:ffi");
  const isKnown = process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");
  if (!isKnown || !hasFfi(ffi)) {
    const found = `${process.platform} on ${process.arch}${hasFfi(ffi) ? "" : " without bun:ffi"}`;
    throw new LibcError(`this needs Bun on Linux, x64 or arm64, and is ${found}`);
  }
  const calls = openLibrary(ffi, signatures);
  const { __errno_location: errnoLocation } = openLibrary(ffi, errnoSignatures);
  const errno = errnoLocation();
  if (errno === null) throw new LibcError("the C library keeps its errno nowhere");
  return {
    calls,
    // The address holds for this thread for good; read right after the call, nothing comes in between.
    orErrno: (result) => (result < 0 ? -ffi.read.i32(errno, 0) : result),
    addressOf: (bytes) => BigInt(ffi.ptr(bytes)),
  };
}

function openLibrary<Signatures extends Record<string, FFIFunction>>(ffi: Ffi, signatures: Signatures) {
  const causes: unknown[] = [];
  for (const name of libraries) {
    try {
      return ffi.dlopen(name, signatures).symbols;
    } catch (cause) {
      causes.push(cause);
    }
  }
  throw new LibcError(`no C library was found (tried ${libraries.join(", ")})`, { cause: new AggregateError(causes) });
}
