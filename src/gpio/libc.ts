import { bindLibc } from "../lib/libc.ts";
import { toError } from "../lib/to-error.ts";
import { GpioError } from "./errors.ts";
import { IOCTL, type IoctlName } from "./linux-gpio.ts";

/** The system calls that GPIO takes, as the kernel gives them: a result from 0 on, or the negated error number. They do not throw. */
export interface GpioSystem {
  open(path: string, flags: number): number;
  close(fd: number): number;
  /** `argument` is read and written, as the request has it. */
  ioctl(fd: number, request: IoctlName, argument: Uint8Array): number;
}

const signatures = {
  open: { args: ["cstring", "i32", "u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
} as const;

function load(): GpioSystem {
  const { calls, orErrno } = bind();
  return {
    open: (path, flags) => orErrno(calls.open(path, flags, 0)),
    close: (fd) => orErrno(calls.close(fd)),
    ioctl: (fd, request, argument) => orErrno(calls.ioctl(fd, IOCTL[request], argument)),
  };
}

function bind() {
  try {
    return bindLibc(signatures);
  } catch (cause) {
    throw new GpioError("gpio-unsupported", `GPIO lines cannot be used: ${toError(cause).message}`, {}, { cause });
  }
}

let loaded: GpioSystem | undefined;

/** The system calls of this machine, bound at first use. @throws GpioError `gpio-unsupported` */
export const gpioSystem = (): GpioSystem => (loaded ??= load());
