import { constants } from "node:os";

/**
 * What can go wrong with a GPIO line.
 *
 * - `gpio-not-found`: there is no such chip, no such line, or no chip that a physical pin could belong to
 * - `gpio-permission-denied`: this user may not open the chip; the message says who may
 * - `gpio-busy`: someone else has the line; the message says who
 * - `gpio-released`: the line or the chip was given back before
 * - `gpio-unsupported`: the chip cannot do it, the kernel is too old, or this is not Bun on Linux, x64 or arm64
 * - `gpio-io`: the system refused for a reason not named above; see `errno`
 */
export type GpioErrorCode =
  | "gpio-not-found"
  | "gpio-permission-denied"
  | "gpio-busy"
  | "gpio-released"
  | "gpio-unsupported"
  | "gpio-io";

/** Where an error comes from. */
export interface GpioErrorDetail {
  /** The chip's device file, as far as it is known. */
  readonly path?: string;
  /** The line's offset on the chip. */
  readonly offset?: number;
  /** Who has the line, with `gpio-busy`; empty where they gave no name. */
  readonly consumer?: string;
  /** The system's error number, such as 13 for EACCES. */
  readonly errno?: number;
  /** The system call that failed: `ioctl GPIO_V2_GET_LINE`. */
  readonly syscall?: string;
}

/** Everything that this room throws. The message is a sentence for people that names the chip and the line. */
export class GpioError extends Error {
  override readonly name = "GpioError";
  readonly code: GpioErrorCode;
  readonly detail: GpioErrorDetail;

  constructor(code: GpioErrorCode, message: string, detail: GpioErrorDetail = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}

/** The system's name of an error number: `EACCES` for 13, `error 4242` where there is none. */
export function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(constants.errno)) if (value === errno) return name;
  return `error ${errno}`;
}
