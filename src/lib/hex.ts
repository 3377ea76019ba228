/** Bytes as two hex digits each with spaces between: `01 0a ff`. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (text === "" ? "" : " ") + byte.toString(16).padStart(2, "0");
  return text;
}

/** The bytes that a text of hex digits, with or without white space, spells. Throws RangeError where it is none. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new RangeError(`not hexadecimal bytes: "${text}"`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
