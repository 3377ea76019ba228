import { afterAll, afterEach, describe, expect, test } from "bun:test";
import type { ConnectionOptions } from "node:tls";
import { hasOpenssl, Pki } from "../support/certificates.ts";
import { clientHello, versions } from "../support/client-hello.ts";
import { RawHttp } from "../support/raw-http.ts";
import { serveTls, tlsOf } from "../support/tls-server.ts";

const pki = new Pki();
const connections: RawHttp[] = [];
const stops: (() => Promise<void>)[] = [];
afterAll(() => pki.remove());
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const TEST = "GET /opendcre/1.2/test HTTP/1.1";
const post = (path: string, headers: string, body: string) =>
  `POST /opendcre/1.2/${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`;
/** What is smuggled: it must never be taken for a request. */
const off = "GET /opendcre/1.2/power/1/1/off HTTP/1.1\r\nHost: x\r\n\r\n";
const asChunks = (framing: string) => post("test", framing, `0\r\n\r\n${off}`);
const manyHeaders = Array.from({ length: 10_000 }, (_, index) => `X-${index}: y\r\n`).join("");

/** Requests that are to be refused, with their connection, by status. */
const refused: readonly (readonly [name: string, status: number, request: string])[] = [
  ["Content-Length and Transfer-Encoding", 400, asChunks("Content-Length: 5\r\nTransfer-Encoding: chunked")],
  ["Transfer-Encoding and Content-Length", 400, asChunks("Transfer-Encoding: chunked\r\nContent-Length: 9")],
  ["two lengths", 400, post("test", `Content-Length: 0\r\nContent-Length: ${off.length}`, off)],
  ["two lengths, the longer first", 400, post("test", `Content-Length: ${off.length}\r\nContent-Length: 0`, off)],
  ["a list of lengths", 400, post("test", `Content-Length: 0, ${off.length}`, off)],
  ["a length with a sign", 400, post("test", "Content-Length: +0", off)],
  ["a negative length", 400, post("test", "Content-Length: -1", off)],
  ["a hexadecimal length", 400, post("test", "Content-Length: 0x0", off)],
  ["a length beyond all numbers", 400, post("test", "Content-Length: 99999999999999999999999", off)],
  ["an unknown transfer encoding", 400, asChunks("Transfer-Encoding: xchunked")],
  ["identity as transfer encoding", 400, asChunks("Transfer-Encoding: identity")],
  ["two transfer encodings", 400, asChunks("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")],
  ["chunked twice", 400, asChunks("Transfer-Encoding: chunked, chunked")],
  ["a transfer encoding behind a vertical tab", 400, asChunks("Transfer-Encoding: \x0bchunked\r\nContent-Length: 5")],
  ["a transfer encoding in quotes", 400, asChunks('Transfer-Encoding: "chunked"\r\nContent-Length: 5')],
  ["an empty transfer encoding", 400, post("test", "Transfer-Encoding:\r\nContent-Length: 0", off)],
  ["an empty length", 400, post("test", "Content-Length:", off)],
  ["a length with something behind it", 400, post("test", `Content-Length: ${off.length};x`, off)],
  ["a space before the colon", 400, asChunks("Transfer-Encoding : chunked")],
  ["chunks in HTTP/1.0", 400, asChunks("Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0")],
  ["a negative chunk", 400, post("power/1/1/off", "Transfer-Encoding: chunked", "-1\r\n\r\n")],
  ["a hexadecimal chunk", 400, post("power/1/1/off", "Transfer-Encoding: chunked", "0x1\r\nx\r\n0\r\n\r\n")],
  [
    "a chunk that is longer than it says",
    400,
    post("power/1/1/off", "Transfer-Encoding: chunked", "1\r\nxyz0\r\n\r\n"),
  ],
  [
    "a chunk's extension that ends in LF",
    400,
    post("power/1/1/off", "Transfer-Encoding: chunked", "1;a=\nx\r\n0\r\n\r\n"),
  ],
  ["chunks that end in LF", 400, post("power/1/1/off", "Transfer-Encoding: chunked", "1\nx\n0\n\n")],
  ["an endless chunk", 400, post("power/1/1/off", "Transfer-Encoding: chunked", "fffffffffffffffff\r\nx")],
  ["a folded header", 400, `${TEST}\r\nHost: x\r\nX: a\r\n b\r\n\r\n`],
  ["a folded length", 400, post("test", "Content-Length:\r\n 0", off)],
  ["lines that end in LF", 505, `${TEST}\nHost: x\n\n`],
  ["a header that ends in LF", 400, `${TEST}\r\nHost: x\nX: y\r\n\r\n`],
  ["a CR in a header", 400, `${TEST}\r\nHost: x\rX: y\r\n\r\n`],
  ["a NUL in a header", 400, `${TEST}\r\nHost: x\r\nX: a\0b\r\n\r\n`],
  ["a NUL in a header's name", 400, `${TEST}\r\nHost: x\r\nX\0: a\r\n\r\n`],
  ["a NUL in the path", 505, `GET /opendcre/1.2/te\0st HTTP/1.1\r\nHost: x\r\n\r\n`],
  ["a NUL in the method", 505, `G\0ET /opendcre/1.2/test HTTP/1.1\r\nHost: x\r\n\r\n`],
  ["a header without a name", 400, `${TEST}\r\nHost: x\r\n: y\r\n\r\n`],
  ["a header without a colon", 400, `${TEST}\r\nHost: x\r\nX\r\n\r\n`],
  ["no host", 400, `${TEST}\r\n\r\n`],
  ["HTTP/2 without asking", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["10,000 headers", 431, `${TEST}\r\nHost: x\r\n${manyHeaders}\r\n`],
  ["a header of 100,000 bytes", 431, `${TEST}\r\nHost: x\r\nX: ${"y".repeat(100_000)}\r\n\r\n`],
];

/** Requests that never become complete. */
const slow: readonly (readonly [name: string, request: string, drop: string | undefined])[] = [
  ["nothing at all", "", undefined],
  ["half a request", "GET /opendcre/1.2/test HTTP/1.1\r\nHo", undefined],
  ["a byte now and then", `${TEST}\r\nHost: x\r\nX: `, "y"],
  ["a header now and then", `${TEST}\r\nHost: x\r\n`, "X: y\r\n"],
];

/** The same for TLS's own beginning: a record that says that it has 512 bytes; and silence after the server's hello. */
const slowHandshakes: typeof slow = [
  ["no hello", "", undefined],
  ["half a hello", "\x16\x03\x01\x02\x00\x01", undefined],
  ["a hello that drips", "\x16\x03\x01\x02\x00\x01", "\0"],
  ["a hello alone", clientHello(versions["TLS 1.2"], [0xc02b]).toString("latin1"), undefined],
];

/** The API, over TLS where that is wanted. */
function serveOver(isTls: boolean) {
  const tls = isTls ? tlsOf(pki.make("localhost", { names: "DNS:localhost" })) : undefined;
  const served = serveTls({ tls });
  stops.push(() => served.listener.stop());
  const openWith = async (how: ConnectionOptions | undefined) => {
    const connection = await RawHttp.open(served.listener.port, "127.0.0.1", how);
    connections.push(connection);
    return connection;
  };
  return {
    ...served,
    open: () => openWith(tls && { rejectUnauthorized: false }),
    openPlain: () => openWith(undefined),
  };
}

describe.each([
  ["plain HTTP", false],
  ["TLS (needs openssl)", true],
])("over %s", (_, isTls) => {
  const serve = () => serveOver(isTls);

  describe.skipIf(isTls && !hasOpenssl)("is refused with its connection", () => {
    test.each(refused)("%s", async (_name, status, request) => {
      const { open, backend, requests } = serve();
      const [hostile, other] = [await open(), await open()];
      hostile.send(Buffer.from(request, "latin1"));
      expect((await hostile.answer()).status).toBe(status);
      await hostile.closed;
      expect(await hostile.answer().catch((error: Error) => error.message)).toBe('the connection was closed after ""');
      expect(backend.commands).toEqual([]);
      // Only where a body turns out to be none has the request been seen.
      expect(requests.length).toBeLessThanOrEqual(1);
      expect((await other.ask(TEST)).status).toBe(200);
    });
  });

  test.skipIf(isTls && !hasOpenssl)("requests that come together are answered one by one, in their order", async () => {
    const { open } = serve();
    const http = await open();
    const paths = Array.from({ length: 200 }, (_name, index) => (index % 3 === 0 ? "nosuch" : "test"));
    http.send(paths.map((path) => `GET /opendcre/1.2/${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(""));
    for (const path of paths) expect((await http.answer()).status).toBe(path === "test" ? 200 : 404);
  });

  test.skipIf(isTls && !hasOpenssl)("a body is no request, whether anyone reads it or not", async () => {
    const { open, backend } = serve();
    for (const line of [
      "GET /opendcre/1.2/test",
      "POST /opendcre/1.2/test",
      "POST /nosuch",
      "PUT /opendcre/1.2/test",
    ]) {
      const http = await open();
      http.send(`${line} HTTP/1.1\r\nHost: x\r\nContent-Length: ${off.length}\r\n\r\n${off}`);
      expect((await http.answer()).status).toBeLessThan(500);
      expect((await http.ask(TEST)).status).toBe(200);
    }
    expect(backend.commands).toEqual([]);
  });

  test.skipIf(isTls && !hasOpenssl)("protocols are not changed for whoever asks for it", async () => {
    const { open } = serve();
    for (const protocol of ["h2c", "websocket", "TLS/1.3"]) {
      const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
      const headers = `Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AA\r\n${key}`;
      expect((await (await open()).ask(TEST, headers)).status).toBe(200);
    }
  });
});

describe("connections on which no request becomes complete", () => {
  test.skipIf(!hasOpenssl)(
    "are closed, and hold up nobody, over plain HTTP and TLS (needs openssl)",
    async () => {
      const [plain, encrypted] = [serveOver(false), serveOver(true)];
      const closed: Promise<void>[] = [];
      const hold = (http: RawHttp, request: string, drop: string | undefined) => {
        http.send(Buffer.from(request, "latin1"));
        // Bun has its own clock for this, which no test can move.
        const dripping = drop === undefined ? undefined : setInterval(() => http.send(drop), 500);
        closed.push(http.closed.finally(() => clearInterval(dripping)));
      };
      for (const [, request, drop] of slow) {
        hold(await plain.open(), request, drop);
        hold(await encrypted.open(), request, drop);
      }
      for (const [, hello, drop] of slowHandshakes) hold(await encrypted.openPlain(), hello, drop);
      for (const { open } of [plain, encrypted]) expect((await (await open()).ask(TEST)).status).toBe(200);
      await Promise.all(closed);
      for (const { open } of [plain, encrypted]) expect((await (await open()).ask(TEST)).status).toBe(200);
    },
    40_000,
  );
});
