import { afterAll, describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasOpenssl, Pki, type Pair } from "../support/certificates.ts";
import { fromSources, root, startProduct, type Product } from "../support/product.ts";
import { RawHttp } from "../support/raw-http.ts";
import { sClient } from "../support/tls-server.ts";

const pki = new Pki();
afterAll(() => pki.remove());
const hasCurl = Bun.which("curl") !== null;

/** The configuration as environment variables; what is kept goes into a folder of its own. */
const environment = (folder: string, more: Readonly<Record<string, string>> = {}) => ({
  OPENDCRE_TLS_ENABLED: "true",
  OPENDCRE_STATE_DIRECTORY: join(pki.folder, folder),
  ...more,
});

const filesOf = ({ certificate, key }: Pair) => ({ OPENDCRE_TLS_CERTIFICATE: certificate, OPENDCRE_TLS_KEY: key });

/** What `opendcre COMMAND ...` says, and how it ends. */
function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...fromSources, ...args], {
    cwd: root,
    env: { ...Bun.env, OPENDCRE_LOG_FORMAT: "json", ...env },
  });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

async function curl(...args: readonly string[]): Promise<string> {
  const child = Bun.spawn(["curl", "-sS", ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return out + error;
}

const fingerprintShown = async (port: number): Promise<string> => {
  const { text } = await sClient(port);
  return new X509Certificate(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(text)?.[0] ?? "")
    .fingerprint256;
};

const fingerprintOf = ({ certificate }: Pair) => new X509Certificate(readFileSync(certificate)).fingerprint256;

const isAbout = (event: string) => (line: Record<string, unknown>) => line["event"] === event;

async function serving<T>(product: Product, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await product.stop();
  }
}

describe.skipIf(!hasOpenssl || !hasCurl)("the product with TLS (needs openssl and curl)", () => {
  const names = "DNS:rack.example,DNS:localhost,IP:127.0.0.1";
  const authority = pki.make("Root", { isAuthority: true });
  const server = pki.make("rack.example", { issuer: authority, names });

  test("makes a certificate, tells its fingerprint, keeps it, and curl trusts it when told to", async () => {
    const env = environment("own", { OPENDCRE_TLS_SELF_SIGNED_NAMES: "rack.example,192.0.2.200" });
    const file = join(pki.folder, "own", "tls", "self-signed.pem");
    const first = await startProduct(["--emulator"], fromSources, env);
    const told = await serving(first, async () => {
      const line = await first.until(isAbout("tls"));
      expect(line["msg"]).toContain(`SHA-256 fingerprint ${String(line["fingerprint"])}`);
      expect(await fingerprintShown(first.port)).toBe(String(line["fingerprint"]));
      expect(statSync(file).mode & 0o777).toBe(0o600);
      for (const host of ["localhost", "rack.example", "192.0.2.200"]) {
        const to = ["--connect-to", `${host}:443:127.0.0.1:${first.port}`, `https://${host}/opendcre/1.2/test`];
        expect(await curl("--cacert", file, ...to)).toBe('{"status":"ok"}');
      }
      const untrusted = await curl(`https://localhost:${first.port}/opendcre/1.2/test`);
      expect(untrusted).toContain("self-signed certificate");
      return line["fingerprint"];
    });
    const secret = readFileSync(file, "utf8").split("PRIVATE KEY-----")[1]?.split("\n")[1] ?? "";
    expect(secret).toHaveLength(64);
    expect(JSON.stringify(await first.lines())).not.toContain(secret);
    const second = await startProduct(["--emulator"], fromSources, env);
    await serving(second, async () => expect(await fingerprintShown(second.port)).toBe(String(told)));
  }, 20_000);

  test("takes new files at SIGHUP, and stays with the old ones where the new are wrong", async () => {
    const live: Pair = { certificate: join(pki.folder, "live.crt"), key: join(pki.folder, "live.key") };
    const replace = (pair: Pair) => {
      for (const part of ["certificate", "key"] as const) {
        copyFileSync(pair[part], `${live[part]}.new`);
        renameSync(`${live[part]}.new`, live[part]);
      }
    };
    replace(server);
    const product = await startProduct(["--emulator"], fromSources, environment("live", filesOf(live)));
    const tls = { rejectUnauthorized: false };
    const open = await RawHttp.open(product.port, "127.0.0.1", tls);
    const ask = () => open.ask("GET /opendcre/1.2/test HTTP/1.1");
    await serving(product, async () => {
      expect(await fingerprintShown(product.port)).toBe(fingerprintOf(server));
      for (const [wrong, reason] of [
        [{ ...server, key: pki.make("other").key }, "the key is of another certificate"],
        [pki.make("old.example", { days: -1, names }), "has been valid until"],
        [{ ...server, certificate: pki.write("nothing") }, "expected a certificate in PEM"],
      ] as const) {
        replace(wrong);
        product.process.kill("SIGHUP");
        await product.until(
          ({ msg }) => String(msg).includes("those before stay in use") && String(msg).includes(reason),
        );
        expect((await ask()).headers.has("connection")).toBe(false);
        expect(await fingerprintShown(product.port)).toBe(fingerprintOf(server));
      }
      const next = pki.make("rack.example", { issuer: authority, names });
      replace(next);
      product.process.kill("SIGHUP");
      await product.until(({ msg }) => String(msg).startsWith("certificates were read again"));
      expect(await fingerprintShown(product.port)).toBe(fingerprintOf(next));
      expect((await ask()).headers.get("connection")).toBe("close");
      await open.closed;
    });
  }, 20_000);

  test("ends with 78, and says what to do, for each kind of wrong file", () => {
    const readable = pki.make("r.example", { names });
    chmodSync(readable.key, 0o644);
    const cases: readonly (readonly [pair: Pair, told: string])[] = [
      [pki.make("old.example", { days: -1, names }), "expected one that is valid: renew it, or set the clock"],
      [{ ...server, key: pki.make("other").key }, "expected the key that it was issued for"],
      [readable, "take the rights away (chmod 600)"],
      [{ ...server, key: join(pki.folder, "nosuch.key") }, "correct the name, or create it"],
      [{ ...server, certificate: server.key }, "expected a certificate in PEM"],
    ];
    for (const [pair, told] of cases) {
      const env = environment("wrong", filesOf(pair));
      for (const args of [["serve", "--emulator", "--port", "0"], ["check-config"]]) {
        const { exitCode, stderr } = run(args, env);
        expect([exitCode, stderr]).toEqual([78, expect.stringContaining(told)]);
        expect(stderr.trim().split("\n")).toHaveLength(1);
      }
    }
  }, 30_000);

  test("is checked by check-config, which makes nothing", () => {
    const given = run(["check-config"], environment("check", filesOf(server)));
    expect(given.exitCode).toBe(0);
    expect(given.stdout).toContain("listens on https://127.0.0.1:5000/opendcre/");
    expect(given.stdout).toContain(`certificate ${server.certificate} is for DNS:rack.example, DNS:localhost`);
    const own = run(["check-config"], environment("check"));
    expect(own.stdout).toContain("makes a certificate of its own");
    expect(existsSync(join(pki.folder, "check", "tls"))).toBe(false);
  });

  test("sends clients of plain HTTP to HTTPS", async () => {
    const env = environment("redirect", { ...filesOf(server), OPENDCRE_TLS_REDIRECT_PORT: "0" });
    const product = await startProduct(["--emulator"], fromSources, env);
    await serving(product, async () => {
      const { port } = await product.until(({ msg }) => String(msg).startsWith("sending clients of plain HTTP"));
      const url = `http://localhost:${Number(port)}/opendcre/1.2/test`;
      expect(await curl("-L", "--cacert", authority.certificate, url)).toBe('{"status":"ok"}');
      expect(await curl("-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: evil.example", url)).toBe("400");
    });
  }, 20_000);

  test("lets in nobody without a client's certificate where one is asked for", async () => {
    const clients = pki.make("Clients", { isAuthority: true });
    const friend = pki.make("friend", { issuer: clients });
    const env = environment("clients", { ...filesOf(server), OPENDCRE_TLS_CLIENT_CA: clients.certificate });
    const product = await startProduct(["--emulator"], fromSources, env);
    await serving(product, async () => {
      const url = ["--cacert", authority.certificate, `https://localhost:${product.port}/opendcre/1.2/test`];
      expect(await curl(...url)).toContain("certificate required");
      expect(await curl("--cert", friend.certificate, "--key", friend.key, ...url)).toBe('{"status":"ok"}');
    });
  }, 20_000);
});
