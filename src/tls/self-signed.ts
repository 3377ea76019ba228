import { generateKeyPairSync, createPublicKey, randomBytes, sign, X509Certificate, type KeyObject } from "node:crypto";
import type { MachineNames } from "./machine-names.ts";

const DAY_MS = 86_400_000;
/** What clients accept at most of a certificate that nobody else vouches for. */
const VALID_DAYS = 825;
/** A certificate begins this long ago: clocks differ. */
const BACKDATED_DAYS = 1;
const COMMON_NAME = "2.5.4.3";
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
/** The longest common name. @see RFC 5280, appendix A.1, ub-common-name */
const LONGEST_COMMON_NAME = 64;
/** Serial numbers are positive, and so random that they are never the same. @see RFC 5280, section 4.1.2.2 */
const SERIAL_BYTES = 16;

/** A private key for a certificate: ECDSA on P-256. */
export const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

/**
 * Makes a certificate for a server that vouches for itself, and for nobody else.
 *
 * @param nowMs milliseconds since 1970
 * @see RFC 5280
 */
export async function makeCertificate(
  key: KeyObject,
  { names, addresses }: MachineNames,
  nowMs: number,
): Promise<X509Certificate> {
  const { AsnConvert, OctetString } = await import("@peculiar/asn1-schema");
  const x509 = await import("@peculiar/asn1-x509");
  const extension = (extnID: string, value: object, critical = false) =>
    new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
  const commonName = (names[0] ?? "localhost").slice(0, LONGEST_COMMON_NAME);
  const subject = new x509.Name([
    new x509.RelativeDistinguishedName([
      new x509.AttributeTypeAndValue({ type: COMMON_NAME, value: new x509.AttributeValue({ utf8String: commonName }) }),
    ]),
  ]);
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: subject,
    subject,
    validity: new x509.Validity({
      notBefore: wholeSecond(nowMs - BACKDATED_DAYS * DAY_MS),
      notAfter: wholeSecond(nowMs + (VALID_DAYS - BACKDATED_DAYS) * DAY_MS),
    }),
    subjectPublicKeyInfo: AsnConvert.parse(publicKey, x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions([
      extension(x509.id_ce_basicConstraints, new x509.BasicConstraints({ cA: false }), true),
      extension(x509.id_ce_keyUsage, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature), true),
      extension(x509.id_ce_extKeyUsage, new x509.ExtendedKeyUsage([x509.id_kp_serverAuth])),
      extension(
        x509.id_ce_subjectAltName,
        new x509.SubjectAlternativeName([
          ...names.map((dNSName) => new x509.GeneralName({ dNSName })),
          ...addresses.map((iPAddress) => new x509.GeneralName({ iPAddress })),
        ]),
      ),
    ]),
  });
  const signature = sign("sha256", Buffer.from(AsnConvert.serialize(tbsCertificate)), key);
  const certificate = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: new Uint8Array(signature).buffer,
  });
  return new X509Certificate(Buffer.from(AsnConvert.serialize(certificate)));
}

const wholeSecond = (ms: number) => new Date(Math.floor(ms / 1000) * 1000);

function serialNumber(): ArrayBuffer {
  const bytes = new Uint8Array(randomBytes(SERIAL_BYTES));
  // Neither negative nor with a superfluous zero in front.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.buffer;
}
