/** What a TLS server offers, asked with hellos made byte by byte: libraries no longer speak what must not be offered. */
import { connect } from "node:net";

/** Versions of SSL 3.0 to TLS 1.2 as they stand on the wire. @see RFC 5246, appendix E.1 */
export const versions = { "SSL 3.0": 0x0300, "TLS 1.0": 0x0301, "TLS 1.1": 0x0302, "TLS 1.2": 0x0303 } as const;

const HANDSHAKE = 22;
const ALERT = 21;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;

/** The blocks in which suites have been given numbers. @see IANA, "TLS Cipher Suites" */
const blocks = [0x0000, 0xc000, 0xcc00, 0xd000, 0xfe00];
const allSuites = blocks.flatMap((block) => Array.from({ length: 256 }, (_, low) => block | low));

const uint16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const withLength = (...parts: readonly Uint8Array[]) => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([uint16(bytes.length), bytes]);
};
const list16 = (values: readonly number[]) => withLength(...values.map(uint16));
const extension = (type: number, content: Uint8Array) => Buffer.concat([uint16(type), withLength(content)]);

/** Groups and signatures that every server knows, and the weak signatures that go with old versions. @see RFC 8422, RFC 8446 */
const extensions = [
  extension(10, list16([0x001d, 0x0017, 0x0018, 0x0019])),
  extension(11, Buffer.from([1, 0])),
  extension(13, list16([0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201])),
];

/** A hello that offers these suites. @see RFC 5246, section 7.4.1.2 */
export function clientHello(version: number, suites: readonly number[]): Buffer {
  const random = Buffer.alloc(32, 7);
  const noSession = Buffer.from([0]);
  const noCompression = Buffer.from([1, 0]);
  const body = Buffer.concat([
    uint16(version),
    random,
    noSession,
    list16(suites),
    noCompression,
    ...(version === versions["SSL 3.0"] ? [] : [withLength(...extensions)]),
  ]);
  const message = Buffer.concat([Buffer.from([CLIENT_HELLO, 0]), uint16(body.length), body]);
  return Buffer.concat([Buffer.from([HANDSHAKE]), uint16(Math.min(version, versions["TLS 1.0"])), withLength(message)]);
}

/** The first record that a server answers with; empty where it hangs up. */
function answerTo(port: number, hello: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let held: Buffer = Buffer.alloc(0);
    const socket = connect(port, "127.0.0.1", () => socket.write(hello));
    socket.on("data", (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      if (held.length >= 5 && held.length >= 5 + held.readUInt16BE(3)) socket.destroy();
    });
    socket.on("error", (error) => (held.length > 0 ? undefined : reject(error)));
    socket.on("close", () => resolve(held));
  });
}

/** The suite that a server chooses; undefined where it refuses with an alert. */
async function chosen(port: number, version: number, suites: readonly number[]): Promise<number | undefined> {
  const record = await answerTo(port, clientHello(version, suites));
  if (record[0] === ALERT) return undefined;
  if (record[0] !== HANDSHAKE || record[5] !== SERVER_HELLO || record.readUInt16BE(9) !== version)
    throw new RangeError(
      `expected an alert or a server's hello of version ${version}, got ${record.toString("hex", 0, 16)}`,
    );
  return record.readUInt16BE(44 + record.readUInt8(43));
}

/** The suites that a server offers of a version before 1.3, the one that it likes most first. */
export async function suitesOffered(port: number, version: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (;;) {
    const suite = await chosen(
      port,
      version,
      allSuites.filter((number) => !found.includes(number)),
    );
    if (suite === undefined) return found;
    found.push(suite);
  }
}
