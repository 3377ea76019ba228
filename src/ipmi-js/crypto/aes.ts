import { createCipheriv, createDecipheriv } from "node:crypto";

/** Bytes of an AES block, and of the initialization vector in front of every payload. */
const BLOCK = 16;
const NAME = "aes-128-cbc";

/** Vectors drawn at once: asking for random bytes costs more than many bytes do. */
const VECTORS_DRAWN = 16;

/** Gives out initialization vectors, each once. */
export class VectorSource {
  readonly #random: (size: number) => Uint8Array;
  #drawn = new Uint8Array();
  #used = 0;

  constructor(random: (size: number) => Uint8Array) {
    this.#random = random;
  }

  next(): Uint8Array {
    if (this.#used === this.#drawn.length) {
      this.#drawn = Uint8Array.from(this.#random(VECTORS_DRAWN * BLOCK));
      this.#used = 0;
    }
    this.#used += BLOCK;
    return this.#drawn.subarray(this.#used - BLOCK, this.#used);
  }
}

/** Bytes that a payload has when encrypted: vector, payload, pad, pad length. @see IPMI 2.0, table 13-20 */
export const encryptedSize = (size: number): number => BLOCK + Math.ceil((size + 1) / BLOCK) * BLOCK;

/**
 * Writes a payload encrypted into `into` from `at` on, `encryptedSize` bytes: the vector, and behind it under AES-CBC-128 the
 * payload, pad bytes 1, 2, 3 … and their number.
 * @see IPMI 2.0, section 13.29 and table 13-20
 */
export function encryptInto(
  into: Uint8Array,
  at: number,
  key: Uint8Array,
  vector: Uint8Array,
  payload: Uint8Array,
): void {
  const plain = new Uint8Array(encryptedSize(payload.length) - BLOCK);
  plain.set(payload);
  const padSize = plain.length - payload.length - 1;
  for (let index = 0; index < padSize; index++) plain[payload.length + index] = index + 1;
  plain[plain.length - 1] = padSize;
  into.set(vector, at);
  const cipher = createCipheriv(NAME, key, vector);
  cipher.setAutoPadding(false);
  into.set(cipher.update(plain), at + BLOCK);
}

/** Reads what `encryptInto` writes; undefined where its size, pad length or pad bytes are wrong. */
export function decrypt(key: Uint8Array, encrypted: Uint8Array): Uint8Array | undefined {
  if (encrypted.length < 2 * BLOCK || encrypted.length % BLOCK !== 0) return undefined;
  const decipher = createDecipheriv(NAME, key, encrypted.subarray(0, BLOCK));
  decipher.setAutoPadding(false);
  const begun = decipher.update(encrypted.subarray(BLOCK));
  if (begun.length === encrypted.length - BLOCK) return unpadded(begun);
  // Some implementations of node:crypto keep the last block until the end, even without padding.
  const plain = new Uint8Array(encrypted.length - BLOCK);
  plain.set(begun);
  plain.set(decipher.final(), begun.length);
  return unpadded(plain);
}

function unpadded(plain: Uint8Array): Uint8Array | undefined {
  const padSize = plain[plain.length - 1]!;
  const size = plain.length - 1 - padSize;
  // The specification knows up to 15 pad bytes; some firmware adds a whole block to a payload that needs none.
  if (padSize > BLOCK || size < 0) return undefined;
  for (let index = 0; index < padSize; index++) if (plain[size + index] !== index + 1) return undefined;
  return new Uint8Array(plain.buffer, plain.byteOffset, size);
}
