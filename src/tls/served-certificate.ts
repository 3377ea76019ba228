import { rootCertificates } from "node:tls";
import { X509Certificate, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { TlsError } from "./errors.ts";
import { readCertificates, readPrivateKey } from "./pem-file.ts";

/** Where a certificate and its key are. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  /** Names that it has to be for. */
  readonly names?: readonly string[];
}

/** A certificate that can be served, with its key. */
export interface ServedCertificate {
  /** The file that it is in. */
  readonly path: string;
  readonly leaf: X509Certificate;
  /** The certificate and those that vouch for it, in PEM. */
  readonly certificate: string;
  /** In PEM. A secret. */
  readonly key: string;
  /** When the first of them expires, in milliseconds since 1970. */
  readonly expiresMs: number;
  /** What is not quite right with it. */
  readonly warnings: readonly string[];
}

/** RSA keys that are shorter are broken, or will be. */
const SHORTEST_RSA_BITS = 2048;
const curves: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"]);
/** Extended key usages with which a certificate may be a server's. @see RFC 5280, section 4.2.1.12 */
const serverUsages: ReadonlySet<string> = new Set(["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"]);

/**
 * Reads a certificate and its key, and looks at everything that would make clients refuse them.
 *
 * @param nowMs milliseconds since 1970
 * @throws TlsError
 */
export function loadCertificate(files: CertificateFiles, nowMs: number): ServedCertificate {
  const chain = readCertificates(files.certificate);
  const key = readPrivateKey(files.key);
  checkKeyKind(files.key, key);
  const leaf = leafOf(files, chain, key);
  const vouchers = withoutRoot(chain.slice(1));
  checkChain(files.certificate, [leaf, ...chain.slice(1)]);
  checkLeaf(files, leaf);
  const served = [leaf, ...vouchers];
  for (const certificate of served) checkNotExpired(files.certificate, certificate, nowMs);
  return {
    path: files.certificate,
    leaf,
    certificate: served.map(String).join("\n"),
    key: key.export({ type: "pkcs8", format: "pem" }),
    expiresMs: Math.min(...served.map(({ validToDate }) => validToDate.getTime())),
    warnings: warningsOf(files, leaf, chain, nowMs),
  };
}

/** A certificate's subject on one line, for messages. */
export const subjectOf = ({ subject }: X509Certificate): string => subject.replaceAll("\n", ", ");

const dateOf = (date: Date) => date.toISOString().replace(".000Z", "Z");

/** The certificate that the key is of: it has to be the first. */
function leafOf(
  { certificate: path, key: keyPath }: CertificateFiles,
  chain: readonly X509Certificate[],
  key: KeyObject,
) {
  const [first] = chain;
  if (first?.checkPrivateKey(key)) return first;
  const index = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (index > 0)
    throw new TlsError(
      "tls-chain",
      path,
      `certificate ${index + 1} is the one that the key is of; expected it to be the first, and those that vouch for it after it`,
    );
  const subject = first ? subjectOf(first) : "";
  throw new TlsError(
    "tls-key-mismatch",
    keyPath,
    `the key is of another certificate than that in ${path} (${subject}); expected the key that it was issued for`,
  );
}

function checkKeyKind(path: string, key: KeyObject): void {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa" && modulusLength >= SHORTEST_RSA_BITS) return;
  if (key.asymmetricKeyType === "ec" && curves.has(namedCurve)) return;
  const found =
    key.asymmetricKeyType === "rsa"
      ? `RSA with ${modulusLength} bits`
      : `${key.asymmetricKeyType} ${namedCurve}`.trim();
  throw new TlsError(
    "tls-invalid",
    path,
    `found a key of kind ${found}; expected ECDSA (P-256, P-384, P-521) or RSA with ${SHORTEST_RSA_BITS} bits or more`,
  );
}

/** Whether one certificate was signed by another. */
const isSignedBy = (certificate: X509Certificate, issuer: X509Certificate) =>
  certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);

function checkChain(path: string, chain: readonly X509Certificate[]): void {
  for (const [index, issuer] of chain.entries()) {
    const certificate = chain[index - 1];
    if (!certificate) continue;
    const which = `certificate ${index + 1} (${subjectOf(issuer)})`;
    if (!isSignedBy(certificate, issuer)) {
      const isThere = chain.some((other) => other !== certificate && isSignedBy(certificate, other));
      throw new TlsError(
        "tls-chain",
        path,
        `${which} has not signed the one before it (${subjectOf(certificate)}); expected each one to vouch for the one before, ${isThere ? "and they are out of order" : "and the one that does is missing"}`,
      );
    }
    if (!issuer.ca) throw new TlsError("tls-chain", path, `${which} is not an authority's: it may vouch for nobody`);
  }
}

/** A root at the end says nothing to clients: they have it, or do not trust it. */
function withoutRoot(vouchers: readonly X509Certificate[]): readonly X509Certificate[] {
  const last = vouchers.at(-1);
  return last && last.subject === last.issuer ? vouchers.slice(0, -1) : vouchers;
}

function checkLeaf({ certificate: path, names = [] }: CertificateFiles, leaf: X509Certificate): void {
  const usages = leaf.keyUsage;
  if (usages && usages.length > 0 && !usages.some((usage) => serverUsages.has(usage)))
    throw new TlsError(
      "tls-invalid",
      path,
      "the certificate is not for servers (its extended key usage lacks serverAuth); expected one that is",
    );
  const missing = names.filter((name) => !isFor(leaf, name));
  if (missing.length > 0)
    throw new TlsError(
      "tls-other-names",
      path,
      `the certificate is for ${leaf.subjectAltName ?? "no names"}, and not for ${missing.join(", ")}; expected one that is, or other names in tls.further`,
    );
}

/** Whether clients that ask for a name or an address accept a certificate. */
export function isFor(certificate: X509Certificate, name: string): boolean {
  if (isIP(name)) return certificate.checkIP(name) !== undefined;
  // An asterisk in what is asked for is compared with the certificate's own.
  if (name.startsWith("*.")) return (certificate.subjectAltName ?? "").split(", ").includes(`DNS:${name}`);
  return certificate.checkHost(name, { subject: "never" }) !== undefined;
}

function checkNotExpired(path: string, certificate: X509Certificate, nowMs: number): void {
  if (certificate.validToDate.getTime() > nowMs) return;
  throw new TlsError(
    "tls-expired",
    path,
    `${subjectOf(certificate)} has been valid until ${dateOf(certificate.validToDate)}, and it is ${dateOf(new Date(nowMs))} now; expected one that is valid: renew it, or set the clock`,
  );
}

function warningsOf(
  files: CertificateFiles,
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  nowMs: number,
): string[] {
  const warnings: string[] = [];
  const { certificate: path } = files;
  // A Pi has no clock of its own: until it has asked for the time, any certificate may be of the future.
  if (leaf.validFromDate.getTime() > nowMs)
    warnings.push(
      `${path}: not valid before ${dateOf(leaf.validFromDate)}, and it is ${dateOf(new Date(nowMs))} now: clients refuse it until then, or this machine's clock is wrong`,
    );
  if (leaf.subjectAltName === undefined)
    warnings.push(`${path}: the certificate has no subjectAltName: clients will refuse it whatever name they ask for`);
  const last = chain.at(-1);
  if (last && last.subject !== last.issuer && !isKnownRoot(last.issuer) && chain.length === 1)
    warnings.push(
      `${path}: the certificate stands alone and its issuer (${last.issuer.replaceAll("\n", ", ")}) is no root that everybody knows: if it is an intermediate authority, its certificate has to follow`,
    );
  return warnings;
}

/** Subjects of the roots that come with the program. Looked at once, and only for such warnings. */
function isKnownRoot(issuer: string): boolean {
  return rootCertificates.some((pem) => new X509Certificate(pem).subject === issuer);
}
