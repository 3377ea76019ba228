/** One field's wire form: how many bytes it takes and how it is read and written. */
interface Field<T> {
  readonly size: number;
  read(view: DataView, at: number): T;
  write(view: DataView, at: number, value: T): void;
}

/** One byte. */
export const u8: Field<number> = {
  size: 1,
  read: (view, at) => view.getUint8(at),
  write: (view, at, value) => view.setUint8(at, value),
};

/** Two bytes, most significant first. */
export const u16be: Field<number> = {
  size: 2,
  read: (view, at) => view.getUint16(at),
  write: (view, at, value) => view.setUint16(at, value),
};

/** Four bytes, most significant first. */
export const u32be: Field<number> = {
  size: 4,
  read: (view, at) => view.getUint32(at),
  write: (view, at, value) => view.setUint32(at, value),
};

/** A run of fields of fixed size, declared once, from which both directions and the TypeScript type follow. */
interface Struct<Name extends string> {
  /** Bytes that the whole run takes. */
  readonly size: number;
  /** Reads the run that starts at `at`; RangeError where the view ends before it does. */
  read(view: DataView, at: number): Record<Name, number>;
  /** Writes the run at `at`; RangeError where the view ends before it does. */
  write(view: DataView, at: number, value: Readonly<Record<Name, number>>): void;
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
  return {
    size,
    read(view, start) {
      const value: Partial<Record<Name, number>> = {};
      for (const { name, field, at } of fields) value[name] = field.read(view, start + at);
      return value as Record<Name, number>;
    },
    write(view, start, value) {
      for (const { name, field, at } of fields) field.write(view, start + at, value[name]);
    },
  };
}
