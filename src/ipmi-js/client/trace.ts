/** One thing that went by. */
export interface TraceEvent {
  readonly direction: "sent" | "received";
  /** A whole datagram, or the IPMI message that was in it, decrypted. */
  readonly kind: "datagram" | "message";
  /** Hex digits, with key material replaced by its length: `0600ff07 06 12 … (44 bytes left out)`. */
  readonly hex: string;
}

/** Shows what goes by. Passwords, authentication codes of IPMI 1.5, and the contents of RAKP messages are left out. */
export interface Trace {
  event(event: TraceEvent): void;
  /** True shows IPMI messages too, decrypted. */
  readonly showsMessages?: boolean;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function withGap(bytes: Uint8Array, from: number, to = bytes.length): string {
  if (from >= bytes.length) return hex(bytes);
  return `${hex(bytes.subarray(0, from))}(${Math.min(to, bytes.length) - from} bytes left out)${hex(bytes.subarray(to))}`;
}

/** RMCP header: version, reserved, sequence, class. @see IPMI 2.0, table 13-9 */
const RMCP_HEADER = 4;
const RMCP_CLASS_IPMI = 7;
const RMCP_PLUS = 6;
/** Bytes before the payload: in an RMCP+ packet, and in one of IPMI 1.5 without and with an authentication code. */
const PLUS_HEADER = 16;
const PLAIN_HEADER = 14;
const AUTH_CODE = 16;
/** RAKP messages 1 to 4. @see IPMI 2.0, table 13-16 */
const isRakp = (payloadType: number): boolean => payloadType >= 0x12 && payloadType <= 0x15;

const NETFN_APP = 0x06;
const SEND_MESSAGE = 0x34;
const ACTIVATE_SESSION = 0x3a;
const SET_USER_PASSWORD = 0x47;
const SET_CHANNEL_SECURITY_KEYS = 0x56;
const COMMAND_AT = 5;
/** Bytes of a message before its data; and before a bridged message, which has the channel in front. */
const MESSAGE_HEADER = 6;
const BRIDGED_AT = MESSAGE_HEADER + 1;

/** Where the secret part of an IPMI message begins; -1 where it has none. */
function secretAt(message: Uint8Array): number {
  const netFn = (message[1] ?? 0) >> 2;
  if (netFn !== NETFN_APP) return -1;
  switch (message[COMMAND_AT] ?? 0) {
    case SET_USER_PASSWORD:
    case SET_CHANNEL_SECURITY_KEYS:
    case ACTIVATE_SESSION:
      return MESSAGE_HEADER;
    case SEND_MESSAGE: {
      const inner = secretAt(message.subarray(BRIDGED_AT));
      return inner === -1 ? -1 : BRIDGED_AT + inner;
    }
    default:
      return -1;
  }
}

/** An IPMI message as hex, without what is secret. */
export function messageHex(message: Uint8Array): string {
  const at = secretAt(message);
  return at === -1 ? hex(message) : withGap(message, at);
}

/** A datagram as hex, without what is secret. */
export function datagramHex(datagram: Uint8Array): string {
  if (datagram[3] !== RMCP_CLASS_IPMI) return hex(datagram);
  const authType = datagram[RMCP_HEADER] ?? 0;
  if (authType === RMCP_PLUS) {
    const payloadType = datagram[5] ?? 0;
    if (isRakp(payloadType & 0x3f)) return withGap(datagram, PLUS_HEADER);
    // An encrypted payload keeps its secrets by itself.
    const isPlainMessage = (payloadType & 0xbf) === 0;
    const at = isPlainMessage ? secretAt(datagram.subarray(PLUS_HEADER)) : -1;
    return at === -1 ? hex(datagram) : withGap(datagram, PLUS_HEADER + at);
  }
  if (authType === 0) {
    const at = secretAt(datagram.subarray(PLAIN_HEADER));
    return at === -1 ? hex(datagram) : withGap(datagram, PLAIN_HEADER + at);
  }
  // The authentication code is a digest with the password in it, or the password itself.
  const codeAt = PLAIN_HEADER - 1;
  const at = secretAt(datagram.subarray(PLAIN_HEADER + AUTH_CODE));
  if (at !== -1) return withGap(datagram, codeAt);
  return withGap(datagram, codeAt, codeAt + AUTH_CODE);
}
