/**
 * What can go wrong between us and a directory.
 *
 * - `unreachable`: no connection, or it broke
 * - `timeout`: the whole conversation took too long
 * - `untrusted`: no TLS, or the certificate is not one to believe; nothing secret was sent
 * - `not-ldap`: what came back is not LDAP
 * - `too-much-data`: more came back than a login can need
 * - `refused`: the directory refused something that is not the caller's password: the service account, a search
 */
export type LdapErrorCode = "unreachable" | "timeout" | "untrusted" | "not-ldap" | "too-much-data" | "refused";

/** A conversation with a directory that came to nothing. The message names the server and says nothing of credentials. */
export class LdapError extends Error {
  override readonly name = "LdapError";
  readonly code: LdapErrorCode;
  /** The server's URL. */
  readonly server: string;
  /** With `refused`: LDAP's result code (RFC 4511, appendix A). */
  readonly resultCode: number | undefined;

  constructor(
    code: LdapErrorCode,
    server: string,
    message: string,
    options: ErrorOptions & { readonly resultCode?: number } = {},
  ) {
    super(`${server}: ${message}`, options);
    this.code = code;
    this.server = server;
    this.resultCode = options.resultCode;
  }
}
