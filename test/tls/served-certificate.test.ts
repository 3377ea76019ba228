import { afterAll, describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { TlsError } from "../../src/tls/errors.ts";
import { readGiven } from "../../src/tls/load-tls.ts";
import { loadCertificate, type CertificateFiles } from "../../src/tls/served-certificate.ts";
import { hasOpenssl, openssl, Pki } from "../support/certificates.ts";

const pki = new Pki();
afterAll(() => pki.remove());

/** When certificates that are made during the test have begun. */
const nowMs = Date.now() + 600_000;
const DAY_MS = 86_400_000;

/** What keeps a certificate from being served. */
function failureOf(files: CertificateFiles, atMs = nowMs): TlsError {
  try {
    loadCertificate(files, atMs);
  } catch (error) {
    if (error instanceof TlsError) return error;
    throw error;
  }
  throw new Error("expected a TlsError, nothing was thrown");
}

/** A text with one character changed. */
const flipped = (pem: string, at: number) => `${pem.slice(0, at)}${pem[at] === "A" ? "B" : "A"}${pem.slice(at + 1)}`;

describe.skipIf(!hasOpenssl)("a certificate made by OpenSSL (needs openssl)", () => {
  const root = pki.make("Root", { isAuthority: true });
  const middle = pki.make("Middle", { isAuthority: true, issuer: root });
  const low = pki.make("Low", { isAuthority: true, issuer: middle });
  const server = pki.make("rack.example", { issuer: low, names: "DNS:rack.example,DNS:*.lab.example,IP:192.0.2.9" });
  const chain = pki.join(server.certificate, low.certificate, middle.certificate);
  const alone = pki.make("alone.example", { names: "DNS:alone.example" });

  test("is served with those that vouch for it, and without the root", () => {
    const served = loadCertificate({ certificate: chain, key: server.key }, nowMs);
    expect(served.warnings).toEqual([]);
    expect(served.certificate.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    const withRoot = pki.join(chain, root.certificate);
    expect(loadCertificate({ certificate: withRoot, key: server.key }, nowMs).certificate).toBe(served.certificate);
    const file = pki.write(served.certificate);
    expect(openssl("verify", "-CAfile", root.certificate, "-untrusted", file, file)).toContain("OK");
    expect(served.leaf.fingerprint256).toBe(
      openssl("x509", "-in", server.certificate, "-noout", "-fingerprint", "-sha256").trim().split("=")[1] ?? "",
    );
  });

  test("may be of any kind of key that TLS servers have", () => {
    const kinds = [
      ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
      ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
      ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    ];
    for (const keyKind of kinds) {
      const pair = pki.make("k.example", { keyKind, names: "DNS:k.example" });
      expect(loadCertificate(pair, nowMs).leaf.subject).toBe("CN=k.example");
    }
    for (const keyKind of [
      ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
      ["-algorithm", "ED25519"],
    ]) {
      const error = failureOf(pki.make("k.example", { keyKind, names: "DNS:k.example" }));
      expect(error).toMatchObject({ code: "tls-invalid", message: expect.stringContaining("expected ECDSA") });
    }
  });

  test("with a key in the old forms is taken", () => {
    const old = pki.write(openssl("ec", "-in", alone.key));
    expect(readFileSync(old, "utf8")).toContain("BEGIN EC PRIVATE KEY");
    expect(loadCertificate({ certificate: alone.certificate, key: old }, nowMs).warnings).toEqual([]);
  });

  test("that has expired is refused, and so is one of its vouchers", () => {
    const expired = pki.make("old.example", { days: -1, names: "DNS:old.example" });
    const error = failureOf(expired);
    expect(error).toMatchObject({ code: "tls-expired", path: expired.certificate });
    expect(error.message).toMatch(
      /CN=old\.example has been valid until \S+Z, and it is \S+Z now; expected one that is valid/,
    );
    expect(failureOf({ certificate: chain, key: server.key }, nowMs + 31 * DAY_MS).code).toBe("tls-expired");
    const oldMiddle = pki.make("Old middle", { isAuthority: true, issuer: root, days: -1 });
    const young = pki.make("y.example", { issuer: oldMiddle, names: "DNS:y.example" });
    const joined = pki.join(young.certificate, oldMiddle.certificate);
    expect(failureOf({ certificate: joined, key: young.key })).toMatchObject({
      code: "tls-expired",
      message: expect.stringContaining("CN=Old middle"),
    });
  });

  test("of the future is served with a warning: the machine's clock may be wrong", () => {
    const [warning = ""] = loadCertificate(alone, nowMs - 2 * DAY_MS).warnings;
    expect(warning).toContain("not valid before");
    expect(warning).toContain("clock is wrong");
  });

  test("with the key of another is refused", () => {
    const error = failureOf({ certificate: chain, key: alone.key });
    expect(error).toMatchObject({ code: "tls-key-mismatch", path: alone.key });
    expect(error.message).toContain(`another certificate than that in ${chain} (CN=rack.example)`);
  });

  test("whose vouchers are out of order, missing, of others or no authorities is refused", () => {
    const withFile = (...paths: string[]) => failureOf({ certificate: pki.join(...paths), key: server.key });
    expect(withFile(server.certificate, middle.certificate, low.certificate)).toMatchObject({
      code: "tls-chain",
      message: expect.stringContaining("out of order"),
    });
    expect(withFile(server.certificate, middle.certificate)).toMatchObject({
      code: "tls-chain",
      message: expect.stringContaining("the one that does is missing"),
    });
    expect(withFile(low.certificate, server.certificate)).toMatchObject({
      code: "tls-chain",
      message: expect.stringContaining("certificate 2 is the one that the key is of"),
    });
    // Another with the same name has not signed it.
    const impostor = pki.make("Low", { isAuthority: true, issuer: middle });
    expect(withFile(server.certificate, impostor.certificate).code).toBe("tls-chain");
    const notAnAuthority = pki.make("Nobody", { issuer: root });
    const signed = pki.make("s.example", { issuer: notAnAuthority, names: "DNS:s.example" });
    const file = pki.join(signed.certificate, notAnAuthority.certificate);
    expect(failureOf({ certificate: file, key: signed.key })).toMatchObject({
      code: "tls-chain",
      message: expect.stringContaining("is not an authority's"),
    });
  });

  test("that stands alone and is signed by somebody unknown gets a warning", () => {
    const { warnings } = loadCertificate(server, nowMs);
    expect(warnings).toEqual([expect.stringContaining("stands alone and its issuer (CN=Low)")]);
  });

  test("that is not for servers is refused", () => {
    const client = pki.make("c.example", { names: "DNS:c.example", usage: "clientAuth" });
    expect(failureOf(client)).toMatchObject({ code: "tls-invalid", message: expect.stringContaining("serverAuth") });
    const both = pki.make("b.example", { names: "DNS:b.example", usage: "clientAuth,serverAuth" });
    expect(loadCertificate(both, nowMs).warnings).toEqual([]);
  });

  test("has to be for the names that it is served for", () => {
    const files = { certificate: chain, key: server.key };
    const names = ["rack.example", "RACK.example", "a.lab.example", "*.lab.example", "192.0.2.9"];
    expect(loadCertificate({ ...files, names }, nowMs).warnings).toEqual([]);
    for (const name of ["example", "other.example", "a.b.lab.example", "lab.example", "192.0.2.8", "*.example"])
      expect(failureOf({ ...files, names: ["rack.example", name] })).toMatchObject({
        code: "tls-other-names",
        message: expect.stringContaining(`not for ${name};`),
      });
    // A common name alone has not counted for years.
    const nameless = pki.make("n.example");
    expect(failureOf({ ...nameless, names: ["n.example"] }).code).toBe("tls-other-names");
    expect(loadCertificate(nameless, nowMs).warnings).toEqual([expect.stringContaining("no subjectAltName")]);
  });

  test("for another machine is served with a warning where it is the main one", () => {
    const { main, warnings } = readGiven(
      { certificate: { certificate: chain, key: server.key }, further: [], clientCa: null, selfSignedNames: [] },
      nowMs,
    );
    expect(main?.leaf.subject).toBe("CN=rack.example");
    expect(warnings).toEqual([expect.stringContaining("neither for the name nor for an address of this machine")]);
  });

  test.each([0o604, 0o602, 0o620, 0o644, 0o666])("with a key of mode %o is refused", (mode) => {
    const key = pki.write(readFileSync(alone.key), mode);
    const error = failureOf({ certificate: alone.certificate, key });
    expect(error).toMatchObject({ code: "tls-key-exposed", path: key });
    expect(error.message).toContain(`mode ${mode.toString(8)}`);
    for (const fine of [0o400, 0o600, 0o640, 0o440]) {
      chmodSync(key, fine);
      expect(loadCertificate({ certificate: alone.certificate, key }, nowMs).warnings).toEqual([]);
    }
  });

  test("that is not there, no file, or no certificate is refused with a way out", () => {
    const missing = join(pki.folder, "nosuch.pem");
    expect(failureOf({ certificate: missing, key: alone.key })).toMatchObject({
      code: "tls-missing",
      message: `${missing}: no such file; correct the name, or create it`,
    });
    const pipe = join(pki.folder, "pipe");
    expect(Bun.spawnSync(["mkfifo", "-m", "600", pipe]).exitCode).toBe(0);
    for (const key of [pki.folder, pipe, "/dev/zero"])
      expect(failureOf({ certificate: alone.certificate, key })).toMatchObject({
        code: "tls-unreadable",
        message: expect.stringContaining("expected a file"),
      });
    expect(failureOf({ certificate: alone.key, key: alone.key })).toMatchObject({
      code: "tls-invalid",
      message: expect.stringContaining("it holds a key"),
    });
    expect(failureOf({ certificate: alone.certificate, key: pki.write("nothing") }).message).toContain("it holds none");
    const encrypted = pki.write(openssl("pkey", "-in", alone.key, "-aes256", "-passout", "pass:geheim"));
    expect(failureOf({ certificate: alone.certificate, key: encrypted }).message).toContain("the key is encrypted");
  });

  test("that is damaged is refused, and no key is told of", () => {
    const text = readFileSync(alone.certificate, "utf8");
    const secret = readFileSync(alone.key, "utf8");
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(secret.length - 1), fc.boolean(), (at, keyAt, isKey) => {
        const files = isKey
          ? { certificate: alone.certificate, key: pki.write(flipped(secret, keyAt)) }
          : { certificate: pki.write(flipped(text, at)), key: alone.key };
        try {
          loadCertificate(files, nowMs);
        } catch (error) {
          expect(error).toBeInstanceOf(TlsError);
          for (const line of secret.split("\n").slice(1, -2)) expect(String(error)).not.toContain(line);
        }
      }),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(failureOf({ certificate: pki.write(bytes), key: alone.key }).code).toBe("tls-invalid");
      }),
      { numRuns: 60 },
    );
  });

  test("authorities for clients have to be authorities, and valid", () => {
    const settings = { certificate: null, further: [], selfSignedNames: [] };
    const both = pki.join(root.certificate, middle.certificate);
    const read = readGiven({ ...settings, clientCa: both }, nowMs).clientCa;
    expect(read?.certificates.match(/BEGIN CERT/g)).toHaveLength(2);
    expect(read?.expiresMs).toBe(new X509Certificate(readFileSync(root.certificate)).validToDate.getTime());
    const refused = pki.join(root.certificate, server.certificate);
    expect(() => readGiven({ ...settings, clientCa: refused }, nowMs)).toThrow("CN=rack.example is not an authority's");
    expect(() => readGiven({ ...settings, clientCa: root.certificate }, nowMs + 31 * DAY_MS)).toThrow("valid until");
  });
});
