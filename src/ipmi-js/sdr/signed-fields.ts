import { bits, type Field } from "../bytes/layout.ts";

const withSign = (value: number, width: number): number => (value >= 2 ** (width - 1) ? value - 2 ** width : value);

function withoutSign(value: number, width: number): number {
  const half = 2 ** (width - 1);
  if (!Number.isInteger(value) || value < -half || value >= half)
    throw new RangeError(`${value} is not within ${-half} and ${half - 1}`);
  return value < 0 ? value + 2 ** width : value;
}

/** Two's complement in `width` bits of byte `at`, the lowest at bit `shift`. */
export function signedBits(at: number, shift: number, width: number): Field<number> {
  const field = bits(at, shift, width);
  return {
    end: field.end,
    read: (bytes) => withSign(field.read(bytes), width),
    write: (bytes, value) => field.write(bytes, withoutSign(value, width)),
  };
}

/** An unsigned number whose low bits are the `lowWidth` lowest of byte `at`, and its high ones the `highWidth` highest of the next. */
export function splitBits(at: number, lowWidth: number, highWidth: number): Field<number> {
  const low = bits(at, 0, lowWidth);
  const high = bits(at + 1, 8 - highWidth, highWidth);
  const limit = 2 ** (lowWidth + highWidth) - 1;
  return {
    end: at + 2,
    read: (bytes) => low.read(bytes) + high.read(bytes) * 2 ** lowWidth,
    write(bytes, value) {
      if (!Number.isInteger(value) || value < 0 || value > limit)
        throw new RangeError(`${value} is not within 0 and ${limit}`);
      low.write(bytes, value % 2 ** lowWidth);
      high.write(bytes, Math.floor(value / 2 ** lowWidth));
    },
  };
}

/** Two's complement of ten bits: the lower eight are byte `at`, the upper two bits 7:6 of the next. */
export function signed10(at: number): Field<number> {
  const field = splitBits(at, 8, 2);
  return {
    end: field.end,
    read: (bytes) => withSign(field.read(bytes), 10),
    write: (bytes, value) => field.write(bytes, withoutSign(value, 10)),
  };
}
