/**
 * What can go wrong between us and an issuer.
 *
 * - `unreachable`: no connection, or it broke; also where its certificate is not one to believe
 * - `timeout`: it took too long
 * - `bad-status`: it answered, but not with what was asked for
 * - `too-much-data`: more came back than keys can need
 * - `bad-metadata`: what came back is not what an issuer says of itself, or no key set
 * - `no-keys`: its keys were asked for a moment ago, in vain
 */
export type OidcErrorCode = "unreachable" | "timeout" | "bad-status" | "too-much-data" | "bad-metadata" | "no-keys";

/** Keys of an issuer that could not be had. The message names the URL. */
export class OidcError extends Error {
  override readonly name = "OidcError";
  readonly code: OidcErrorCode;
  readonly url: string;

  constructor(code: OidcErrorCode, url: string, message: string, options?: ErrorOptions) {
    super(`${url}: ${message}`, options);
    this.code = code;
    this.url = url;
  }
}
