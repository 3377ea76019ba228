/** A number as the specification writes it: `C5h`, `0012h`. */
export const hexNumber = (value: number, digits = 2): string =>
  `${value.toString(16).toUpperCase().padStart(digits, "0")}h`;

/** Bytes as hexadecimal digits, for evidence in errors. */
export function hexBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
