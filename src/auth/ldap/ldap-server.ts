/** How a connection to a directory is protected: TLS from the first byte, TLS asked for in LDAP, or nothing. */
type LdapSecurity = "tls" | "start-tls" | "plain";

/** A directory server. */
export interface LdapServer {
  /** As it was configured, for messages. */
  readonly url: string;
  /** A host name or an address, without brackets. Its certificate must bear it. */
  readonly host: string;
  readonly port: number;
  readonly security: LdapSecurity;
}

const LDAP_PORT = 389;
const LDAPS_PORT = 636;

/**
 * The server that a URL names: `ldaps://dc1.example.org`, `ldap://[2001:db8::1]:3890`.
 *
 * @param isPlain whether `ldap://` stands for no protection at all, not for StartTLS
 * @throws TypeError where it is no such URL
 */
export function parseLdapServer(url: string, isPlain: boolean): LdapServer {
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(url);
  const isTls = protocol === "ldaps:";
  const hasMore = `${search}${hash}${username}${password}` !== "" || (pathname !== "" && pathname !== "/");
  if ((!isTls && protocol !== "ldap:") || hostname === "" || hasMore)
    throw new TypeError(
      `${JSON.stringify(url)} is no URL of a directory: expected ldaps://HOST[:PORT] or ldap://HOST[:PORT]`,
    );
  return {
    url,
    host: hostname.replaceAll(/^\[|\]$/g, ""),
    port: port === "" ? (isTls ? LDAPS_PORT : LDAP_PORT) : Number(port),
    security: isTls ? "tls" : isPlain ? "plain" : "start-tls",
  };
}
