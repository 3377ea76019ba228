import { u16, type Field } from "../bytes/layout.ts";
import { encodeLatin1 } from "../bytes/text.ts";

/** Up to `size` characters of Latin-1 from byte `at` on, the rest zero. Reading ends at the first zero. */
export const text = (at: number, size: number): Field<string> => ({
  end: at + size,
  read(bytes) {
    let characters = "";
    for (let index = at; index < at + size && bytes[index] !== 0; index++)
      characters += String.fromCodePoint(bytes[index]!);
    return characters;
  },
  write(bytes, value) {
    if (value.length > size) throw new RangeError(`"${value}" is longer than ${size} characters`);
    bytes.set(encodeLatin1(value), at);
  },
});

/** A field in other words than those of its bytes. */
const converted = <From, To>(
  field: Field<From>,
  toRead: (raw: From) => To,
  toWrite: (value: To) => From,
): Field<To> => ({
  end: field.end,
  read: (bytes) => toRead(field.read(bytes)),
  write: (bytes, value) => field.write(bytes, toWrite(value)),
});

/** A version such as 2.0 in a byte whose low digit comes first: 02h, and 51h for 1.5. */
export const version = (field: Field<number>): Field<string> =>
  converted(
    field,
    (raw) => `${raw & 0x0f}.${raw >> 4}`,
    (value) => {
      const [major = "", minor = ""] = value.split(".");
      return Number(major) | (Number(minor) << 4);
    },
  );

/** Two decimal digits, the high one in the upper half of a byte. Digits beyond 9 are read as they are weighted. */
export const bcd = (field: Field<number>): Field<number> =>
  converted(
    field,
    (raw) => (raw >> 4) * 10 + (raw & 0x0f),
    (value) => (Math.floor(value / 10) << 4) | (value % 10),
  );

/** A signed integer of 16 bits. */
export const s16 = (at: number): Field<number> =>
  converted(
    u16(at),
    (raw) => (raw > 0x7fff ? raw - 0x1_0000 : raw),
    (value) => {
      if (value < -0x8000 || value > 0x7fff) throw new RangeError(`${value} does not fit into 16 bits`);
      return value < 0 ? value + 0x1_0000 : value;
    },
  );

/** An IPv4 address, most significant byte first: `192.0.2.10`. */
export const ipv4 = (at: number): Field<string> => ({
  end: at + 4,
  read: (bytes) => bytes.subarray(at, at + 4).join("."),
  write(bytes, value) {
    const parts = value.split(".").map(Number);
    if (parts.length !== 4 || !parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255))
      throw new RangeError(`"${value}" is no IPv4 address`);
    bytes.set(parts, at);
  },
});

/** A MAC address: `02:00:00:00:00:10`. */
export const mac = (at: number): Field<string> => ({
  end: at + 6,
  read: (bytes) => Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, "0")).join(":"),
  write(bytes, value) {
    if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value)) throw new RangeError(`"${value}" is no MAC address`);
    bytes.set(
      value.split(":").map((part) => Number.parseInt(part, 16)),
      at,
    );
  },
});

/** A bit that is set where what it names is off. */
export const cleared = (field: Field<boolean>): Field<boolean> =>
  converted(
    field,
    (isSet) => !isSet,
    (value) => !value,
  );

/** An unsigned integer in `width` bits of the 16 that begin at byte `at`, its lowest at bit `shift`. */
export const wideBits = (at: number, shift: number, width: number): Field<number> => {
  const limit = 2 ** width - 1;
  return {
    end: at + 2,
    read: (bytes) => ((bytes[at]! | (bytes[at + 1]! << 8)) >> shift) & limit,
    write(bytes, value) {
      if (!Number.isInteger(value) || value < 0 || value > limit)
        throw new RangeError(`${value} is not within 0 and ${limit}`);
      const others = (bytes[at]! | (bytes[at + 1]! << 8)) & ~(limit << shift);
      const word = others | (value << shift);
      bytes[at] = word & 0xff;
      bytes[at + 1] = word >> 8;
    },
  };
};
