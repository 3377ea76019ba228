import type { PowerAction } from "../devices/command.ts";
import { NO_DEVICE, NO_DEVICE_TYPE } from "./frame.ts";

/** First data byte of every command. @see device bus specification, "Commands (first data byte) and replies" */
export const commandCodes = {
  scan: 0x44, // D
  version: 0x56, // V
  read: 0x52, // R
  write: 0x57, // W
  power: 0x50, // P
  /** Asks for the last reply once more; never repeats an action. */
  retry: 0x3f, // ?
} as const;

/** Second data byte of a power command. */
export const powerCodes: Readonly<Record<PowerAction, number>> = {
  on: 0x31, // 1
  off: 0x30, // 0
  cycle: 0x43, // C
  status: 0x3f, // ?
};

/** Between the write command and the digits of a fan speed. */
export const FAN_SPEED_PREFIX = 0xff;

/** Data of the reply to a write that the device has taken. */
export const WRITE_TAKEN = "W1";

/** Bits of a board id that are no part of the board's number. @see device bus specification, "Board ids" */
export const boardBits = {
  /** Every board answers, in its time slot. */
  scanAll: 0x8000_0000,
  /** Boards choose another time slot. */
  shuffle: 0x2000_0000,
  /** Boards keep the slots that just worked; nothing answers. */
  save: 0x1000_0000,
} as const;

/** What is to be asked over the bus; the link adds the sequence number. */
export interface BusCommand {
  readonly deviceType: number;
  readonly boardId: number;
  readonly deviceId: number;
  readonly data: Uint8Array;
  /** One reply, or as many as come until the line falls silent. */
  readonly replies: "one" | "until-silence";
}

const OF_BOARD = { deviceType: NO_DEVICE_TYPE, deviceId: NO_DEVICE } as const;

/** Lists the devices of one board; with `scanAllAddress` those of all. */
export const scanCommand = (boardId: number): BusCommand => ({
  ...OF_BOARD,
  boardId,
  data: Uint8Array.of(commandCodes.scan),
  replies: "until-silence",
});

/** Asks a board for its firmware version. */
export const versionCommand = (boardId: number): BusCommand => ({
  ...OF_BOARD,
  boardId,
  data: Uint8Array.of(commandCodes.version),
  replies: "one",
});

/** A device on the bus, as frames name it. */
export interface BusDevice {
  readonly boardId: number;
  readonly deviceId: number;
  readonly deviceType: number;
}

/** Asks a device for its reading. */
export const readCommand = (device: BusDevice): BusCommand => ({
  ...device,
  data: Uint8Array.of(commandCodes.read),
  replies: "one",
});

/** Sets a device; `value` is what stands behind the command's letter. */
export const writeCommand = (device: BusDevice, value: Uint8Array): BusCommand => ({
  ...device,
  data: Uint8Array.of(commandCodes.write, ...value),
  replies: "one",
});

/** Switches a power controller, or asks for its status; either way it answers with its status. */
export const powerCommand = (device: BusDevice, action: PowerAction): BusCommand => ({
  ...device,
  data: Uint8Array.of(commandCodes.power, powerCodes[action]),
  replies: "one",
});

/** The frame that asks for the last reply once more. It names what the exchange being retried named. */
export const retryOf = (command: BusCommand): BusCommand => ({
  ...command,
  data: Uint8Array.of(commandCodes.retry),
});

/**
 * The board id of a scan-all.
 *
 * @param controllerId two bytes that tell this controller from others
 * @param timeSlice one byte from which, with the id, the boards derive their time slots
 */
export const scanAllAddress = (controllerId: number, timeSlice: number): number =>
  (boardBits.scanAll | ((controllerId & 0xffff) << 8) | (timeSlice & 0xff)) >>> 0;

/** True where all boards answer. */
export const isScanAll = (boardId: number): boolean => (boardId & boardBits.scanAll) !== 0;

/** Tells boards to keep the time slots that just worked. */
export const saveCommand = (): BusCommand => scanCommand((boardBits.scanAll | boardBits.save) >>> 0);

/** The same scan, with the boards asked to choose other time slots. */
export const shuffled = (scan: BusCommand): BusCommand => ({
  ...scan,
  boardId: (scan.boardId | boardBits.shuffle) >>> 0,
});
