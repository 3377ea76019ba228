import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Listener } from "../../src/api/listener.ts";
import { hasOpenssl, openssl, Pki, type Pair } from "../support/certificates.ts";
import { suitesOffered, versions } from "../support/client-hello.ts";
import { RawHttp } from "../support/raw-http.ts";
import { contextOf, serveTls, sClient, tlsOf } from "../support/tls-server.ts";

const pki = new Pki();
const listeners: Listener[] = [];
afterAll(() => pki.remove());
afterEach(() => Promise.all(listeners.splice(0).map((listener) => listener.stop())));

const names = "DNS:rack.example,IP:127.0.0.1";

function serve(options: Parameters<typeof serveTls>[0]): Listener {
  const { listener } = serveTls(options);
  listeners.push(listener);
  return listener;
}

const GET = "GET /opendcre/1.2/test HTTP/1.1\r\nHost: rack.example\r\nConnection: close\r\n\r\n";

/** The cipher that was agreed on; undefined where there was none. */
const agreedOn = (text: string): string | undefined => {
  const cipher = /Cipher is (\S+)/.exec(text)?.[1];
  return cipher === "(NONE)" ? undefined : cipher;
};

const subjectOf = (text: string): string | undefined => /subject=CN = (\S+)/.exec(text)?.[1];

/** All that OpenSSL can offer of TLS 1.3, each alone. */
async function suitesOfTls13(port: number): Promise<string[]> {
  const all = openssl("ciphers", "-s", "-tls1_3").trim().split(":");
  const found: string[] = [];
  for (const suite of all) {
    const { text } = await sClient(port, ["-tls1_3", "-ciphersuites", suite]);
    if (agreedOn(text) === suite) found.push(suite);
  }
  return found.toSorted();
}

/** All suites that a server offers, by version. */
const scan = async (port: number) => ({
  "SSL 3.0": await suitesOffered(port, versions["SSL 3.0"]),
  "TLS 1.0": await suitesOffered(port, versions["TLS 1.0"]),
  "TLS 1.1": await suitesOffered(port, versions["TLS 1.1"]),
  "TLS 1.2": (await suitesOffered(port, versions["TLS 1.2"])).toSorted((a, b) => a - b),
});

const nothingOld = { "SSL 3.0": [], "TLS 1.0": [], "TLS 1.1": [] };

/** ECDHE with AES128-GCM, AES256-GCM and ChaCha20-Poly1305. @see RFC 5289, section 3.2; RFC 7905, section 2 */
const withKeysOf = { ECDSA: [0xc02b, 0xc02c, 0xcca9], RSA: [0xc02f, 0xc030, 0xcca8] } as const;

/** OpenSSL's server with everything that it still has, and its port. */
async function careless({ certificate, key }: Pair) {
  const files = ["-cert", certificate, "-key", key];
  const argv = [
    "openssl",
    "s_server",
    "-accept",
    "127.0.0.1:0",
    ...files,
    "-cipher",
    "ALL:COMPLEMENTOFALL:@SECLEVEL=0",
  ];
  const child = Bun.spawn([...argv, "-www"], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
  let said = "";
  for await (const bytes of child.stdout) {
    said += Buffer.from(bytes).toString("latin1");
    const port = /ACCEPT \S+:(\d+)/.exec(said)?.[1];
    if (port !== undefined) return { port: Number(port), [Symbol.dispose]: () => child.kill() };
  }
  throw new Error(`openssl s_server does not listen: ${said}`);
}

const answered = async (port: number, version: string, name: string, pair?: { certificate: string; key: string }) => {
  const identity = pair ? ["-cert", pair.certificate, "-key", pair.key] : [];
  const { text } = await sClient(port, [version, "-servername", name, "-quiet", "-ign_eof", ...identity], GET);
  return text.includes('{"status":"ok"}');
};

describe.skipIf(!hasOpenssl)("TLS as OpenSSL sees it (needs openssl)", () => {
  const root = pki.make("Root", { isAuthority: true });
  const middle = pki.make("Middle", { isAuthority: true, issuer: root });
  const server = pki.make("rack.example", { issuer: middle, names });
  const other = pki.make("other.example", { names: "DNS:other.example" });
  const rsa = pki.make("rsa.example", { names, keyKind: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] });
  const chain = { certificate: pki.join(server.certificate, middle.certificate), key: server.key };
  const trusting = ["-CAfile", root.certificate, "-verify_return_error", "-verify_hostname", "rack.example"];

  test.each(["-tls1_2", "-tls1_3"])("the chain is verified and a request answered with %s", async (version) => {
    const { port, origin } = serve({ tls: tlsOf(chain) });
    expect(origin).toBe(`https://127.0.0.1:${port}`);
    const { text } = await sClient(port, [version, ...trusting, "-quiet", "-no_ign_eof", "-ign_eof"], GET);
    expect(text).toContain('{"status":"ok"}');
    expect((await sClient(port, [version, ...trusting])).text).toContain("Verification: OK");
  });

  test("a client that expects another host, or trusts others, hangs up", async () => {
    const { port } = serve({ tls: tlsOf(chain) });
    const wrongHost = ["-CAfile", root.certificate, "-verify_return_error", "-verify_hostname", "wrong.example"];
    expect((await sClient(port, wrongHost)).text).toContain("hostname mismatch");
    expect((await sClient(port, ["-CAfile", other.certificate, "-verify_return_error"])).exitCode).not.toBe(0);
  });

  const tls13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

  test("a scan finds forward secrecy and authenticated encryption alone", async () => {
    const { port } = serve({ tls: tlsOf(chain) });
    expect(await scan(port)).toEqual({ ...nothingOld, "TLS 1.2": [...withKeysOf.ECDSA] });
    expect(await suitesOfTls13(port)).toEqual(tls13);
    for (const version of ["-tls1", "-tls1_1"])
      expect(agreedOn((await sClient(port, [version, "-cipher", "ALL:@SECLEVEL=0"])).text)).toBeUndefined();
    const withRsa = serve({ tls: tlsOf(rsa) });
    expect(await scan(withRsa.port)).toEqual({ ...nothingOld, "TLS 1.2": [...withKeysOf.RSA] });
    const newest = serve({ tls: tlsOf(chain, { minVersion: "1.3" }) });
    expect(await scan(newest.port)).toEqual({ ...nothingOld, "TLS 1.2": [] });
  });

  test("the same scan of a careless server finds old versions and weak suites", async () => {
    using offering = await careless(rsa);
    const found = await scan(offering.port);
    // RSA with MD5 and without encryption, RSA with AES128-CBC, anonymous Diffie-Hellman, ECDHE with AES128-CBC.
    const weak = [0x0001, 0x002f, 0x0034, 0xc013];
    for (const version of ["TLS 1.0", "TLS 1.1", "TLS 1.2"] as const)
      expect(found[version]).toEqual(expect.arrayContaining(weak));
    for (const version of ["-tls1", "-tls1_1"])
      expect(agreedOn((await sClient(offering.port, [version, "-cipher", "ALL:@SECLEVEL=0"])).text)).toBeDefined();
  });

  test("1.2 is not spoken where 1.3 is the oldest, whatever name is asked for", async () => {
    const further = [{ ...contextOf(other), names: ["other.example"] }];
    const { port } = serve({ tls: tlsOf(chain, { minVersion: "1.3", further }) });
    for (const name of ["rack.example", "other.example"]) {
      const asking = ["-servername", name];
      expect(agreedOn((await sClient(port, ["-tls1_2", ...asking])).text)).toBeUndefined();
      expect(agreedOn((await sClient(port, ["-tls1_3", ...asking])).text)).toBe("TLS_AES_256_GCM_SHA384");
    }
  });

  test("each name gets its certificate, and those that nobody knows the main one", async () => {
    const wild = pki.make("wild.example", { names: "DNS:*.lab.example" });
    const further = [
      { ...contextOf(other), names: ["other.example", "second.example"] },
      { ...contextOf(wild), names: ["*.lab.example"] },
    ];
    const { port } = serve({ tls: tlsOf(chain, { further }) });
    const asked = async (name: string) => subjectOf((await sClient(port, ["-servername", name])).text);
    expect(await asked("other.example")).toBe("other.example");
    expect(await asked("second.example")).toBe("other.example");
    expect(await asked("a.lab.example")).toBe("wild.example");
    expect(await asked("rack.example")).toBe("rack.example");
    expect(await asked("nosuch.example")).toBe("rack.example");
    expect(subjectOf((await sClient(port, ["-noservername"])).text)).toBe("rack.example");
  });

  test("a client's renegotiation ends its connection and no other", async () => {
    const { port } = serve({ tls: tlsOf(chain) });
    const { text } = await sClient(port, ["-tls1_2", "-legacy_renegotiation"], "R\n");
    expect(text).toContain("RENEGOTIATING");
    expect(text).toContain("alert no renegotiation");
    expect((await sClient(port, ["-quiet", "-ign_eof"], GET)).text).toContain('{"status":"ok"}');
  });

  test("compression and early data are not offered", async () => {
    const { port } = serve({ tls: tlsOf(chain) });
    const { text } = await sClient(port, ["-tls1_3"]);
    expect(text).toContain("Compression: NONE");
    expect(text).not.toMatch(/Max Early Data: [1-9]/);
  });

  describe("with an authority for clients", () => {
    const authority = pki.make("Clients", { isAuthority: true });
    const friend = pki.make("friend", { issuer: authority, usage: "clientAuth" });
    const stranger = pki.make("stranger");
    const impostor = pki.make("friend", { issuer: pki.make("Clients", { isAuthority: true }) });
    const expired = pki.make("late", { issuer: authority, days: -1 });
    const clientCa = readFileSync(authority.certificate, "utf8");
    const further = [{ ...contextOf(other), names: ["other.example"] }];

    test.each(["-tls1_2", "-tls1_3"])(
      "only its own get an answer, with %s",
      async (version) => {
        const served = serveTls({ tls: tlsOf(chain, { clientCa, further }) });
        listeners.push(served.listener);
        const { port } = served.listener;
        for (const name of ["rack.example", "other.example", "nosuch.example"]) {
          expect(await answered(port, version, name, friend)).toBe(true);
          const seen = served.requests.length;
          for (const pair of [undefined, stranger, impostor, expired])
            expect(await answered(port, version, name, pair)).toBe(false);
          expect(served.requests).toHaveLength(seen);
        }
      },
      20_000,
    );
  });

  test("plain HTTP, garbage and half a handshake on the port end their own connection and no other", async () => {
    const { port } = serve({ tls: tlsOf(chain) });
    for (const garbage of [GET, "\0\0\0\0", "\x16\x03\x01\x40\x00", "\x80\x2e\x01\x03\x01", "x".repeat(20_000)]) {
      const http = await RawHttp.open(port);
      http.send(Buffer.from(garbage, "latin1"));
      http.close();
      await http.closed;
    }
    const plain = await RawHttp.open(port);
    plain.send(GET);
    await plain.closed;
    expect((await sClient(port, ["-quiet", "-ign_eof"], GET)).text).toContain('{"status":"ok"}');
  });
});

describe.skipIf(!hasOpenssl)("a port with TLS", () => {
  const pair = pki.make("rack.example", { names });

  test("that somebody has is not shared, with or without TLS", () => {
    const { port } = serve({ tls: tlsOf(pair) });
    expect(() => serve({ port, tls: tlsOf(pair) })).toThrow("another program listens there");
    expect(() => serve({ port })).toThrow("another program listens there");
    const plain = serve({});
    expect(() => serve({ port: plain.port, tls: tlsOf(pair) })).toThrow("another program listens there");
  });

  test("is on IPv6, too", async () => {
    const { port, origin } = serve({ host: "::1", tls: tlsOf(pair) });
    expect(origin).toBe(`https://[::1]:${port}`);
    const http = await RawHttp.open(port, "::1", { rejectUnauthorized: false });
    expect((await http.ask("GET /opendcre/1.2/test HTTP/1.1")).status).toBe(200);
    http.close();
  });

  test("takes no certificates where it has none", async () => {
    expect(() => serve({}).replaceTls(tlsOf(pair))).toThrow(TypeError);
  });
});
