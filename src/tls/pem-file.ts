import { X509Certificate, createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { toError } from "../lib/to-error.ts";
import { TlsError } from "./errors.ts";

/** Larger files are no certificates. */
const MOST_BYTES = 1_048_576;
/** More certificates than any chain or list of authorities of one's own has. */
const MOST_CERTIFICATES = 500;

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Permission bits that a key must not have: reading by others, writing by anyone but its owner. */
const EXPOSING_BITS = 0o026;

/** The certificates in a PEM file, at least one, in their order. @throws TlsError */
export function readCertificates(path: string): readonly X509Certificate[] {
  return parseCertificates(path, textOf(path));
}

/** @throws TlsError */
export function parseCertificates(path: string, text: string): readonly X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    const found = text.includes("PRIVATE KEY-----") ? "it holds a key" : "it holds none";
    throw new TlsError(
      "tls-invalid",
      path,
      `expected a certificate in PEM (-----BEGIN CERTIFICATE-----), and ${found}`,
    );
  }
  if (blocks.length > MOST_CERTIFICATES)
    throw new TlsError(
      "tls-invalid",
      path,
      `expected at most ${MOST_CERTIFICATES} certificates, found ${blocks.length}`,
    );
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new TlsError("tls-invalid", path, `certificate ${index + 1} is damaged: ${toError(error).message}`, {
        cause: error,
      });
    }
  });
}

/** The private key in a PEM file that only its owner, and perhaps a group, may read. @throws TlsError */
export function readPrivateKey(path: string): KeyObject {
  const text = textOf(path);
  // Looked at after reading: what is read is then known to have been closed to others.
  const { mode } = statSync(path);
  if ((mode & EXPOSING_BITS) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(3, "0");
    throw new TlsError(
      "tls-key-exposed",
      path,
      `others may read or change this key (mode ${found}); expected mode 600 or 640: take the rights away (chmod 600), and, if anyone may have read it, have the certificate issued anew for another key`,
    );
  }
  return parsePrivateKey(path, text);
}

/** @throws TlsError */
export function parsePrivateKey(path: string, text: string): KeyObject {
  if (/ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text))
    throw new TlsError(
      "tls-invalid",
      path,
      "the key is encrypted, and nobody is there to type its passphrase; expected one without (openssl pkey -in OLD -out NEW)",
    );
  if (!text.includes("PRIVATE KEY-----"))
    throw new TlsError(
      "tls-invalid",
      path,
      "expected a private key in PEM (-----BEGIN PRIVATE KEY-----), and it holds none",
    );
  try {
    return createPrivateKey(text);
  } catch {
    // What the library says of it might hold parts of it.
    throw new TlsError("tls-invalid", path, "the private key is damaged, or of an unknown kind");
  }
}

function textOf(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MOST_BYTES)
      throw new TlsError("tls-invalid", path, `expected at most ${MOST_BYTES} bytes, found ${size}`);
    return readFileSync(path, "latin1");
  } catch (error) {
    if (error instanceof TlsError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const message =
      code === "ENOENT"
        ? "no such file; correct the name, or create it"
        : code === "EACCES" || code === "EPERM"
          ? "this user may not read it; let the user that runs this program, or its group, read it"
          : `it cannot be read: ${toError(error).message}`;
    throw new TlsError("tls-unreadable", path, message, { cause: error });
  }
}
