import { u32 } from "../bytes/layout.ts";
import { hash } from "./hash.ts";
import { authTypes } from "../wire/packet.ts";

/** Bytes that a password has in an IPMI 1.5 session; shorter ones are filled with zeros. */
export const MAX_PASSWORD_SIZE_15 = 16;

/** Authentication types of IPMI 1.5 that we have. MD2 is left out, as node:crypto has none and nobody should use it. */
export const authTypes15 = { none: authTypes.none, md5: authTypes.md5, password: authTypes.password } as const;
export type AuthType15 = (typeof authTypes15)[keyof typeof authTypes15];

/** A password as the codes want it: 16 bytes. */
export function paddedPassword15(password: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(MAX_PASSWORD_SIZE_15);
  bytes.set(password.subarray(0, MAX_PASSWORD_SIZE_15));
  return bytes;
}

/**
 * Authentication code of an IPMI 1.5 packet: of MD5 the digest of password, session id, payload, sequence number, password; of
 * straight password that; undefined for none. `password` has 16 bytes.
 * @see IPMI 2.0, section 22.17.1
 */
export function authCode15(
  authType: AuthType15,
  password: Uint8Array,
  packet: { readonly sessionId: number; readonly sequence: number; readonly payload: Uint8Array },
): Uint8Array | undefined {
  switch (authType) {
    case authTypes15.none:
      return undefined;
    case authTypes15.password:
      return password;
    case authTypes15.md5: {
      const numbers = new Uint8Array(8);
      sessionIdField.write(numbers, packet.sessionId);
      sequenceField.write(numbers, packet.sequence);
      return hash("md5", password, numbers.subarray(0, 4), packet.payload, numbers.subarray(4), password);
    }
  }
}
const sessionIdField = u32(0);
const sequenceField = u32(4);
