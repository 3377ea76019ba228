/** A file with credentials that cannot be used. The message names the file, what is wrong with it and what to do. */
export class CredentialFileError extends Error {
  override readonly name = "CredentialFileError";
  readonly code = "invalid-credential-file";
  readonly path: string;

  constructor(path: string, fault: string, options?: ErrorOptions) {
    super(`${path}: ${fault}`, options);
    this.path = path;
  }
}

/**
 * Why a token or user was not made, changed or removed.
 *
 * - `name-taken`: there is one of that name
 * - `no-such-name`: there is none
 * - `invalid-name`, `invalid-password`: not of the form that is expected
 */
export type CredentialErrorCode = "name-taken" | "no-such-name" | "invalid-name" | "invalid-password";

/** A token or user that was not made, changed or removed. */
export class CredentialError extends Error {
  override readonly name = "CredentialError";
  readonly code: CredentialErrorCode;

  constructor(code: CredentialErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
