import { Buffer } from "node:buffer";
import type { Credentials } from "./authenticator.ts";

/** Longer ones are nobody's: JWTs of large issuers have some 4,000 characters. */
const LONGEST_HEADER = 16_384;
const LONGEST_USER_BYTES = 256;
/** Longer passwords are not looked at. */
export const LONGEST_PASSWORD_BYTES = 1024;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * What a header `Authorization` says; `malformed` where it says nothing that could let anybody in.
 *
 * @see RFC 6750, section 2.1; RFC 7617, section 2
 */
export function parseAuthorization(header: string): Credentials | "malformed" {
  if (header.length > LONGEST_HEADER) return "malformed";
  const [, scheme = "", value = ""] = /^([A-Za-z]+) +([A-Za-z\d._~+/-]+=*)$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return { kind: "bearer", token: value };
    case "basic":
      return basicCredentials(value);
    default:
      return "malformed";
  }
}

function basicCredentials(value: string): Credentials | "malformed" {
  // The other alphabet of base64, and what Buffer passes over, are not of this scheme.
  if (!/^[A-Za-z\d+/]+=*$/.test(value)) return "malformed";
  let text: string;
  try {
    text = decoder.decode(Buffer.from(value, "base64"));
  } catch {
    // No UTF-8.
    return "malformed";
  }
  const colon = text.indexOf(":");
  if (colon < 1 || /\p{Cc}/u.test(text)) return "malformed";
  const [user, password] = [text.slice(0, colon), text.slice(colon + 1)];
  if (Buffer.byteLength(user) > LONGEST_USER_BYTES || Buffer.byteLength(password) > LONGEST_PASSWORD_BYTES)
    return "malformed";
  return { kind: "basic", user, password };
}
