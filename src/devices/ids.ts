declare const brand: unique symbol;

/** A board's number, 0 … 0xFFFFFFFF. Bits 31–28 say what kind of board it is, see `isBmcBoard`. */
export type BoardId = number & { readonly [brand]: "BoardId" };
/** A device's number on its board, 0 … 0xFFFF. */
export type DeviceId = number & { readonly [brand]: "DeviceId" };

/** Set in the ids of boards that are BMCs, reached over IPMI. */
export const BMC_BIT = 0x4000_0000;
/** The highest board number that the serial device bus can address. */
export const MAX_BUS_BOARD = 0x00ff_ffff;

const isUnsigned = (value: number, bits: 16 | 32) => Number.isInteger(value) && value >= 0 && value < 2 ** bits;
const isBoardId = (value: number): value is BoardId => isUnsigned(value, 32);
const isDeviceId = (value: number): value is DeviceId => isUnsigned(value, 16);

/** Takes a number as a board id; RangeError where it is no unsigned 32-bit integer. */
export function boardId(value: number): BoardId {
  if (!isBoardId(value)) throw new RangeError(`not a board id: ${value}`);
  return value;
}

/** Takes a number as a device id; RangeError where it is no unsigned 16-bit integer. */
export function deviceId(value: number): DeviceId {
  if (!isDeviceId(value)) throw new RangeError(`not a device id: ${value}`);
  return value;
}

/** True where the id is in the range kept for BMCs (bit 30 set). */
export const isBmcBoard = (board: BoardId): boolean => (board & BMC_BIT) !== 0;

/** Eight lower-case hex digits. */
export const formatBoardId = (board: BoardId): string => board.toString(16).padStart(8, "0");
/** Four lower-case hex digits. */
export const formatDeviceId = (device: DeviceId): string => device.toString(16).padStart(4, "0");
