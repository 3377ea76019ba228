import { X509Certificate, createPrivateKey, type KeyObject } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
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
  const { text } = readPemFile(path);
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
  const { text, mode } = readPemFile(path);
  if ((mode & EXPOSING_BITS) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(3, "0");
    throw new TlsError(
      "tls-key-exposed",
      path,
      `others may read or change this key (mode ${found}); expected mode 600 or 640: take the rights away (chmod 600), and, if anyone may have read it, have the certificate issued anew for another key`,
    );
  }
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

/** What a file holds, and its permission bits, of one and the same file even where another takes its place meanwhile. */
function readPemFile(path: string): { readonly text: string; readonly mode: number } {
  const descriptor = openPemFile(path);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new TlsError("tls-unreadable", path, "expected a file");
    if (stats.size > MOST_BYTES)
      throw new TlsError("tls-invalid", path, `expected at most ${MOST_BYTES} bytes, found ${stats.size}`);
    return { text: readFileSync(descriptor, "latin1"), mode: stats.mode };
  } catch (error) {
    if (error instanceof TlsError) throw error;
    throw new TlsError("tls-unreadable", path, `it cannot be read: ${toError(error).message}`, { cause: error });
  } finally {
    closeSync(descriptor);
  }
}

function openPemFile(path: string): number {
  try {
    // A pipe that nobody writes to is no reason to wait.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT")
      throw new TlsError("tls-missing", path, "no such file; correct the name, or create it", { cause: error });
    const message =
      code === "EACCES" || code === "EPERM"
        ? "this user may not read it; let the user that runs this program, or its group, read it"
        : `it cannot be read: ${toError(error).message}`;
    throw new TlsError("tls-unreadable", path, message, { cause: error });
  }
}
