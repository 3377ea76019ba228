/**
 * Wire forms declared once: where each field of a message stands, as the tables of the IPMI specification list them, from which
 * reading, writing and the TypeScript type follow. Integers are least significant byte first, as in all of IPMI.
 */

/** One field's place and wire form. */
export interface Field<T> {
  /** Bytes that a message must have for the field to be there. */
  readonly end: number;
  /** True where a message may end before the field. */
  readonly isOptional?: boolean;
  /** Bytes that a message needs with this value; `end` where it is absent. */
  endOf?(value: T): number;
  read(bytes: Uint8Array): T;
  /** Sets the field's bits, in bytes that are there and zero where no other field has written. RangeError for a value that does not fit. */
  write(bytes: Uint8Array, value: T): void;
}

/** A message's form in both directions. */
export interface Codec<T> {
  /** Bytes behind those that are declared are ignored. @throws LengthError where bytes are missing */
  decode(bytes: Uint8Array): T;
  /** @throws RangeError for values that do not fit */
  encode(value: T): Uint8Array;
}

/** What a codec's messages say. */
export type Decoded<C> = C extends Codec<infer T> ? T : never;

/** A message that is shorter than its form. */
export class LengthError extends RangeError {
  override readonly name = "LengthError";
  readonly expected: number;
  readonly received: number;

  constructor(expected: number, received: number) {
    super(`expected at least ${expected} bytes, received ${received}`);
    this.expected = expected;
    this.received = received;
  }
}

const requireFit = (value: number, limit: number): void => {
  if (!Number.isInteger(value) || value < 0 || value > limit)
    throw new RangeError(`${value} is not within 0 and ${limit}`);
};

/** An unsigned integer of `size` bytes (1–6) from byte `at` on. */
function unsigned(at: number, size: number): Field<number> {
  const limit = 2 ** (8 * size) - 1;
  return {
    end: at + size,
    read(bytes) {
      let value = 0;
      for (let index = at + size - 1; index >= at; index--) value = value * 256 + bytes[index]!;
      return value;
    },
    write(bytes, value) {
      requireFit(value, limit);
      let rest = value;
      for (let index = at; index < at + size; index++) {
        bytes[index] = rest % 256;
        rest = Math.floor(rest / 256);
      }
    },
  };
}

export const u8 = (at: number): Field<number> => unsigned(at, 1);
export const u16 = (at: number): Field<number> => unsigned(at, 2);
export const u24 = (at: number): Field<number> => unsigned(at, 3);
export const u32 = (at: number): Field<number> => unsigned(at, 4);

/** An unsigned integer in `width` bits of byte `at`, its lowest at bit `shift`: the specification's `[shift+width-1:shift]`. */
export function bits(at: number, shift: number, width: number): Field<number> {
  const limit = 2 ** width - 1;
  return {
    end: at + 1,
    read: (bytes) => (bytes[at]! >> shift) & limit,
    write(bytes, value) {
      requireFit(value, limit);
      bytes[at] = (bytes[at]! & ~(limit << shift)) | (value << shift);
    },
  };
}

/** One bit of byte `at`. */
export const flag = (at: number, bit: number): Field<boolean> => ({
  end: at + 1,
  read: (bytes) => ((bytes[at]! >> bit) & 1) === 1,
  write(bytes, value) {
    bytes[at] = (bytes[at]! & ~(1 << bit)) | (value ? 1 << bit : 0);
  },
});

/** `size` bytes as they are. Reading copies them. */
export const bytesAt = (at: number, size: number): Field<Uint8Array> => ({
  end: at + size,
  read: (bytes) => bytes.slice(at, at + size),
  write(bytes, value) {
    if (value.length !== size) throw new RangeError(`expected ${size} bytes, received ${value.length}`);
    bytes.set(value, at);
  },
});

/** Everything from byte `at` on, which may be nothing. Reading copies it. */
export const rest = (at: number): Field<Uint8Array> => ({
  end: at,
  endOf: (value) => at + value.length,
  read: (bytes) => bytes.slice(at),
  write: (bytes, value) => bytes.set(value, at),
});

/** A value that has no name in its table. */
export type Reserved = `reserved-${number}`;

/** A field whose values have names: `names[n]` is that of n. Values without one are read as `reserved-n`, and written from that. */
export function named<const N extends string>(
  field: Field<number>,
  names: readonly N[] | Readonly<Record<number, N>>,
): Field<N | Reserved> {
  const byNumber = new Map<number, N>(Object.entries(names).map(([number, name]) => [Number(number), name]));
  const byName = new Map<string, number>([...byNumber].map(([number, name]) => [name, number]));
  return {
    ...(field.isOptional && { isOptional: true }),
    end: field.end,
    read(bytes) {
      const number = field.read(bytes);
      return byNumber.get(number) ?? `reserved-${number}`;
    },
    write(bytes, name) {
      const number =
        byName.get(name) ?? Number(name.startsWith("reserved-") ? name.slice("reserved-".length) : Number.NaN);
      field.write(bytes, number);
    },
  };
}

/** A field that a message may end before. Its value is then undefined, and it is left out where it is written as undefined. */
export const optional = <T>(field: Field<T>): Field<T | undefined> => ({
  end: field.end,
  isOptional: true,
  endOf: (value) => (value === undefined ? 0 : (field.endOf?.(value) ?? field.end)),
  read: (bytes) => (bytes.length < field.end ? undefined : field.read(bytes)),
  write(bytes, value) {
    if (value !== undefined) field.write(bytes, value);
  },
});

/** Any field at all: reads something, and accepts nothing that we can name yet. */
interface AnyField {
  readonly end: number;
  readonly isOptional?: boolean;
  endOf?(value: never): number;
  read(bytes: Uint8Array): unknown;
  write(bytes: Uint8Array, value: never): void;
}

type Values<L> = { readonly [K in keyof L]: L[K] extends Field<infer T> ? T : never };

/**
 * Declares a message: its fields by their names, each with its place. `size` is the least that is written, for messages with
 * reserved bytes at their end.
 */
export function layout<const L extends Readonly<Record<string, AnyField>>>(fields: L, size = 0): Codec<Values<L>> {
  const entries = Object.entries<AnyField>(fields);
  const required = Math.max(0, ...entries.filter(([, field]) => !field.isOptional).map(([, field]) => field.end));
  return {
    decode(bytes) {
      if (bytes.length < required) throw new LengthError(required, bytes.length);
      const value: Record<string, unknown> = {};
      for (const [name, field] of entries) value[name] = field.read(bytes);
      return value as Values<L>;
    },
    encode(value) {
      const valueOf = (name: string) => value[name as keyof L] as never;
      const ends = entries.map(([name, field]) => field.endOf?.(valueOf(name)) ?? field.end);
      const bytes = new Uint8Array(Math.max(size, 0, ...ends));
      for (const [name, field] of entries) field.write(bytes, valueOf(name));
      return bytes;
    },
  };
}

/** A message without data. */
export const empty: Codec<Readonly<Record<string, never>>> = {
  decode: () => ({}),
  encode: () => new Uint8Array(),
};
