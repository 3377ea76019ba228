import type { PrivilegeLevel } from "../commands/privilege.ts";
import { privilegeNumbers } from "../commands/privilege.ts";
import { MAX_PASSWORD_SIZE_15 } from "../crypto/auth-code-15.ts";
import { MAX_KEY_SIZE } from "../crypto/rakp.ts";
import { IpmiError } from "../errors.ts";
import { REMOTE_CONSOLE_ADDRESS } from "../wire/message.ts";
import { MAX_USERNAME_SIZE } from "./rakp-messages.ts";
import { systemRandom, type RandomSource } from "./random.ts";

/** Levels that a session can be opened with. */
export type SessionPrivilege = Exclude<PrivilegeLevel, "unspecified" | "no-access">;

/** Who wants a session, and with which rights: what IPMI 1.5 and 2.0 have in common. */
export interface SessionRequest {
  /** Up to 16 bytes of UTF-8; nothing for the user without a name. */
  readonly username?: string;
  /** Up to 20 bytes, 16 with IPMI 1.5; a text is taken as UTF-8. */
  readonly password?: string | Uint8Array;
  /** Administrator where it is absent. */
  readonly privilege?: SessionPrivilege;
  /** Our address in messages, 81h where it is absent. */
  readonly requesterAddress?: number;
  /** For tests; the system's random numbers where it is absent. */
  readonly random?: RandomSource;
}

/** A request that is known to fit. */
export interface CheckedRequest {
  readonly username: Uint8Array;
  readonly password: Uint8Array;
  readonly privilege: SessionPrivilege;
  readonly privilegeNumber: number;
  readonly requesterAddress: number;
  readonly random: RandomSource;
}

const utf8 = new TextEncoder();

/** A secret as bytes. @throws IpmiError `invalid-argument` where it has more than `limit` */
export function secretBytes(what: string, secret: string | Uint8Array, limit: number): Uint8Array {
  const bytes = typeof secret === "string" ? utf8.encode(secret) : Uint8Array.from(secret);
  if (bytes.length > limit) {
    throw new IpmiError("invalid-argument", `${what} has ${bytes.length} bytes; the protocol takes ${limit} at most`);
  }
  return bytes;
}

/** @throws IpmiError `invalid-argument` where a name or a password is longer than the protocol takes */
export function checkRequest(request: SessionRequest, version: "1.5" | "2.0"): CheckedRequest {
  const privilege = request.privilege ?? "administrator";
  const passwordLimit = version === "1.5" ? MAX_PASSWORD_SIZE_15 : MAX_KEY_SIZE;
  return {
    username: secretBytes("the user name", request.username ?? "", MAX_USERNAME_SIZE),
    password: secretBytes(
      version === "1.5" ? "the password, for IPMI 1.5," : "the password",
      request.password ?? "",
      passwordLimit,
    ),
    privilege,
    privilegeNumber: privilegeNumbers[privilege],
    requesterAddress: request.requesterAddress ?? REMOTE_CONSOLE_ADDRESS,
    random: request.random ?? systemRandom,
  };
}
