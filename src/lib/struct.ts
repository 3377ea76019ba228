/** One field's wire form: how many bytes it takes and how it is read and written. The bytes at its place are there. */
interface Field<T> {
  readonly size: number;
  read(bytes: Uint8Array, at: number): T;
  write(bytes: Uint8Array, at: number, value: T): void;
}

/** An unsigned integer of so many bytes, most significant first. Byte by byte: making a DataView costs more than all of it. */
const unsigned = (size: number): Field<number> => ({
  size,
  read(bytes, at) {
    let value = 0;
    for (let index = 0; index < size; index++) value = value * 256 + bytes[at + index]!;
    return value;
  },
  write(bytes, at, value) {
    let rest = value;
    for (let index = size - 1; index >= 0; index--) {
      bytes[at + index] = rest;
      rest = Math.floor(rest / 256);
    }
  },
});

/** One byte. */
export const u8 = unsigned(1);
/** Two bytes, most significant first. */
export const u16be = unsigned(2);
/** Four bytes, most significant first. */
export const u32be = unsigned(4);

/** A run of fields of fixed size, declared once, from which both directions and the TypeScript type follow. */
interface Struct<Name extends string> {
  /** Bytes that the whole run takes. */
  readonly size: number;
  /** Reads the run that starts at `at`; RangeError where the bytes end before it does. */
  read(bytes: Uint8Array, at: number): Record<Name, number>;
  /** Writes the run at `at`; RangeError where the bytes end before it does. */
  write(bytes: Uint8Array, at: number, value: Readonly<Record<Name, number>>): void;
}

/** Declares a run of fields in the order in which they stand on the wire. */
export function struct<Name extends string>(layout: Readonly<Record<Name, Field<number>>>): Struct<Name> {
  const names = Object.keys(layout) as Name[];
  let size = 0;
  const fields = names.map((name) => {
    const field = layout[name];
    const at = size;
    size += field.size;
    return { name, field, at };
  });
  const requireRoom = (bytes: Uint8Array, start: number) => {
    if (start < 0 || start + size > bytes.length) {
      throw new RangeError(`${size} bytes at ${start} do not lie within ${bytes.length}`);
    }
  };
  return {
    size,
    read(bytes, start) {
      requireRoom(bytes, start);
      const value: Partial<Record<Name, number>> = {};
      for (const { name, field, at } of fields) value[name] = field.read(bytes, start + at);
      return value as Record<Name, number>;
    },
    write(bytes, start, value) {
      requireRoom(bytes, start);
      for (const { name, field, at } of fields) field.write(bytes, start + at, value[name]);
    },
  };
}
