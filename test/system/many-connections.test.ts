import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
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
async function openMany(port: number, count: number, how?: ConnectionOptions, from?: string): Promise<RawHttp[]> {
  const opened: RawHttp[] = [];
  while (opened.length < count) {
    const some = Array.from({ length: Math.min(50, count - opened.length) }, () =>
      RawHttp.open(port, "127.0.0.1", how, from),
    );
    opened.push(...(await Promise.all(some)));
  }
  return opened;
}

/** Resolves when so many of these connections are closed. */
async function closedOf(connections: readonly RawHttp[], count: number): Promise<void> {
  let closed = 0;
  const enough = Promise.withResolvers<void>();
  for (const connection of connections) void connection.closed.then(() => ++closed === count && enough.resolve());
  await enough.promise;
}

/** How many of these connections still answer. */
async function answering(connections: readonly RawHttp[]): Promise<number> {
  const answers = await Promise.allSettled(connections.map((connection) => connection.ask(TEST)));
  return answers.filter((answer) => answer.status === "fulfilled" && answer.value.status === 200).length;
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

describe("limits of connections", () => {
  const limits = {
    OPENDCRE_LIMITS_CONNECTIONS: "30",
    OPENDCRE_LIMITS_CONNECTIONS_PER_ADDRESS: "20",
    OPENDCRE_LIMITS_LOOPBACK: "true",
  };

  test("end what one address has too many of, and leave it and others the rest", async () => {
    const product = await startProduct(["--emulator"], fromSources, limits);
    await serving(product, async () => {
      const other = await RawHttp.open(product.port);
      const flood = await openMany(product.port, 60, undefined, "127.0.0.2");
      await closedOf(flood, 40);
      expect(await answering(flood)).toBe(20);
      expect((await other.ask(TEST)).status).toBe(200);
      const { event, remote, ended } = await product.until((line) => line["event"] === "too-many-connections");
      expect({ event, remote }).toEqual({ event: "too-many-connections", remote: "127.0.0.2" });
      expect(ended).toBeGreaterThan(0);
      for (const connection of flood) connection.close();
      other.close();
    });
  }, 60_000);

  test("end what all have too many of together, of whoever has most", async () => {
    const product = await startProduct(["--emulator"], fromSources, limits);
    await serving(product, async () => {
      const [few, many, more] = [
        await openMany(product.port, 2, undefined, "127.0.0.1"),
        await openMany(product.port, 19, undefined, "127.0.0.2"),
        await openMany(product.port, 19, undefined, "127.0.0.3"),
      ];
      await closedOf([...many, ...more], 10);
      expect(await answering(few)).toBe(2);
      expect((await answering(many)) + (await answering(more))).toBe(28);
      for (const connection of [...few, ...many, ...more]) connection.close();
    });
  }, 60_000);

  test.skipIf(!hasOpenssl)(
    "hold over TLS, too, and change with SIGHUP (needs openssl)",
    async () => {
      const { certificate, key } = pki.make("localhost", { names: "DNS:localhost" });
      const file = join(pki.folder, "limits.json");
      const write = (most: number) =>
        writeFileSync(file, JSON.stringify({ limits: { connections_per_address: most, loopback: true } }));
      write(0);
      const env = {
        OPENDCRE_TLS_ENABLED: "true",
        OPENDCRE_TLS_CERTIFICATE: certificate,
        OPENDCRE_TLS_KEY: key,
        OPENDCRE_STATE_DIRECTORY: join(pki.folder, "limits-state"),
      };
      const product = await startProduct(["--emulator", "--config", file], fromSources, env);
      await serving(product, async () => {
        const flood = await openMany(product.port, 50, tls, "127.0.0.2");
        expect(await answering(flood)).toBe(50);
        write(5);
        product.process.kill("SIGHUP");
        await closedOf(flood, 45);
        expect(await answering(flood)).toBe(5);
        for (const connection of flood) connection.close();
      });
    },
    60_000,
  );
});
