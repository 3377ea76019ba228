import type { Socket } from "node:net";
import { toError } from "../../lib/to-error.ts";
import { LdapError } from "./ldap-error.ts";
import type { LdapServer } from "./ldap-server.ts";

/** StartTLS's name (RFC 4511, section 4.14.1). */
const START_TLS = "1.3.6.1.4.1.1466.20037";

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const ENUMERATED = 0x0a;
/** [APPLICATION 23] and [APPLICATION 24], constructed. */
const EXTENDED_REQUEST = 0x77;
const EXTENDED_RESPONSE = 0x78;
/** [0], the name in a request. */
const REQUEST_NAME = 0x80;

const MESSAGE_ID = 1;
/** Lengths in one byte go up to here. */
const LONGEST_SHORT_FORM = 0x7f;
/** No answer to StartTLS has a reason to be longer. */
const LONGEST_ANSWER = 4096;

const element = (tag: number, ...content: readonly number[]) => [tag, content.length, ...content];

/** The whole request: LDAPMessage { 1, ExtendedRequest { StartTLS } }. */
const request = Buffer.from(
  element(
    SEQUENCE,
    ...element(INTEGER, MESSAGE_ID),
    ...element(EXTENDED_REQUEST, ...element(REQUEST_NAME, ...Buffer.from(START_TLS))),
  ),
);

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

/** The BER element at the beginning; undefined where it is not whole yet. */
function elementAt(bytes: Buffer, start = 0): Element | undefined {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) return undefined;
  const isShort = first <= LONGEST_SHORT_FORM;
  const size = isShort ? 0 : first - LONGEST_SHORT_FORM - 1;
  if (size > 4 || (!isShort && size === 0)) throw new RangeError(`a length of ${size} bytes`);
  const from = start + 2 + size;
  if (bytes.length < from) return undefined;
  const end = from + (isShort ? first : bytes.readUIntBE(start + 2, size));
  if (end > LONGEST_ANSWER) throw new RangeError(`an answer of ${end} bytes`);
  return bytes.length < end ? undefined : { tag, content: bytes.subarray(from, end), end };
}

/** The result code of an answer to StartTLS; undefined where the answer is not whole yet. */
function resultCodeOf(bytes: Buffer): number | undefined {
  if (bytes[0] !== SEQUENCE) throw new RangeError("the answer is not LDAP");
  const message = elementAt(bytes);
  if (!message) return undefined;
  // What follows in the clear may be from anybody, and must not be read later as if it had come over TLS.
  if (message.end !== bytes.length) throw new RangeError("something follows the answer in the clear");
  const id = elementAt(message.content);
  const response = id && elementAt(message.content, id.end);
  const result = response && elementAt(response.content);
  const isExpected =
    id?.tag === INTEGER &&
    id.content.equals(Buffer.of(MESSAGE_ID)) &&
    response?.tag === EXTENDED_RESPONSE &&
    result?.tag === ENUMERATED &&
    result.content.length === 1;
  if (!isExpected) throw new RangeError("the answer is not one to StartTLS");
  return result.content[0];
}

/**
 * Asks for TLS on a connection that is in the clear (RFC 4511, section 4.14). When this is settled, the socket has no listener of ours, and
 * nothing has been read of what comes next.
 *
 * Done by hand, because a client that already listens takes what an attacker sends behind the answer, in the clear, for what the directory
 * says later.
 *
 * @throws LdapError `untrusted` where the server will not, `not-ldap`, `unreachable`
 */
export function askForTls(socket: Socket, { url }: LdapServer): Promise<void> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const settle = (error?: LdapError) => {
      socket.off("data", read).off("error", fail).off("close", closed);
      socket.pause();
      if (error) reject(error);
      else resolve();
    };
    const fail = (cause: Error) =>
      settle(new LdapError("unreachable", url, `the connection broke before TLS: ${cause.message}`, { cause }));
    const closed = () => settle(new LdapError("unreachable", url, "closed the connection before TLS"));
    const read = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      try {
        const resultCode = resultCodeOf(received);
        if (resultCode === 0) settle();
        else if (resultCode !== undefined)
          settle(new LdapError("untrusted", url, `refuses StartTLS (result ${resultCode})`, { resultCode }));
      } catch (cause) {
        settle(new LdapError("not-ldap", url, `StartTLS failed: ${toError(cause).message}`, { cause }));
      }
    };
    socket.on("data", read).on("error", fail).on("close", closed);
    socket.write(request);
  });
}
