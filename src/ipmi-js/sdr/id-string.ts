import type { Field } from "../bytes/layout.ts";
import { decodeBcdPlus, decodeLatin1, decodeSixBit, encodeBcdPlus, encodeLatin1, encodeSixBit } from "../bytes/text.ts";

/** How an id string is stored: the values of bits 7:6 of its type/length byte. */
const idEncodings = ["unicode", "bcd-plus", "6-bit-ascii", "8-bit"] as const;
type IdEncoding = (typeof idEncodings)[number];

/** An id string with the encoding that it is stored in. */
export interface IdString {
  readonly text: string;
  readonly encoding: IdEncoding;
}

/** Bytes that the five bits of the length have room for. */
const LENGTH_LIMIT = 31;

const until = (text: string, end: string): string => {
  const at = text.indexOf(end);
  return at < 0 ? text : text.slice(0, at);
};

function textOf(encoding: IdEncoding, bytes: Uint8Array): string {
  switch (encoding) {
    case "bcd-plus":
      return decodeBcdPlus(bytes);
    case "6-bit-ascii":
      return decodeSixBit(bytes);
    case "8-bit":
      return until(decodeLatin1(bytes), "\0");
    case "unicode":
      // The specification does not say which form of Unicode. Without zeros, both UTF-8 and UTF-16 of plain ASCII are right.
      return decodeLatin1(bytes).replaceAll("\0", "");
  }
}

function bytesOf({ text, encoding }: IdString): Uint8Array {
  switch (encoding) {
    case "bcd-plus":
      return encodeBcdPlus(text);
    case "6-bit-ascii":
      return encodeSixBit(text);
    case "8-bit":
    case "unicode":
      return encodeLatin1(text);
  }
}

/**
 * The id string whose type/length byte is byte `at`, the last field of its record. A length that reaches beyond the record's end is
 * that of what is there, and a record that ends before its id has an empty one: the sensor is none the worse for it.
 * @see IPMI 2.0, section 43.15
 */
export const idString = (at: number): Field<IdString> => ({
  end: at,
  endOf: (value) => at + 1 + bytesOf(value).length,
  read(bytes) {
    const typeLength = bytes[at] ?? 0xc0;
    const encoding = idEncodings[typeLength >> 6] ?? "8-bit";
    return { encoding, text: textOf(encoding, bytes.subarray(at + 1, at + 1 + (typeLength & LENGTH_LIMIT))) };
  },
  write(bytes, value) {
    const stored = bytesOf(value);
    if (stored.length > LENGTH_LIMIT)
      throw new RangeError(`"${value.text}" takes ${stored.length} bytes, of which an id string has ${LENGTH_LIMIT}`);
    bytes[at] = (idEncodings.indexOf(value.encoding) << 6) | stored.length;
    bytes.set(stored, at + 1);
  },
});
