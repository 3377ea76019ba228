/**
 * The character sets of SDR id strings and FRU fields.
 * @see IPMI 2.0, section 43.15; Platform Management FRU Information Storage Definition 1.0, section 13
 */

/** Both definitions share the first thirteen; the rest is the SDRs', and what FRU programs read there, too. */
const bcdPlusCharacters = "0123456789 -.:,_";

/** Two characters a byte, the high nibble first. */
export function decodeBcdPlus(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += bcdPlusCharacters.charAt(byte >> 4) + bcdPlusCharacters.charAt(byte & 0x0f);
  return text;
}

function bcdPlusNibble(character: string): number {
  const nibble = bcdPlusCharacters.indexOf(character);
  if (nibble < 0) throw new RangeError(`BCD plus has no "${character}"`);
  return nibble;
}

/** @throws RangeError for characters that BCD plus does not have. An odd one at the end is followed by a space. */
export function encodeBcdPlus(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(text.length / 2));
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = (bcdPlusNibble(text.charAt(2 * index)) << 4) | bcdPlusNibble(text.charAt(2 * index + 1) || " ");
  return bytes;
}

/** Four characters in three bytes, the first in the lowest bits; each is 20h more than its six bits. */
export function decodeSixBit(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let width = 0;
  for (const byte of bytes) {
    pending |= byte << width;
    width += 8;
    for (; width >= 6; width -= 6) {
      text += String.fromCodePoint(0x20 + (pending & 0x3f));
      pending >>= 6;
    }
  }
  return text;
}

/** @throws RangeError for characters outside 20h–5Fh: lower case has no room */
export function encodeSixBit(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((text.length * 6) / 8));
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index) - 0x20;
    if (code < 0 || code > 0x3f) throw new RangeError(`6-bit ASCII has no "${text.charAt(index)}"`);
    const at = (index * 6) >> 3;
    const shifted = code << ((index * 6) & 7);
    bytes[at] = bytes[at]! | (shifted & 0xff);
    if (shifted > 0xff) bytes[at + 1] = shifted >> 8;
  }
  return bytes;
}

/** ISO 8859-1, which is not what TextDecoder calls "latin1": that is Windows-1252. */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCodePoint(byte);
  return text;
}

/** @throws RangeError for characters beyond FFh */
export function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0xff) throw new RangeError(`Latin-1 has no "${text.charAt(index)}"`);
    bytes[index] = code;
  }
  return bytes;
}
