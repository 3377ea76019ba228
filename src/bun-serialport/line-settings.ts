import { SerialPortError, type SerialPortErrorCode } from "./errors.ts";

/** The bit added to every byte for a check: none, so that the sum of ones is even or odd, or always one (mark) or zero (space). */
export type Parity = "none" | "even" | "odd" | "mark" | "space";

/** Who may hold back whom: nobody, by the lines RTS and CTS, or by the bytes XON (0x11) and XOFF (0x13), which then are no data. */
export type FlowControl = "none" | "rtscts" | "xonxoff";

/** How bytes go over the line. */
export interface LineSettings {
  /** Speed of both directions in baud: any that the device can do, standard or not. */
  readonly baudRate: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly parity: Parity;
  readonly stopBits: 1 | 2;
  readonly flowControl: FlowControl;
}

/** How to open a port. Only the speed must be given. */
export interface SerialPortOptions {
  /** Speed in baud. */
  readonly baudRate: number;
  /** Default 8. */
  readonly dataBits?: 5 | 6 | 7 | 8;
  /** Default none. A received byte whose parity is wrong is delivered as it is. */
  readonly parity?: Parity;
  /** Default 1. */
  readonly stopBits?: 1 | 2;
  /** Default none. */
  readonly flowControl?: FlowControl;
  /**
   * Keeps this package from opening the port a second time, here or in another program (flock), and all programs but root's from opening
   * it in any way (TIOCEXCL, not on pseudo terminals). Default true.
   */
  readonly exclusive?: boolean;
  /** Bytes that may wait to be written, default 65536. A write beyond that is refused. */
  readonly writeQueueBytes?: number;
}

/** Bytes that may wait to be written, where nothing else is said: more than five seconds' worth at 115200 baud. */
const DEFAULT_WRITE_QUEUE_BYTES = 65_536;

const DATA_BITS = [5, 6, 7, 8] as const;
const PARITIES = ["none", "even", "odd", "mark", "space"] as const;
const STOP_BITS = [1, 2] as const;
const FLOW_CONTROLS = ["none", "rtscts", "xonxoff"] as const;

/** The largest speed that struct termios2 can hold. */
const HIGHEST_RATE = 0xffff_ffff;

function refuse(code: SerialPortErrorCode, path: string, setting: string, found: unknown, expected: string): never {
  const shown = typeof found === "string" ? JSON.stringify(found) : String(found);
  throw new SerialPortError(code, `${path}: ${setting} is ${shown}, expected ${expected}`, { path });
}

function oneOf<T>(path: string, setting: string, found: T | undefined, choices: readonly [T, ...T[]], fallback: T): T {
  if (found === undefined) return fallback;
  if (choices.includes(found)) return found;
  const shown = choices.map((choice) => (typeof choice === "string" ? JSON.stringify(choice) : String(choice)));
  return refuse("unsupported-setting", path, setting, found, shown.join(", "));
}

/** Refuses what is no speed: SerialPortError `unsupported-rate`. */
export function checkBaudRate(path: string, baudRate: number): number {
  if (Number.isInteger(baudRate) && baudRate >= 1 && baudRate <= HIGHEST_RATE) return baudRate;
  return refuse("unsupported-rate", path, "baudRate", baudRate, "a whole number of baud from 1 on");
}

/** Refuses what is no length of time: SerialPortError `unsupported-setting`. */
export function checkDuration(path: string, durationMs: number): number {
  if (Number.isFinite(durationMs) && durationMs >= 0) return durationMs;
  return refuse("unsupported-setting", path, "durationMs", durationMs, "a number of milliseconds from 0 on");
}

/** Refuses what is no size: SerialPortError `unsupported-setting`. */
export function checkQueueBytes(path: string, bytes = DEFAULT_WRITE_QUEUE_BYTES): number {
  if (Number.isInteger(bytes) && bytes >= 1) return bytes;
  return refuse("unsupported-setting", path, "writeQueueBytes", bytes, "a whole number of bytes from 1 on");
}

/** The settings that `options` ask for; SerialPortError `unsupported-rate` or `unsupported-setting` where no port has them. */
export function lineSettings(path: string, options: SerialPortOptions): LineSettings {
  return {
    baudRate: checkBaudRate(path, options.baudRate),
    dataBits: oneOf(path, "dataBits", options.dataBits, DATA_BITS, 8),
    parity: oneOf(path, "parity", options.parity, PARITIES, "none"),
    stopBits: oneOf(path, "stopBits", options.stopBits, STOP_BITS, 1),
    flowControl: oneOf(path, "flowControl", options.flowControl, FLOW_CONTROLS, "none"),
  };
}
