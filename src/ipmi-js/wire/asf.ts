import { bytesAt, bits, flag, layout, u8, type Decoded } from "../bytes/layout.ts";
import { rmcpClasses, rmcpClassOf, RMCP_HEADER_SIZE, writeRmcpHeader } from "./rmcp.ts";

/** Enterprise number of ASF, in the byte order of the wire: most significant byte first, unlike IPMI's integers. */
const ASF_ENTERPRISE = [0x00, 0x00, 0x11, 0xbe] as const;
const HEADER_SIZE = 8;
const asfTypes = { pong: 0x40, ping: 0x80 } as const;

/** What a Presence Pong says. @see IPMI 2.0, section 13.2.4 and table 13-7; ASF 2.0, section 3.2.4.3 */
const pong = layout(
  {
    /** Enterprise number of whoever defines `oem`, as on the wire: most significant byte first. */
    enterprise: bytesAt(0, 4),
    oem: bytesAt(4, 4),
    supportsIpmi: flag(8, 7),
    /** 1 for ASF 1.0. */
    asfVersion: bits(8, 0, 4),
    /** Bit 7: RMCP security extensions, bit 5: DASH. */
    interactions: u8(9),
  },
  16,
);
export type PresencePong = Decoded<typeof pong>;

/** An ASF message that we know. The tag ties an answer to its question. */
export type AsfMessage =
  | { readonly kind: "ping"; readonly tag: number }
  | { readonly kind: "pong"; readonly tag: number; readonly pong: PresencePong };

function encode(type: number, tag: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RMCP_HEADER_SIZE + HEADER_SIZE + data.length);
  writeRmcpHeader(bytes, rmcpClasses.asf);
  bytes.set(ASF_ENTERPRISE, RMCP_HEADER_SIZE);
  bytes[8] = type;
  bytes[9] = tag;
  bytes[11] = data.length;
  bytes.set(data, RMCP_HEADER_SIZE + HEADER_SIZE);
  return bytes;
}

/** The datagram that asks who is there. Tag: 0–254. @see IPMI 2.0, section 13.2.3 */
export const encodePresencePing = (tag: number): Uint8Array => encode(asfTypes.ping, tag, new Uint8Array());

/** The answer to a Presence Ping with that tag. */
export const encodePresencePong = (tag: number, value: PresencePong): Uint8Array =>
  encode(asfTypes.pong, tag, pong.encode(value));

/** Reads a Presence Ping or Pong; undefined for every other datagram. */
export function decodeAsf(datagram: Uint8Array): AsfMessage | undefined {
  if (rmcpClassOf(datagram) !== rmcpClasses.asf || datagram.length < RMCP_HEADER_SIZE + HEADER_SIZE) return undefined;
  if (ASF_ENTERPRISE.some((byte, index) => datagram[RMCP_HEADER_SIZE + index] !== byte)) return undefined;
  const tag = datagram[9]!;
  const data = Uint8Array.from(datagram.subarray(RMCP_HEADER_SIZE + HEADER_SIZE));
  if (data.length < datagram[11]!) return undefined;
  if (datagram[8] === asfTypes.ping) return { kind: "ping", tag };
  return datagram[8] === asfTypes.pong && data.length >= 10
    ? { kind: "pong", tag, pong: pong.decode(data) }
    : undefined;
}
