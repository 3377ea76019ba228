/**
 * The IPMI messages of recorded sessions (test/support/recorded-ipmi.ts), decrypted with the password in the recording. Nothing of ipmi-js has a
 * part in it, so that its codecs can be held against what is found here.
 */
import { createDecipheriv, createHmac } from "node:crypto";
import type { RecordedSession } from "./recorded-ipmi.ts";

/** A command that was asked and answered. */
export interface RecordedCommand {
  readonly netFn: number;
  readonly code: number;
  readonly lun: number;
  /** Data behind the command's code. */
  readonly request: Uint8Array;
  readonly completionCode: number;
  /** Data behind the completion code. */
  readonly reply: Uint8Array;
}

const RMCP_PLUS = 6;
const RAKP_1 = 0x12;
const RAKP_2 = 0x13;
const IPMI = 0x00;
const ENCRYPTED = 0x80;

/** Hash of the authentication algorithm, by cipher suite. */
const hashes: Readonly<Record<number, string>> = { 1: "sha1", 2: "sha1", 3: "sha1", 6: "md5", 17: "sha256" };

interface Payload {
  readonly type: number;
  readonly isEncrypted: boolean;
  readonly bytes: Uint8Array;
}

function payloadOf(datagram: Uint8Array): Payload | undefined {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  // ASF, and not IPMI.
  if (view.getUint8(3) !== 7) return undefined;
  if (view.getUint8(4) === RMCP_PLUS) {
    const typeByte = view.getUint8(5);
    const length = view.getUint16(14, true);
    const bytes = datagram.slice(16, 16 + length);
    return { type: typeByte & 0x3f, isEncrypted: (typeByte & ENCRYPTED) !== 0, bytes };
  }
  const at = view.getUint8(4) === 0 ? 13 : 29;
  return { type: IPMI, isEncrypted: false, bytes: datagram.slice(at + 1, at + 1 + view.getUint8(at)) };
}

/** K2 of the session, from what was exchanged to set it up. */
class Key {
  readonly #session: RecordedSession;
  #console = new Uint8Array();
  #bmc = new Uint8Array();

  constructor(session: RecordedSession) {
    this.#session = session;
  }

  learn({ type, bytes }: Payload): void {
    if (type === RAKP_1) this.#console = bytes.slice(8);
    if (type === RAKP_2 && bytes.length >= 24) this.#bmc = bytes.slice(8, 24);
  }

  decrypt(bytes: Uint8Array): Uint8Array {
    const { suite = 0, kg, password } = this.#session;
    const hash = hashes[suite] ?? "sha1";
    const [random, role, length, name] = [
      this.#console.slice(0, 16),
      this.#console.slice(16, 17),
      this.#console.slice(19, 20),
      this.#console.slice(20),
    ];
    const integrity = createHmac(hash, kg ?? password);
    for (const part of [random, this.#bmc, role, length, name]) integrity.update(part);
    const k2 = createHmac(hash, integrity.digest()).update(new Uint8Array(20).fill(2)).digest();
    const decipher = createDecipheriv("aes-128-cbc", k2.subarray(0, 16), bytes.slice(0, 16)).setAutoPadding(false);
    const plain = new Uint8Array([...decipher.update(bytes.slice(16)), ...decipher.final()]);
    return plain.slice(0, plain.length - 1 - (plain.at(-1) ?? 0));
  }
}

/** All commands of a session that were answered, in the order of their answers. */
export function recordedCommands(session: RecordedSession): readonly RecordedCommand[] {
  const key = new Key(session);
  const open = new Map<string, { readonly lun: number; readonly request: Uint8Array }>();
  const commands: RecordedCommand[] = [];
  for (const { from, bytes } of session.packets) {
    const payload = payloadOf(bytes);
    if (!payload) continue;
    key.learn(payload);
    if (payload.type !== IPMI) continue;
    const message = payload.isEncrypted ? key.decrypt(payload.bytes) : payload.bytes;
    const [, netFnAndLun = 0, , , sequenceAndLun = 0, code = 0] = message;
    const netFn = (netFnAndLun >> 2) & ~1;
    const id = `${netFn} ${code} ${sequenceAndLun >> 2}`;
    const data = message.slice(6, -1);
    if (from === "client") {
      open.set(id, { lun: netFnAndLun & 3, request: data });
      continue;
    }
    const asked = open.get(id);
    if (asked) commands.push({ netFn, code, ...asked, completionCode: data[0] ?? 0xff, reply: data.slice(1) });
    open.delete(id);
  }
  return commands;
}
