import { describe, expect, test } from "bun:test";
import { createCipheriv } from "node:crypto";
import { encryptedSize, PayloadCipher, VectorSource } from "../../../src/ipmi-js/crypto/aes.ts";
import { fromHex, toHex } from "../../../src/lib/hex.ts";

// NIST SP 800-38A, F.2.1: CBC-AES128, first block.
const key = fromHex("2b7e151628aed2a6abf7158809cf4f3c");
const vector = fromHex("000102030405060708090a0b0c0d0e0f");

/** A payload encrypted with the pad that is given, whatever it is. */
function withPad(payload: Uint8Array, pad: readonly number[]): Uint8Array {
  const fresh = createCipheriv("aes-128-cbc", key, vector);
  fresh.setAutoPadding(false);
  return Uint8Array.of(...vector, ...fresh.update(Uint8Array.of(...payload, ...pad)), ...fresh.final());
}

/** One for all tests, as for all packets of a session. */
const cipher = new PayloadCipher(key);

const encrypted = (payload: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(encryptedSize(payload.length) + 3);
  cipher.encryptInto(bytes, 3, vector, payload);
  expect([...bytes.subarray(0, 3)]).toEqual([0, 0, 0]);
  return bytes.slice(3);
};

describe("AES-CBC-128", () => {
  test("is that of the standard", () => {
    const block = fromHex("6bc1bee22e409f96e93d7e117393172a");
    expect(toHex(encrypted(block).slice(0, 32))).toBe(
      toHex(Uint8Array.of(...vector, ...fromHex("7649abac8119b246cee98e9b12e9197d"))),
    );
  });

  test("pads with 1, 2, 3 … and their number, up to whole blocks", () => {
    for (let size = 0; size <= 40; size++) {
      const payload = new Uint8Array(size).fill(0xa5);
      const padSize = (16 - ((size + 1) % 16)) % 16;
      const pad = Array.from({ length: padSize }, (_, index) => index + 1);
      expect(toHex(encrypted(payload))).toBe(toHex(withPad(payload, [...pad, padSize])));
      expect(cipher.decrypt(encrypted(payload))).toEqual(payload);
    }
  });

  test("a whole block too much, as some firmware adds it, is taken", () => {
    const pad = Array.from({ length: 16 }, (_, index) => index + 1);
    expect(cipher.decrypt(withPad(new Uint8Array(15), [...pad, 16]))).toEqual(new Uint8Array(15));
  });

  test("pads that are none are not", () => {
    expect(cipher.decrypt(withPad(new Uint8Array(13), [1, 3, 2]))).toBeUndefined();
    expect(cipher.decrypt(withPad(new Uint8Array(15), [16]))).toBeUndefined();
    expect(cipher.decrypt(withPad(new Uint8Array(15), [255]))).toBeUndefined();
    const seventeen = Array.from({ length: 17 }, (_, index) => index + 1);
    expect(cipher.decrypt(withPad(new Uint8Array(14), [...seventeen, 17]))).toBeUndefined();
  });

  test("sizes that are none are not", () => {
    const whole = encrypted(new Uint8Array(20));
    for (const size of [0, 1, 15, 16, 17, 31, 33, 47]) expect(cipher.decrypt(whole.slice(0, size))).toBeUndefined();
  });

  test("what is decrypted shares nothing with the datagram, and slices of it are copies", () => {
    const datagram = Buffer.from(encrypted(Uint8Array.of(1, 2, 3)));
    const payload = cipher.decrypt(datagram)!;
    datagram.fill(0);
    expect(payload).toEqual(Uint8Array.of(1, 2, 3));
    const copy = payload.slice(0, 1);
    payload.fill(9);
    expect([...copy]).toEqual([1]);
  });
});

test("vectors are drawn in blocks and given out once each", () => {
  const drawn: number[] = [];
  const source = new VectorSource((size) => {
    drawn.push(size);
    return Uint8Array.from({ length: size }, (_, index) => drawn.length * 16 + Math.floor(index / 16));
  });
  const given = Array.from({ length: 40 }, () => toHex(source.next()));
  expect(new Set(given).size).toBe(40);
  expect(given.every((text) => text.split(" ").length === 16)).toBe(true);
  expect(drawn.length).toBeLessThan(10);
});
