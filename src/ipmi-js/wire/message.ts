import { copyOf } from "../bytes/copy.ts";
import { bits, u8 } from "../bytes/layout.ts";

/**
 * IPMI messages as they stand in LAN payloads, and, with the same bytes, on the IPMB.
 * @see IPMI 2.0, section 13.8 and figure 13-4; IPMB 1.0, section 2.11
 */

/** Slave address of the BMC. */
export const BMC_ADDRESS = 0x20;
/** Software id of a remote console, its lowest bit set: the first one for system management software. @see table 5-4 */
export const REMOTE_CONSOLE_ADDRESS = 0x81;

interface Route {
  /** Of requests even; a response's is one more than its request's. */
  readonly netFn: number;
  readonly command: number;
  /** rqSeq, 0–63: ties a response to its request. */
  readonly sequence: number;
  /** Whom the request is for. */
  readonly responderAddress: number;
  readonly responderLun: number;
  readonly requesterAddress: number;
  readonly requesterLun: number;
  readonly data: Uint8Array;
}
export type RequestMessage = Route;
export interface ResponseMessage extends Route {
  /** 0 where the command was carried out. */
  readonly completionCode: number;
}

/** Why bytes are no message. */
export type MessageFault =
  /** Too short to be one. */
  | "length"
  /** The checksum behind the first two bytes is wrong. */
  | "header-checksum"
  /** The checksum at the end is wrong. */
  | "checksum"
  /** A request where a response was expected, or the other way round. */
  | "direction";

// Of a request the first address is the responder's, of a response the requester's; the LUNs go with them.
const firstAddress = u8(0);
const netFnField = bits(1, 2, 6);
const firstLun = bits(1, 0, 2);
const HEADER_CHECKSUM_AT = 2;
const secondAddress = u8(3);
const sequenceField = bits(4, 2, 6);
const secondLun = bits(4, 0, 2);
const commandField = u8(5);
const DATA_AT = 6;
const CHECKSUM_SIZE = 1;

/** Two's complement of the low byte of the sum of the bytes from `start` up to, not including, `end`. */
export function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += bytes[at]!;
  return -sum & 0xff;
}

function seal(bytes: Uint8Array, message: Route): Uint8Array {
  netFnField.write(bytes, message.netFn);
  sequenceField.write(bytes, message.sequence);
  commandField.write(bytes, message.command);
  bytes[HEADER_CHECKSUM_AT] = checksum(bytes, 0, HEADER_CHECKSUM_AT);
  const end = bytes.length - CHECKSUM_SIZE;
  bytes[end] = checksum(bytes, HEADER_CHECKSUM_AT + CHECKSUM_SIZE, end);
  return bytes;
}

/** @throws RangeError for fields that do not fit */
export function encodeRequest(message: RequestMessage): Uint8Array {
  const bytes = new Uint8Array(DATA_AT + message.data.length + CHECKSUM_SIZE);
  firstAddress.write(bytes, message.responderAddress);
  firstLun.write(bytes, message.responderLun);
  secondAddress.write(bytes, message.requesterAddress);
  secondLun.write(bytes, message.requesterLun);
  bytes.set(message.data, DATA_AT);
  return seal(bytes, message);
}

/** @throws RangeError for fields that do not fit */
export function encodeResponse(message: ResponseMessage): Uint8Array {
  const bytes = new Uint8Array(DATA_AT + 1 + message.data.length + CHECKSUM_SIZE);
  firstAddress.write(bytes, message.requesterAddress);
  firstLun.write(bytes, message.requesterLun);
  secondAddress.write(bytes, message.responderAddress);
  secondLun.write(bytes, message.responderLun);
  bytes[DATA_AT] = message.completionCode;
  bytes.set(message.data, DATA_AT + 1);
  return seal(bytes, message);
}

function faultOf(bytes: Uint8Array, minimum: number, isResponse: boolean): MessageFault | undefined {
  if (bytes.length < minimum) return "length";
  if (bytes[HEADER_CHECKSUM_AT] !== checksum(bytes, 0, HEADER_CHECKSUM_AT)) return "header-checksum";
  const end = bytes.length - CHECKSUM_SIZE;
  if (bytes[end] !== checksum(bytes, HEADER_CHECKSUM_AT + CHECKSUM_SIZE, end)) return "checksum";
  return (netFnField.read(bytes) & 1) === (isResponse ? 1 : 0) ? undefined : "direction";
}

/** Reads a request. A string says why it is none. The data are a copy. */
export function decodeRequest(bytes: Uint8Array): RequestMessage | MessageFault {
  const fault = faultOf(bytes, DATA_AT + CHECKSUM_SIZE, false);
  if (fault !== undefined) return fault;
  return {
    netFn: netFnField.read(bytes),
    command: commandField.read(bytes),
    sequence: sequenceField.read(bytes),
    responderAddress: firstAddress.read(bytes),
    responderLun: firstLun.read(bytes),
    requesterAddress: secondAddress.read(bytes),
    requesterLun: secondLun.read(bytes),
    data: copyOf(bytes, DATA_AT, bytes.length - CHECKSUM_SIZE),
  };
}

/** Reads a response. A string says why it is none. The data, behind the completion code, are a copy. */
export function decodeResponse(bytes: Uint8Array): ResponseMessage | MessageFault {
  const fault = faultOf(bytes, DATA_AT + 1 + CHECKSUM_SIZE, true);
  if (fault !== undefined) return fault;
  return {
    netFn: netFnField.read(bytes),
    command: commandField.read(bytes),
    sequence: sequenceField.read(bytes),
    responderAddress: secondAddress.read(bytes),
    responderLun: secondLun.read(bytes),
    requesterAddress: firstAddress.read(bytes),
    requesterLun: firstLun.read(bytes),
    completionCode: bytes[DATA_AT]!,
    data: copyOf(bytes, DATA_AT + 1, bytes.length - CHECKSUM_SIZE),
  };
}
