/**
 * What can be wrong with certificates and keys.
 *
 * - `tls-missing`: a file is not there
 * - `tls-unreadable`: a file may not be read, or is none
 * - `tls-key-exposed`: others may read the key, or change it
 * - `tls-invalid`: a file holds no certificate or no key, or one that TLS cannot use
 * - `tls-key-mismatch`: the key is that of another certificate
 * - `tls-chain`: certificates that do not vouch for the one before them
 * - `tls-expired`: the certificate, or one that vouches for it, is valid no longer
 * - `tls-other-names`: the certificate is not for the names that it is to be served for
 */
export type TlsErrorCode =
  | "tls-missing"
  | "tls-unreadable"
  | "tls-key-exposed"
  | "tls-invalid"
  | "tls-key-mismatch"
  | "tls-chain"
  | "tls-expired"
  | "tls-other-names";

/** A certificate or a key that cannot be served. The message says what to do; it holds nothing of a key. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  readonly code: TlsErrorCode;
  /** The file that is wrong. */
  readonly path: string;

  constructor(code: TlsErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}
