import { copyOf } from "../bytes/copy.ts";
import { bits, flag, u16, u32, u8 } from "../bytes/layout.ts";
import { rmcpClasses, rmcpClassOf, RMCP_HEADER_SIZE, writeRmcpHeader } from "./rmcp.ts";

/**
 * Session packets: what stands between the RMCP header and an IPMI message, in the two forms of IPMI 1.5 and 2.0.
 * @see IPMI 2.0, table 13-8
 */

/** Authentication types of the session header. @see IPMI 2.0, table 13-8 and section 22.13 */
export const authTypes = { none: 0, md2: 1, md5: 2, password: 4, oem: 5, rmcpPlus: 6 } as const;

/** Payload types. @see IPMI 2.0, table 13-16 */
export const payloadTypes = {
  ipmi: 0x00,
  sol: 0x01,
  /** The header names an enterprise and a payload of its own. */
  oemExplicit: 0x02,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const;

/** The form of IPMI 1.5, also of everything before a session's set-up. */
export interface Packet15 {
  readonly format: "1.5";
  readonly authType: number;
  /** 0 outside sessions. */
  readonly sequence: number;
  /** 0 outside sessions. */
  readonly sessionId: number;
  /** 16 bytes; undefined where the type is none. */
  readonly authCode: Uint8Array | undefined;
  /** Up to 255 bytes. */
  readonly payload: Uint8Array;
}

/** The form of IPMI 2.0 (RMCP+), up to the payload's end. */
export interface Packet20 {
  readonly format: "2.0";
  readonly payloadType: number;
  readonly isEncrypted: boolean;
  readonly isAuthenticated: boolean;
  /** Only with payload type 2. */
  readonly oem?: OemPayload;
  /** 0 outside sessions. */
  readonly sessionId: number;
  /** 0 outside sessions. */
  readonly sequence: number;
  /** As on the wire: encrypted where `isEncrypted`. */
  readonly payload: Uint8Array;
  /** What follows the payload: in authenticated packets the session trailer. */
  readonly trailer: Uint8Array;
}

/** Whose payload it is, in packets of payload type 2. */
interface OemPayload {
  /** IANA enterprise number. */
  readonly enterprise: number;
  readonly payloadId: number;
}

/** Why a datagram is no session packet: not RMCP of class IPMI, or shorter than its fields say. */
export type PacketFault = "not-ipmi" | "length";

const authTypeField = u8(4);
const AUTH_CODE_SIZE = 16;
const header15 = { sequence: u32(5), sessionId: u32(9) } as const;
const AUTH_CODE_AT = 13;
/** Overall sizes that some LAN controllers cannot send: a pad byte avoids them. @see IPMI 2.0, table 13-8, "Legacy PAD" */
const LEGACY_PAD_SIZES: ReadonlySet<number> = new Set([56, 84, 112, 128, 156]);

const payloadTypeField = bits(5, 0, 6);
const authenticatedFlag = flag(5, 6);
const encryptedFlag = flag(5, 7);
const oemFields = { enterprise: u32(6), payloadId: u16(10) } as const;
const OEM_SIZE = 6;
const header20 = { sessionId: u32(6), sequence: u32(10), payloadLength: u16(14) } as const;
const oemHeader20 = { sessionId: u32(12), sequence: u32(16), payloadLength: u16(20) } as const;
/** Where the payload begins in packets of all types but OEM explicit. */
export const PAYLOAD_AT_20 = 16;
const NEXT_HEADER = 0x07;
/** Pad length and next header. */
const TRAILER_FIELDS_SIZE = 2;
const INTEGRITY_PAD = 0xff;

/** @throws RangeError for fields that do not fit */
export function encodePacket15(packet: Omit<Packet15, "format">): Uint8Array {
  const { payload, authCode } = packet;
  if (payload.length > 0xff) throw new RangeError(`an IPMI 1.5 packet takes 255 payload bytes, not ${payload.length}`);
  const lengthAt = AUTH_CODE_AT + (packet.authType === authTypes.none ? 0 : AUTH_CODE_SIZE);
  const size = lengthAt + 1 + payload.length;
  const bytes = new Uint8Array(LEGACY_PAD_SIZES.has(size) ? size + 1 : size);
  writeRmcpHeader(bytes, rmcpClasses.ipmi);
  authTypeField.write(bytes, packet.authType);
  header15.sequence.write(bytes, packet.sequence);
  header15.sessionId.write(bytes, packet.sessionId);
  if (packet.authType !== authTypes.none) {
    if (authCode?.length !== AUTH_CODE_SIZE) throw new RangeError("an authentication code has 16 bytes");
    bytes.set(authCode, AUTH_CODE_AT);
  }
  bytes[lengthAt] = payload.length;
  bytes.set(payload, lengthAt + 1);
  return bytes;
}

/**
 * An IPMI 2.0 packet's header and room for the rest: `payloadSize` bytes, and `authCodeSize` for a trailer where the packet is
 * authenticated, its pad, pad length and next header already written. The authentication code covers the bytes from 4 up to the
 * code itself.
 * @see IPMI 2.0, table 13-8 and section 13.28.4
 */
export function preparePacket20(
  header: Omit<Packet20, "format" | "payload" | "trailer">,
  payloadSize: number,
  authCodeSize: number,
): Uint8Array {
  const { oem } = header;
  if ((header.payloadType === payloadTypes.oemExplicit) !== (oem !== undefined))
    throw new RangeError("payload type 2, and no other, names an enterprise and a payload of its own");
  const payloadAt = oem ? PAYLOAD_AT_20 + OEM_SIZE : PAYLOAD_AT_20;
  const end = payloadAt + payloadSize;
  const pad = header.isAuthenticated ? -(end - RMCP_HEADER_SIZE + TRAILER_FIELDS_SIZE) & 3 : 0;
  const size = header.isAuthenticated ? end + pad + TRAILER_FIELDS_SIZE + authCodeSize : end;
  const bytes = new Uint8Array(size);
  writeRmcpHeader(bytes, rmcpClasses.ipmi);
  authTypeField.write(bytes, authTypes.rmcpPlus);
  payloadTypeField.write(bytes, header.payloadType);
  authenticatedFlag.write(bytes, header.isAuthenticated);
  encryptedFlag.write(bytes, header.isEncrypted);
  if (oem) {
    oemFields.enterprise.write(bytes, oem.enterprise);
    oemFields.payloadId.write(bytes, oem.payloadId);
  }
  const fields = oem ? oemHeader20 : header20;
  fields.sessionId.write(bytes, header.sessionId);
  fields.sequence.write(bytes, header.sequence);
  fields.payloadLength.write(bytes, payloadSize);
  if (header.isAuthenticated) {
    bytes.fill(INTEGRITY_PAD, end, end + pad);
    bytes[end + pad] = pad;
    bytes[end + pad + 1] = NEXT_HEADER;
  }
  return bytes;
}

/** A packet without a trailer, as used before a session is set up. @throws RangeError for fields that do not fit */
export function encodePacket20(packet: Omit<Packet20, "format" | "trailer" | "isAuthenticated">): Uint8Array {
  const bytes = preparePacket20({ ...packet, isAuthenticated: false }, packet.payload.length, 0);
  bytes.set(packet.payload, bytes.length - packet.payload.length);
  return bytes;
}

/** True where a trailer has its form and its authentication code the size that was agreed: pad, pad length, next header, code. */
export function isTrailerSound(trailer: Uint8Array, authCodeSize: number): boolean {
  const padLengthAt = trailer.length - authCodeSize - TRAILER_FIELDS_SIZE;
  return padLengthAt >= 0 && trailer[padLengthAt] === padLengthAt && trailer[padLengthAt + 1] === NEXT_HEADER;
}

function decode15(datagram: Uint8Array, authType: number): Packet15 | PacketFault {
  const lengthAt = AUTH_CODE_AT + (authType === authTypes.none ? 0 : AUTH_CODE_SIZE);
  const length = datagram[lengthAt];
  // A legacy pad may follow.
  if (length === undefined || lengthAt + 1 + length > datagram.length) return "length";
  return {
    format: "1.5",
    authType,
    sequence: header15.sequence.read(datagram),
    sessionId: header15.sessionId.read(datagram),
    authCode: authType === authTypes.none ? undefined : copyOf(datagram, AUTH_CODE_AT, lengthAt),
    payload: copyOf(datagram, lengthAt + 1, lengthAt + 1 + length),
  };
}

function decode20(datagram: Uint8Array): Packet20 | PacketFault {
  if (datagram.length < PAYLOAD_AT_20) return "length";
  const payloadType = payloadTypeField.read(datagram);
  const isOem = payloadType === payloadTypes.oemExplicit;
  const payloadAt = isOem ? PAYLOAD_AT_20 + OEM_SIZE : PAYLOAD_AT_20;
  if (datagram.length < payloadAt) return "length";
  const fields = isOem ? oemHeader20 : header20;
  const end = payloadAt + fields.payloadLength.read(datagram);
  if (end > datagram.length) return "length";
  const packet: Packet20 = {
    format: "2.0",
    payloadType,
    isEncrypted: encryptedFlag.read(datagram),
    isAuthenticated: authenticatedFlag.read(datagram),
    sessionId: fields.sessionId.read(datagram),
    sequence: fields.sequence.read(datagram),
    payload: copyOf(datagram, payloadAt, end),
    trailer: copyOf(datagram, end, datagram.length),
  };
  if (!isOem) return packet;
  const oem = { enterprise: oemFields.enterprise.read(datagram), payloadId: oemFields.payloadId.read(datagram) };
  return { ...packet, oem };
}

/** Reads a session packet of either form. A string says why it is none. Payload and codes are copies. */
export function decodePacket(datagram: Uint8Array): Packet15 | Packet20 | PacketFault {
  if (rmcpClassOf(datagram) !== rmcpClasses.ipmi) return "not-ipmi";
  const authType = datagram[4];
  if (authType === undefined) return "length";
  return authType === authTypes.rmcpPlus ? decode20(datagram) : decode15(datagram, authType);
}
