import { BMC_BIT, boardId, deviceId, MAX_BUS_BOARD, type BoardId, type DeviceId } from "../../devices/ids.ts";
import { ApiError } from "../errors.ts";
import { parseHexadecimal, quote, type SpelledInteger } from "./numbers.ts";

/** Hex digits of 32 and of 16 bits. */
const BOARD_DIGITS = 8;
const DEVICE_DIGITS = 4;

/** The number that hex digits stand for, of however many digits the last `count`. */
const lastDigits = (significant: string, count: number) => Number.parseInt(significant.slice(-count) || "0", 16);

function parseId(name: "board" | "device", text: string): SpelledInteger {
  const id = parseHexadecimal(text);
  if (id) return id;
  const message = `Error converting ${name}_num to integer (${quote(text)}: expected a hexadecimal number).`;
  throw new ApiError("invalid-id", message);
}

/**
 * The board that a path names: on the bus, or one with the BMC bit, of 32 bits at most.
 *
 * @throws ApiError `invalid-id`
 */
export function parseBoard(text: string): BoardId {
  const { isNegative, significant } = parseId("board", text);
  const number = lastDigits(significant, BOARD_DIGITS);
  const isBmc = (number & BMC_BIT) !== 0;
  const isWide = significant.length > BOARD_DIGITS;
  if (!isNegative && !isWide && (isBmc || number <= MAX_BUS_BOARD)) return boardId(number);
  if (!isNegative && isBmc) {
    throw new ApiError("invalid-id", `BMC with board id ${quote(text)} was not found: expected at most 32 bits.`);
  }
  const expected = `0 to ${MAX_BUS_BOARD.toString(16)}, or a BMC from ${BMC_BIT.toString(16)} up`;
  const message = `Error converting board_num to integer (${quote(text)} is out of range: expected ${expected}).`;
  throw new ApiError("invalid-id", message);
}

/** The device that a path names. @throws ApiError `invalid-id` */
export function parseDevice(text: string): DeviceId {
  const { isNegative, significant } = parseId("device", text);
  if (!isNegative && significant.length <= DEVICE_DIGITS) return deviceId(lastDigits(significant, DEVICE_DIGITS));
  const message = `Error converting device_num to integer (${quote(text)} is out of range: expected 0 to ffff).`;
  throw new ApiError("invalid-id", message);
}

/** The parameters of a path that names a device. */
export interface DevicePath {
  readonly board: string;
  readonly device: string;
}

/** The device that a path names, and its board, which is looked at first. @throws ApiError `invalid-id` */
export function parseBoardAndDevice(path: DevicePath): { board: BoardId; device: DeviceId } {
  const board = parseBoard(path.board);
  return { board, device: parseDevice(path.device) };
}
