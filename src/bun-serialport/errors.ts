import { constants } from "node:os";

/**
 * What can go wrong with a serial port.
 *
 * - `not-found`: there is no such device, or nothing behind its name
 * - `permission-denied`: this user may not open it; the message says who may
 * - `busy`: someone else has it, and exclusive use was asked for, here or there
 * - `not-a-tty`: the path leads to something that is no serial line
 * - `unplugged`: the device vanished, or the other end hung up, while the port was open
 * - `unsupported-rate`: the device cannot run at this baud rate
 * - `unsupported-setting`: a setting that no port has, or that this device does not take
 * - `unsupported-platform`: not Linux on x64 or arm64, or not Bun
 * - `queue-full`: the write does not fit into what may wait; none of it was sent
 * - `flushed`: the write was waiting when the output was flushed
 * - `closed`: the port was closed before, or while this was under way
 * - `already-subscribed`: someone listens to this port already
 * - `io`: the system refused for a reason not named above; see `errno`
 */
export type SerialPortErrorCode =
  | "not-found"
  | "permission-denied"
  | "busy"
  | "not-a-tty"
  | "unplugged"
  | "unsupported-rate"
  | "unsupported-setting"
  | "unsupported-platform"
  | "queue-full"
  | "flushed"
  | "closed"
  | "already-subscribed"
  | "io";

/** Where an error comes from, as far as a system call is behind it. */
export interface SerialPortErrorDetail {
  readonly path: string;
  /** The system's error number, such as 13 for EACCES. */
  readonly errno?: number;
  /** The system call that failed, with its request where it is an ioctl: `ioctl TCSETS2`. */
  readonly syscall?: string;
}

/** Everything that this package throws and rejects with. The message is a sentence for people that names the port. */
export class SerialPortError extends Error {
  override readonly name = "SerialPortError";
  readonly code: SerialPortErrorCode;
  readonly path: string;
  readonly errno: number | undefined;
  readonly syscall: string | undefined;

  constructor(code: SerialPortErrorCode, message: string, detail: SerialPortErrorDetail, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = detail.path;
    this.errno = detail.errno;
    this.syscall = detail.syscall;
  }
}

/** The system's name of an error number: `EACCES` for 13, `error 4242` where there is none. */
export function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(constants.errno)) if (value === errno) return name;
  return `error ${errno}`;
}

/** An error that tells which system call failed, and with what. */
export function systemError(
  code: SerialPortErrorCode,
  what: string,
  detail: Required<SerialPortErrorDetail>,
): SerialPortError {
  return new SerialPortError(code, `${detail.path}: ${what} (${detail.syscall}: ${errnoName(detail.errno)})`, detail);
}

/** What an operation on a port that was closed meets. */
export const closedError = (path: string): SerialPortError =>
  new SerialPortError("closed", `${path}: the port is closed`, { path });

/** What a write that waits meets when the output is flushed. */
export const flushedError = (path: string): SerialPortError =>
  new SerialPortError("flushed", `${path}: the output was flushed before all of this was sent`, { path });
