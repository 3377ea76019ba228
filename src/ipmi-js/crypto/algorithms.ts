/**
 * The algorithms of RMCP+ sessions with their numbers, and the suites that combine them. xRC4 is left out, as nobody should use it.
 * @see IPMI 2.0, tables 13-17 to 13-19 and 22-20
 */

/** A digest of node:crypto. */
export type Digest = "md5" | "sha1" | "sha256";

/** How a session is authenticated. @see IPMI 2.0, table 13-17 and section 13.28 */
export interface AuthenticationAlgorithm {
  readonly number: number;
  readonly name: "NO_AUTHENTICATION_ALGORITHM" | "RAKP_HMAC_SHA1" | "RAKP_HMAC_MD5" | "RAKP_HMAC_SHA256";
  /** Of the HMAC; undefined where nothing is authenticated. */
  readonly digest: Digest | undefined;
  /** Bytes of the key exchange authentication codes in RAKP messages 2 and 3. */
  readonly codeSize: number;
  /** Bytes of the integrity check value in RAKP message 4. */
  readonly checkValueSize: number;
}

/** How packets are authenticated. @see IPMI 2.0, table 13-18 and section 13.28.4 */
export interface IntegrityAlgorithm {
  readonly number: number;
  readonly name: "NO_INTEGRITY_ALGORITHM" | "HMAC_SHA1_96" | "HMAC_MD5_128" | "MD5_128" | "HMAC_SHA256_128";
  readonly digest: Digest | undefined;
  /** `k1`: an HMAC under K1. `password`: a digest of password, packet, password, the password with 20 bytes. */
  readonly key: "k1" | "password" | undefined;
  /** Bytes of the authentication code in a packet's trailer. */
  readonly codeSize: number;
}

/** How payloads are encrypted. @see IPMI 2.0, table 13-19 and section 13.29 */
interface ConfidentialityAlgorithm {
  readonly number: number;
  readonly name: "NO_ENCRYPTION_ALGORITHM" | "AES_CBC_128";
}

const authenticationAlgorithms = {
  none: { number: 0, name: "NO_AUTHENTICATION_ALGORITHM", digest: undefined, codeSize: 0, checkValueSize: 0 },
  hmacSha1: { number: 1, name: "RAKP_HMAC_SHA1", digest: "sha1", codeSize: 20, checkValueSize: 12 },
  hmacMd5: { number: 2, name: "RAKP_HMAC_MD5", digest: "md5", codeSize: 16, checkValueSize: 16 },
  hmacSha256: { number: 3, name: "RAKP_HMAC_SHA256", digest: "sha256", codeSize: 32, checkValueSize: 16 },
} as const satisfies Record<string, AuthenticationAlgorithm>;

const integrityAlgorithms = {
  none: { number: 0, name: "NO_INTEGRITY_ALGORITHM", digest: undefined, key: undefined, codeSize: 0 },
  hmacSha1: { number: 1, name: "HMAC_SHA1_96", digest: "sha1", key: "k1", codeSize: 12 },
  hmacMd5: { number: 2, name: "HMAC_MD5_128", digest: "md5", key: "k1", codeSize: 16 },
  md5: { number: 3, name: "MD5_128", digest: "md5", key: "password", codeSize: 16 },
  hmacSha256: { number: 4, name: "HMAC_SHA256_128", digest: "sha256", key: "k1", codeSize: 16 },
} as const satisfies Record<string, IntegrityAlgorithm>;

const confidentialityAlgorithms = {
  none: { number: 0, name: "NO_ENCRYPTION_ALGORITHM" },
  aesCbc: { number: 1, name: "AES_CBC_128" },
} as const satisfies Record<string, ConfidentialityAlgorithm>;

/** Three algorithms under one number. */
export interface CipherSuite {
  readonly number: number;
  readonly authentication: AuthenticationAlgorithm;
  readonly integrity: IntegrityAlgorithm;
  readonly confidentiality: ConfidentialityAlgorithm;
}

const { none, hmacSha1, hmacMd5, hmacSha256 } = authenticationAlgorithms;
const integrity = integrityAlgorithms;
const confidentiality = confidentialityAlgorithms;

/** Every suite that we have. @see IPMI 2.0, table 22-20 */
export const cipherSuites: readonly CipherSuite[] = [
  { number: 0, authentication: none, integrity: integrity.none, confidentiality: confidentiality.none },
  { number: 1, authentication: hmacSha1, integrity: integrity.none, confidentiality: confidentiality.none },
  { number: 2, authentication: hmacSha1, integrity: integrity.hmacSha1, confidentiality: confidentiality.none },
  { number: 3, authentication: hmacSha1, integrity: integrity.hmacSha1, confidentiality: confidentiality.aesCbc },
  { number: 6, authentication: hmacMd5, integrity: integrity.none, confidentiality: confidentiality.none },
  { number: 7, authentication: hmacMd5, integrity: integrity.hmacMd5, confidentiality: confidentiality.none },
  { number: 8, authentication: hmacMd5, integrity: integrity.hmacMd5, confidentiality: confidentiality.aesCbc },
  { number: 11, authentication: hmacMd5, integrity: integrity.md5, confidentiality: confidentiality.none },
  { number: 12, authentication: hmacMd5, integrity: integrity.md5, confidentiality: confidentiality.aesCbc },
  { number: 15, authentication: hmacSha256, integrity: integrity.none, confidentiality: confidentiality.none },
  { number: 16, authentication: hmacSha256, integrity: integrity.hmacSha256, confidentiality: confidentiality.none },
  { number: 17, authentication: hmacSha256, integrity: integrity.hmacSha256, confidentiality: confidentiality.aesCbc },
];

/** The suite with that number; undefined where we have none. */
export const cipherSuite = (number: number): CipherSuite | undefined =>
  cipherSuites.find((suite) => suite.number === number);

/** The suite of three algorithms, given by their numbers; undefined where we have none. */
export const findCipherSuite = (algorithms: {
  readonly authentication: number;
  readonly integrity: number;
  readonly confidentiality: number;
}): CipherSuite | undefined =>
  cipherSuites.find(
    (suite) =>
      suite.authentication.number === algorithms.authentication &&
      suite.integrity.number === algorithms.integrity &&
      suite.confidentiality.number === algorithms.confidentiality,
  );
