import { struct, u16be, u32be, u8 } from "../lib/struct.ts";

/** First byte of every frame. */
export const HEADER = 0x01;
/** Last byte of every frame. */
export const TRAILER = 0x04;
/** Device type of frames that concern no device. */
export const NO_DEVICE_TYPE = 0xff;
/** Device id of frames that concern no device. */
export const NO_DEVICE = 0xffff;

/** The fields between the length byte and the data, in the order of the wire. @see device bus specification, "Frame" */
const fields = struct({
  /** Chosen by the controller, echoed by the board. */
  sequence: u8,
  /** Code of the device's type, `NO_DEVICE_TYPE` where none is meant. */
  deviceType: u8,
  boardId: u32be,
  /** `NO_DEVICE` where none is meant. */
  deviceId: u16be,
});

const LENGTH_AT = 1;
const FIELDS_AT = 2;
const DATA_AT = FIELDS_AT + fields.size;
const CHECKSUM_SIZE = 1;
const TRAILER_SIZE = 1;

/** Header and length byte: what must have arrived before a frame's size is known. */
export const PREFIX_SIZE = FIELDS_AT;
/** Smallest value of the length byte: a frame with no data. */
export const MIN_LENGTH = fields.size + CHECKSUM_SIZE;
/** Most data bytes that the length byte allows; boards keep to 32. */
export const MAX_DATA = 0xff - MIN_LENGTH;
/** Bytes of the longest frame. */
export const MAX_FRAME_SIZE = PREFIX_SIZE + 0xff + TRAILER_SIZE;

/** One frame, without what only the wire needs (header, length, checksum, trailer). */
export type Frame = Readonly<ReturnType<typeof fields.read>> & {
  /** 0–246 bytes; the first one of a command says which. */
  readonly data: Uint8Array;
};

/** Why bytes that began like a frame are none: the length byte is below 9, the checksum or the trailer is wrong. */
export type FrameFault = "length" | "checksum" | "trailer";

/** Two's complement of the low byte of the sum of the bytes from `start` up to, not including, `end`. */
export function checksum(bytes: ArrayLike<number>, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += bytes[at]!;
  return -sum & 0xff;
}

/** Bytes that a frame takes whose length byte has this value. */
export const frameSize = (length: number): number => PREFIX_SIZE + length + TRAILER_SIZE;

/** A frame as it goes over the wire. RangeError where the data are more than fit. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { data } = frame;
  if (data.length > MAX_DATA) throw new RangeError(`a frame takes ${MAX_DATA} data bytes at most, not ${data.length}`);
  const bytes = new Uint8Array(frameSize(MIN_LENGTH + data.length));
  const checksumAt = DATA_AT + data.length;
  bytes[0] = HEADER;
  bytes[LENGTH_AT] = MIN_LENGTH + data.length;
  fields.write(bytes, FIELDS_AT, frame);
  bytes.set(data, DATA_AT);
  bytes[checksumAt] = checksum(bytes, FIELDS_AT, checksumAt);
  bytes[checksumAt + CHECKSUM_SIZE] = TRAILER;
  return bytes;
}

/**
 * Reads the frame that begins at `at`, where a header stands and `frameSize(length byte)` bytes have arrived.
 * A string says why it is none.
 */
export function decodeFrame(bytes: Uint8Array, at = 0): Frame | FrameFault {
  const length = bytes[at + LENGTH_AT]!;
  if (length < MIN_LENGTH) return "length";
  const checksumAt = at + FIELDS_AT + length - CHECKSUM_SIZE;
  if (bytes[checksumAt] !== checksum(bytes, at + FIELDS_AT, checksumAt)) return "checksum";
  if (bytes[checksumAt + CHECKSUM_SIZE] !== TRAILER) return "trailer";
  return { ...fields.read(bytes, at + FIELDS_AT), data: bytes.slice(at + DATA_AT, checksumAt) };
}
