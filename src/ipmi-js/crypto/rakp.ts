import { u32 } from "../bytes/layout.ts";
import type { AuthenticationAlgorithm } from "./algorithms.ts";
import { hmac, hmacKey } from "./hash.ts";

/** Bytes that a password and K_g have at most; shorter ones are filled with zeros. */
export const MAX_KEY_SIZE = 20;

/** What the two ends have told one another, all that goes into the codes. @see IPMI 2.0, section 13.31, where each has its name */
export interface RakpExchange {
  /** SIDM: number by which the console knows the session. */
  readonly consoleSessionId: number;
  /** SIDC: number by which the BMC knows it. */
  readonly bmcSessionId: number;
  /** RM, 16 bytes. */
  readonly consoleRandom: Uint8Array;
  /** RC, 16 bytes. */
  readonly bmcRandom: Uint8Array;
  /** GUIDC, 16 bytes. */
  readonly bmcGuid: Uint8Array;
  /** ROLEM: the byte of RAKP message 1 with the privilege and the bit for name-only lookup. */
  readonly role: number;
  /** UNAMEM, up to 16 bytes. */
  readonly username: Uint8Array;
}

/** An algorithm that authenticates. */
type Authenticating = AuthenticationAlgorithm & { readonly digest: string };

/** True for all but RAKP-none, with which there are no codes and no keys. */
export const isAuthenticating = (algorithm: AuthenticationAlgorithm): algorithm is Authenticating =>
  algorithm.digest !== undefined;

const number32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  u32(0).write(bytes, value);
  return bytes;
};

function joined(...pieces: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Key exchange authentication code of RAKP message 2, under the user's password. @see IPMI 2.0, section 13.31 */
export const rakp2Code = (algorithm: Authenticating, password: Uint8Array, exchange: RakpExchange): Uint8Array =>
  hmac(
    algorithm.digest,
    hmacKey(password),
    joined(
      number32(exchange.consoleSessionId),
      number32(exchange.bmcSessionId),
      exchange.consoleRandom,
      exchange.bmcRandom,
      exchange.bmcGuid,
      [exchange.role, exchange.username.length],
      exchange.username,
    ),
  );

/** Key exchange authentication code of RAKP message 3, under the user's password. @see IPMI 2.0, section 13.31 */
export const rakp3Code = (algorithm: Authenticating, password: Uint8Array, exchange: RakpExchange): Uint8Array =>
  hmac(
    algorithm.digest,
    hmacKey(password),
    joined(
      exchange.bmcRandom,
      number32(exchange.consoleSessionId),
      [exchange.role, exchange.username.length],
      exchange.username,
    ),
  );

/** The session integrity key, under K_g, or the password where the BMC has no K_g. @see IPMI 2.0, section 13.31 */
export const sessionIntegrityKey = (algorithm: Authenticating, kg: Uint8Array, exchange: RakpExchange): Uint8Array =>
  hmac(
    algorithm.digest,
    hmacKey(kg),
    joined(exchange.consoleRandom, exchange.bmcRandom, [exchange.role, exchange.username.length], exchange.username),
  );

/** Integrity check value of RAKP message 4, under the session integrity key. @see IPMI 2.0, sections 13.28.1 and 13.31 */
export const rakp4CheckValue = (algorithm: Authenticating, sik: Uint8Array, exchange: RakpExchange): Uint8Array =>
  hmac(
    algorithm.digest,
    hmacKey(sik),
    joined(exchange.consoleRandom, number32(exchange.bmcSessionId), exchange.bmcGuid),
  ).subarray(0, algorithm.checkValueSize);

/** Keys that a session's packets are made with. */
export interface SessionKeys {
  /** Of HMAC integrity algorithms; empty where nothing is authenticated. */
  readonly k1: Uint8Array;
  /** Its first 16 bytes are AES's key. */
  readonly k2: Uint8Array;
  /** The user's password, filled up to 20 bytes, which MD5-128 uses in the place of K1. */
  readonly password: Uint8Array;
}

/** Additional key material from the session integrity key. @see IPMI 2.0, section 13.32 */
export function sessionKeys(algorithm: Authenticating, sik: Uint8Array, password: Uint8Array): SessionKeys {
  const key = hmacKey(sik);
  const derive = (constant: number) => hmac(algorithm.digest, key, new Uint8Array(20).fill(constant));
  const padded = new Uint8Array(MAX_KEY_SIZE);
  padded.set(password);
  return { k1: derive(1), k2: derive(2), password: padded };
}

/** Of sessions that authenticate nothing. */
export const noKeys: SessionKeys = { k1: new Uint8Array(), k2: new Uint8Array(), password: new Uint8Array() };
