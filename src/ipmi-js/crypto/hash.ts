import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import type { Digest } from "./algorithms.ts";

/** The key of an HMAC, prepared once. It may have no bytes: a password may be empty. */
export const hmacKey = (bytes: Uint8Array): KeyObject =>
  // An HMAC pads its key with zeros to a block, so that one zero byte is the same key as none, which createSecretKey may refuse.
  createSecretKey(bytes.length === 0 ? new Uint8Array(1) : bytes);

/** @see RFC 2104 */
export const hmac = (digest: Digest, key: KeyObject, data: Uint8Array): Uint8Array =>
  createHmac(digest, key).update(data).digest();

/** The digest of several pieces as if they were one. */
export function hash(digest: Digest, ...pieces: readonly Uint8Array[]): Uint8Array {
  const state = createHash(digest);
  for (const piece of pieces) state.update(piece);
  return state.digest();
}

/** Compares two codes in a time that does not depend on where they differ. */
export const isSameCode = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && timingSafeEqual(left, right);
