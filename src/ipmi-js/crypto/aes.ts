import { createCipheriv, createDecipheriv, type Cipheriv, type Decipheriv } from "node:crypto";
import { copyOf } from "../bytes/copy.ts";

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
      this.#drawn = new Uint8Array(this.#random(VECTORS_DRAWN * BLOCK));
      this.#used = 0;
    }
    this.#used += BLOCK;
    return copyOf(this.#drawn, this.#used - BLOCK, this.#used);
  }
}

/** Bytes that a payload has when encrypted: vector, payload, pad, pad length. @see IPMI 2.0, table 13-20 */
export const encryptedSize = (size: number): number => BLOCK + Math.ceil((size + 1) / BLOCK) * BLOCK;

/**
 * Encrypts and decrypts payloads under one key: an initialization vector, and behind it under AES-CBC-128 the payload, pad bytes
 * 1, 2, 3 … and their number.
 *
 * One cipher and one decipher serve all payloads, since making them costs more than using them. CBC goes on where it has ended: a
 * payload's first block is freed of what the chain holds and combined with the vector instead; and once the vector has been decrypted
 * like a block, the chain stands as if it had begun there. Without padding every whole block comes out at once, in all runtimes.
 *
 * @see IPMI 2.0, section 13.29 and table 13-20
 */
export class PayloadCipher {
  readonly #cipher: Cipheriv;
  readonly #decipher: Decipheriv;
  /** The last block that was encrypted. */
  readonly #chain = new Uint8Array(BLOCK);

  /** @param key 16 bytes */
  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv(NAME, key, this.#chain).setAutoPadding(false);
    this.#decipher = createDecipheriv(NAME, key, this.#chain).setAutoPadding(false);
  }

  /** Writes a payload encrypted into `into` from `at` on: `encryptedSize` bytes. */
  encryptInto(into: Uint8Array, at: number, vector: Uint8Array, payload: Uint8Array): void {
    const plain = new Uint8Array(encryptedSize(payload.length) - BLOCK);
    plain.set(payload);
    const padSize = plain.length - payload.length - 1;
    for (let index = 0; index < padSize; index++) plain[payload.length + index] = index + 1;
    plain[plain.length - 1] = padSize;
    const chain = this.#chain;
    for (let index = 0; index < BLOCK; index++) plain[index]! ^= chain[index]! ^ vector[index]!;
    const encrypted = this.#cipher.update(plain);
    const lastAt = encrypted.length - BLOCK;
    for (let index = 0; index < BLOCK; index++) chain[index] = encrypted[lastAt + index]!;
    into.set(vector, at);
    into.set(encrypted, at + BLOCK);
  }

  /** Reads what `encryptInto` writes; undefined where its size, pad length or pad bytes are wrong. */
  decrypt(encrypted: Uint8Array): Uint8Array | undefined {
    // A part of a block would stay behind, and shift all that follows.
    if (encrypted.length < 2 * BLOCK || encrypted.length % BLOCK !== 0) return undefined;
    return unpadded(this.#decipher.update(encrypted));
  }
}

/** The payload behind what became of the vector and before the pad. */
function unpadded(plain: Uint8Array): Uint8Array | undefined {
  const padSize = plain[plain.length - 1]!;
  const size = plain.length - 1 - padSize;
  // The specification knows up to 15 pad bytes; some firmware adds a whole block to a payload that needs none.
  if (padSize > BLOCK || size < BLOCK) return undefined;
  for (let index = 0; index < padSize; index++) if (plain[size + index] !== index + 1) return undefined;
  return copyOf(plain, BLOCK, size);
}
