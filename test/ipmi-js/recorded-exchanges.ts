import { recordedSession } from "../support/recorded-ipmi.ts";

/** A request and what answered it, of a session without encryption. */
export interface Exchange {
  readonly netFn: number;
  readonly command: number;
  readonly request: Uint8Array;
  readonly completionCode: number;
  readonly reply: Uint8Array;
}

/** Bytes of RMCP and IPMI 2.0 headers without integrity: class 4, authentication type 1, payload type 1, ids and numbers 8, length 2. */
const HEADER = 16;
/** Addresses, netFn, sequence number, command and checksums around a request's data; a reply has a completion code besides. */
const REQUEST_DATA = 6;
const REPLY_DATA = 7;

/** The IPMI messages of a recorded session of cipher suite 0, after its set-up; a request with its reply by sequence number. */
export function exchangesOf(name: string): Exchange[] {
  const requests = new Map<number, Uint8Array>();
  const exchanges: Exchange[] = [];
  for (const { from, bytes } of recordedSession(name).packets) {
    // IPMI 2.0 (authentication type 6), payload type 0.
    if (bytes[4] !== 6 || bytes[5] !== 0) continue;
    const message = bytes.subarray(HEADER, bytes.length);
    const sequenceNumber = message[4]! >> 2;
    if (from === "client") {
      requests.set(sequenceNumber, message);
      continue;
    }
    const request = requests.get(sequenceNumber);
    if (request === undefined || request[5] !== message[5]) continue;
    exchanges.push({
      netFn: request[1]! >> 2,
      command: request[5]!,
      request: request.slice(REQUEST_DATA, -1),
      completionCode: message[6]!,
      reply: message.slice(REPLY_DATA, -1),
    });
  }
  return exchanges;
}
