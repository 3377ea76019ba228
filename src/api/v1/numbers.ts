/**
 * What counts as white space around a number, as Python's `int` has it, which read the numbers of 1.2: it is not quite what `\s`
 * is in JavaScript.
 */
const space = String.raw`[\t-\r\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*`;

/** An integer as the caller spelled it, taken apart. Its size is not limited. */
export interface SpelledInteger {
  readonly isNegative: boolean;
  /** Its digits as they were spelled, without sign, prefix and white space. */
  readonly digits: string;
  /** Its digits without leading zeros; empty for zero. */
  readonly significant: string;
}

const hexadecimal = new RegExp(`^${space}([+-]?)(?:0[xX])?([0-9a-fA-F]+)${space}$`);
const decimal = new RegExp(`^${space}([+-]?)([0-9]+)${space}$`);

function parse(pattern: RegExp, text: string): SpelledInteger | undefined {
  const [, sign, digits] = pattern.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const significant = digits.replace(/^0+/, "");
  return { isNegative: sign === "-" && significant !== "", digits, significant };
}

/** A hexadecimal integer: in either case, with or without `0x`, sign and surrounding white space; undefined where the text is none. */
export const parseHexadecimal = (text: string): SpelledInteger | undefined => parse(hexadecimal, text);

/** A decimal integer, with or without sign and surrounding white space; undefined where the text is none. */
export const parseDecimal = (text: string): SpelledInteger | undefined => parse(decimal, text);

/** Characters of the caller's text that a message repeats. */
const LONGEST_QUOTE = 64;

/** The caller's text as a message repeats it: in quotes, and not endlessly. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
