import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { hasOpenssl, Pki } from "../support/certificates.ts";
import { fromSources, startProduct, type Product } from "../support/product.ts";
import { RawHttp } from "../support/raw-http.ts";

const pki = new Pki();
afterAll(() => pki.remove());

const TEST = "GET /opendcre/1.2/test HTTP/1.1";
const tls: ConnectionOptions = { rejectUnauthorized: false };

/** Opens so many connections, some at a time. */
async function openMany(port: number, count: number, how?: ConnectionOptions): Promise<RawHttp[]> {
  const opened: RawHttp[] = [];
  while (opened.length < count)
    opened.push(...(await Promise.all(Array.from({ length: 50 }, () => RawHttp.open(port, "127.0.0.1", how)))));
  return opened;
}

/** The program with so few descriptors that connections use them up. */
const withFewDescriptors = ["sh", "-c", 'ulimit -n 128 && exec "$@"', "sh", ...fromSources];

async function serving(product: Product, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } finally {
    await product.stop();
  }
}

describe("2,000 connections", () => {
  test("are all answered over plain HTTP, and so is whoever comes then", async () => {
    const product = await startProduct(["--emulator"]);
    await serving(product, async () => {
      const connections = await openMany(product.port, 2000);
      const answers = await Promise.all(connections.map((connection) => connection.ask(TEST)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(2000);
      expect((await product.get("test")).status).toBe(200);
      // Half of them go in the middle of a request.
      for (const [index, connection] of connections.entries()) {
        if (index % 2 === 0) connection.send("GET /opendcre/1.2/te");
        connection.close();
      }
      expect((await product.get("scan")).status).toBe(200);
    });
  }, 60_000);

  test.skipIf(!hasOpenssl)(
    "are all answered over TLS (needs openssl)",
    async () => {
      const { certificate, key } = pki.make("localhost", { names: "DNS:localhost" });
      const env = { OPENDCRE_TLS_ENABLED: "true", OPENDCRE_TLS_CERTIFICATE: certificate, OPENDCRE_TLS_KEY: key };
      const state = { OPENDCRE_STATE_DIRECTORY: join(pki.folder, "state") };
      const product = await startProduct(["--emulator"], fromSources, { ...env, ...state });
      await serving(product, async () => {
        const connections = await openMany(product.port, 2000, tls);
        const answers = await Promise.all(connections.map((connection) => connection.ask(TEST)));
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(2000);
        const [late] = await openMany(product.port, 1, tls);
        expect((await late?.ask(TEST))?.status).toBe(200);
        for (const connection of connections) connection.close();
      });
    },
    120_000,
  );
});

describe("more connections than the system lets the program have", () => {
  test("leave those that exist served, and all served when there is room again", async () => {
    const product = await startProduct(["--emulator"], withFewDescriptors);
    await serving(product, async () => {
      const [first] = await openMany(product.port, 1);
      expect((await first?.ask(TEST))?.status).toBe(200);
      const flood = await openMany(product.port, 400);
      for (const connection of flood) connection.send(`${TEST}\r\nHost: x\r\n\r\n`);
      expect((await first?.ask(TEST))?.status).toBe(200);
      for (const connection of flood) connection.close();
      const late = await RawHttp.open(product.port);
      expect((await late.ask(TEST)).status).toBe(200);
      late.close();
    });
  }, 60_000);
});
