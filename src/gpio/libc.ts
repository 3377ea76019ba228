import { GpioError } from "./errors.ts";
import { IOCTL, type IoctlName } from "./linux-gpio.ts";

/** The system calls that GPIO takes, as the kernel gives them: a result from 0 on, or the negated error number. They do not throw. */
export interface GpioSystem {
  open(path: string, flags: number): number;
  close(fd: number): number;
  /** `argument` is read and written, as the request has it. */
  ioctl(fd: number, request: IoctlName, argument: Uint8Array): number;
}

type Ffi = typeof import("bun:ffi");

/** ioctl and open are variadic in C. Fixed arguments are passed the same way on x64 (System V) and arm64 (AAPCS64) Linux. */
const signatures = {
  open: { args: ["cstring", "i32", "u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

/** The C library of glibc systems, and that of musl systems. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

const hasFfi = (module: object | undefined): module is Ffi =>
  module !== undefined && "dlopen" in module && "read" in module;

function openLibrary(ffi: Ffi) {
  const causes: unknown[] = [];
  for (const name of libraries) {
    try {
      return ffi.dlopen(name, signatures).symbols;
    } catch (cause) {
      causes.push(cause);
    }
  }
  const message = `GPIO lines cannot be used: no C library was found (tried ${libraries.join(", ")})`;
  throw new GpioError("gpio-unsupported", message, {}, { cause: new AggregateError(causes) });
}

function load(): GpioSystem {
  const ffi: object | undefined = process.getBuiltinModule("bun:ffi");
  const isKnown = process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");
  if (!isKnown || !hasFfi(ffi)) {
    const found = `${process.platform} on ${process.arch}${hasFfi(ffi) ? "" : " without bun:ffi"}`;
    throw new GpioError("gpio-unsupported", `GPIO lines need Bun on Linux, x64 or arm64; this is ${found}`);
  }
  const { __errno_location: errnoLocation, ...symbols } = openLibrary(ffi);
  const errnoAddress = errnoLocation();
  if (errnoAddress === null) throw new GpioError("gpio-unsupported", "the C library keeps its errno nowhere");
  // The address holds for this thread for good; reading it right after the call, nothing comes in between.
  const orErrno = (result: number): number => (result < 0 ? -ffi.read.i32(errnoAddress, 0) : result);
  return {
    open: (path, flags) => orErrno(symbols.open(path, flags, 0)),
    close: (fd) => orErrno(symbols.close(fd)),
    ioctl: (fd, request, argument) => orErrno(symbols.ioctl(fd, IOCTL[request], argument)),
  };
}

let loaded: GpioSystem | undefined;

/** The system calls of this machine, bound at first use. @throws GpioError `gpio-unsupported` */
export const gpioSystem = (): GpioSystem => (loaded ??= load());
