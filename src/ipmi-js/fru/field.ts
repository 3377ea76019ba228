import { hexBytes } from "../bytes/hex.ts";
import { decodeBcdPlus, decodeLatin1, decodeSixBit, encodeBcdPlus, encodeLatin1, encodeSixBit } from "../bytes/text.ts";
import type { FruEncoding, FruField } from "./inventory.ts";

/** The type/length byte behind the last field. */
export const END_OF_FIELDS = 0xc1;

/** Bytes that the six bits of the length have room for. */
const LENGTH_LIMIT = 0x3f;

const encodings = ["binary", "bcd-plus", "6-bit-ascii", "8-bit"] as const;

/** English is what is not said, too: its 8-bit fields are Latin-1, those of all other languages UTF-16. */
export const isEnglish = (language: number): boolean => language === 0 || language === 25;

const trimmed = (text: string): string => text.replace(/[\0 ]+$/, "");

/** Least significant byte first. */
function decodeUtf16(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at + 1 < bytes.length; at += 2) text += String.fromCharCode(bytes[at]! | (bytes[at + 1]! << 8));
  return text;
}

function encodeUtf16(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes[2 * index] = unit & 0xff;
    bytes[2 * index + 1] = unit >> 8;
  }
  return bytes;
}

/** Field length of a type/length byte. */
export const fieldLength = (typeLength: number): number => typeLength & LENGTH_LIMIT;

/**
 * A field of which the type/length byte and the bytes behind it are given. UTF-16 of an odd length cannot be such: then it is
 * read as Latin-1, which boards with a wrong language code mean.
 *
 * @see FRU definition 1.0, section 13
 */
export function decodeField(typeLength: number, bytes: Uint8Array, language: number): FruField {
  const encoding = encodings[typeLength >> 6] ?? "8-bit";
  switch (encoding) {
    case "binary":
      return { encoding, text: hexBytes(bytes) };
    case "bcd-plus":
      return { encoding, text: trimmed(decodeBcdPlus(bytes)) };
    case "6-bit-ascii":
      return { encoding, text: trimmed(decodeSixBit(bytes)) };
    case "8-bit":
      return isEnglish(language) || bytes.length % 2 === 1
        ? { encoding, text: trimmed(decodeLatin1(bytes)) }
        : { encoding: "utf-16", text: trimmed(decodeUtf16(bytes)) };
  }
}

function decodeHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new RangeError(`"${text}" is not a sequence of hexadecimal bytes`);
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

const encoders: Record<FruEncoding, (text: string) => Uint8Array> = {
  binary: decodeHex,
  "bcd-plus": encodeBcdPlus,
  "6-bit-ascii": encodeSixBit,
  "8-bit": encodeLatin1,
  "utf-16": encodeUtf16,
};

/**
 * A field with its type/length byte; an empty one for undefined.
 *
 * @throws RangeError for texts that the encoding or 63 bytes have no room for, and for `utf-16` in English areas and `8-bit` in others
 */
export function encodeField(field: FruField | undefined, language: number): Uint8Array {
  if (!field || field.text === "") return Uint8Array.of(0xc0);
  const { encoding } = field;
  if (encoding === (isEnglish(language) ? "utf-16" : "8-bit"))
    throw new RangeError(`an area in language ${language} has no fields in ${encoding}`);
  // A single byte of 8-bit text would read as the end of all fields.
  const text = encoding === "8-bit" && field.text.length === 1 ? `${field.text} ` : field.text;
  const bytes = encoders[encoding](text);
  if (bytes.length > LENGTH_LIMIT) throw new RangeError(`"${text}" takes ${bytes.length} bytes of ${LENGTH_LIMIT}`);
  const type = encoding === "utf-16" ? 3 : encodings.indexOf(encoding);
  return Uint8Array.of((type << 6) | bytes.length, ...bytes);
}
