import {
  isAuthenticating,
  noKeys,
  rakp2Code,
  rakp3Code,
  rakp4CheckValue,
  sessionIntegrityKey,
  sessionKeys,
  type RakpExchange,
  type SessionKeys,
} from "../crypto/rakp.ts";
import type { AuthenticationAlgorithm } from "../crypto/algorithms.ts";
import { isSameCode } from "../crypto/hash.ts";
import { NAME_ONLY_LOOKUP } from "./rakp-messages.ts";

/** What one end knows and never says. */
export interface RakpSecrets {
  readonly algorithm: AuthenticationAlgorithm;
  readonly password: Uint8Array;
  /** K_g; undefined where the BMC has none, and the password takes its place. */
  readonly kg: Uint8Array | undefined;
}

/** Bytes of a password that BMCs keep which were made for IPMI 1.5. */
const SHORT_PASSWORD_SIZE = 16;

/** Whether RAKP message 2 shows that the BMC knows the password. */
export type Rakp2Verdict =
  /** It does; `role` is the byte that it has put into its code, and that all further ones take. */
  | { readonly kind: "verified"; readonly role: number }
  /** It knows the password's first 16 bytes. */
  | { readonly kind: "truncated-password" }
  | { readonly kind: "wrong" };

/**
 * The bytes that BMCs are known to hash for the role: RAKP message 1's, as the specification says; the privilege of the Open Session
 * response, where it is not 0; either without the bit for name-only lookup.
 */
function rolesOf(role: number, answeredPrivilege: number): ReadonlySet<number> {
  const lookup = role & NAME_ONLY_LOOKUP;
  const roles = new Set([role, answeredPrivilege | lookup, role & ~NAME_ONLY_LOOKUP, answeredPrivilege]);
  if (role !== 0 && answeredPrivilege === 0) {
    // An answered 0 says nothing, but some have hashed just that.
    roles.delete(0);
    roles.add(0);
  }
  return roles;
}

/** Checks RAKP message 2's code against a password. `exchange.role` is the byte that RAKP message 1 had. */
export function verifyRakp2(
  secrets: RakpSecrets,
  exchange: RakpExchange,
  answeredPrivilege: number,
  code: Uint8Array,
): Rakp2Verdict {
  const { algorithm, password } = secrets;
  if (!isAuthenticating(algorithm)) return { kind: "verified", role: exchange.role };
  const roleFor = (key: Uint8Array) =>
    [...rolesOf(exchange.role, answeredPrivilege)].find((role) =>
      isSameCode(rakp2Code(algorithm, key, { ...exchange, role }), code),
    );
  const role = roleFor(password);
  if (role !== undefined) return { kind: "verified", role };
  if (password.length > SHORT_PASSWORD_SIZE && roleFor(password.subarray(0, SHORT_PASSWORD_SIZE)) !== undefined)
    return { kind: "truncated-password" };
  return { kind: "wrong" };
}

/** What follows from an exchange once both have the other's random number. */
export interface RakpOutcome {
  /** RAKP message 3's code; empty with RAKP-none. */
  readonly rakp3Code: Uint8Array;
  /** RAKP message 4's check value; empty with RAKP-none. */
  readonly checkValue: Uint8Array;
  readonly keys: SessionKeys;
}

/** Computes codes and keys, the same at either end. @see IPMI 2.0, sections 13.31 and 13.32 */
export function concludeRakp({ algorithm, password, kg }: RakpSecrets, exchange: RakpExchange): RakpOutcome {
  if (!isAuthenticating(algorithm)) {
    return { rakp3Code: new Uint8Array(), checkValue: new Uint8Array(), keys: noKeys };
  }
  const sik = sessionIntegrityKey(algorithm, kg ?? password, exchange);
  return {
    rakp3Code: rakp3Code(algorithm, password, exchange),
    checkValue: rakp4CheckValue(algorithm, sik, exchange),
    keys: sessionKeys(algorithm, sik, password),
  };
}
