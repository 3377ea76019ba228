import { SerialPortError } from "./errors.ts";
import { FLUSH_QUEUE, IOCTL, type IoctlName } from "./linux.ts";

/**
 * The system calls that a serial port takes, as the kernel gives them: a result from 0 on, or the negated error number. They do not
 * throw, because EAGAIN is an everyday answer.
 */
export interface Libc {
  open(path: string, flags: number): number;
  close(fd: number): number;
  /** Bytes taken, from 1 on. `bytes` must not be empty. */
  write(fd: number, bytes: Uint8Array): number;
  /** `argument` is read, written or both, as the request has it; none where it takes none. */
  ioctl(fd: number, request: IoctlName, argument?: Uint8Array | Int32Array | Uint16Array): number;
  flock(fd: number, operation: number): number;
  tcflush(fd: number, queue: keyof typeof FLUSH_QUEUE): number;
}

type Ffi = typeof import("bun:ffi");

/** Where this code runs. */
export interface Platform {
  readonly platform: string;
  readonly arch: string;
  /** bun:ffi, where there is one. */
  readonly ffi: object | undefined;
}

/** ioctl and open are variadic in C. Fixed arguments are passed the same way on x64 (System V) and arm64 (AAPCS64) Linux. */
const signatures = {
  open: { args: ["cstring", "i32", "u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  // ssize_t in C, but Linux writes 0x7ffff000 bytes at a time at most.
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  tcflush: { args: ["i32", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

/** The architectures that this was tried on, with the name that musl gives them. */
const MUSL_ARCH: ReadonlyMap<string, string> = new Map([
  ["x64", "x86_64"],
  ["arm64", "aarch64"],
]);

const hasFfi = (module: object | undefined): module is Ffi =>
  module !== undefined && "dlopen" in module && "read" in module;

const unsupported = (message: string, path: string, options?: ErrorOptions): SerialPortError =>
  new SerialPortError("unsupported-platform", message, { path }, options);

/** Loads the first of `names` that is there: the C library of glibc systems has another file name than that of musl systems. */
function openLibrary(ffi: Ffi, names: readonly string[]) {
  const causes: unknown[] = [];
  for (const name of names) {
    try {
      return ffi.dlopen(name, signatures).symbols;
    } catch (cause) {
      causes.push(cause);
    }
  }
  throw unsupported(`bun-serialport found no C library: tried ${names.join(", ")}`, names.join(", "), {
    cause: new AggregateError(causes),
  });
}

/** Binds the C library; SerialPortError `unsupported-platform` where that cannot be. `names` are the files to try. */
export function loadLibc(here: Platform, names?: readonly string[]): Libc {
  const muslArch = MUSL_ARCH.get(here.arch);
  const { ffi } = here;
  if (here.platform !== "linux" || muslArch === undefined || !hasFfi(ffi)) {
    const runtime = hasFfi(ffi) ? "" : " without bun:ffi";
    const found = `${here.platform} on ${here.arch}${runtime}`;
    throw unsupported(`bun-serialport needs Bun on Linux, x64 or arm64; this is ${found}`, found);
  }
  const { __errno_location: errnoLocation, ...symbols } = openLibrary(
    ffi,
    names ?? ["libc.so.6", `libc.musl-${muslArch}.so.1`],
  );
  const errnoAddress = errnoLocation();
  if (errnoAddress === null) throw unsupported("the C library keeps its errno nowhere", "errno");
  // The address holds for this thread for good; reading it right after the call, nothing comes in between.
  const orErrno = (result: number): number => (result < 0 ? -ffi.read.i32(errnoAddress, 0) : result);
  return {
    open: (path, flags) => orErrno(symbols.open(path, flags, 0)),
    close: (fd) => orErrno(symbols.close(fd)),
    write: (fd, bytes) => orErrno(symbols.write(fd, bytes, bytes.length)),
    ioctl: (fd, request, argument) => orErrno(symbols.ioctl(fd, IOCTL[request], argument ?? null)),
    flock: (fd, operation) => orErrno(symbols.flock(fd, operation)),
    tcflush: (fd, queue) => orErrno(symbols.tcflush(fd, FLUSH_QUEUE[queue])),
  };
}

let loaded: Libc | undefined;

/** The C library of this machine, bound at first use, so that the package can be imported where it cannot run. */
export function libc(): Libc {
  loaded ??= loadLibc({
    platform: process.platform,
    arch: process.arch,
    ffi: process.getBuiltinModule("bun:ffi"),
  });
  return loaded;
}
