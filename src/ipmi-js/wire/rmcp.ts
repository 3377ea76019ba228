/**
 * The Remote Management Control Protocol's header, which every datagram begins with.
 * @see IPMI 2.0, section 13.1.3 and table 13-1
 */

/** First byte: RMCP version 1.0. */
const RMCP_VERSION = 0x06;
/** Sequence number of messages that want no RMCP acknowledge: all of IPMI's. */
const NO_RMCP_ACK = 0xff;
/** Bytes of the header. */
export const RMCP_HEADER_SIZE = 4;

/** Classes of message; bit 7 set makes it the acknowledge of one. */
export const rmcpClasses = { asf: 0x06, ipmi: 0x07, oem: 0x08 } as const;

/** Writes the header: version, reserved, sequence number, class. */
export function writeRmcpHeader(bytes: Uint8Array, messageClass: number, sequence: number = NO_RMCP_ACK): void {
  bytes[0] = RMCP_VERSION;
  bytes[1] = 0;
  bytes[2] = sequence;
  bytes[3] = messageClass;
}

/** The class of an RMCP message, with bit 7 for an acknowledge; undefined where it is none. */
export function rmcpClassOf(datagram: Uint8Array): number | undefined {
  return datagram.length >= RMCP_HEADER_SIZE && datagram[0] === RMCP_VERSION ? datagram[3] : undefined;
}
