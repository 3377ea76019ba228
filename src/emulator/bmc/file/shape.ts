import { closestName } from "../../../lib/closest-name.ts";
import { parseJsonDocument } from "../../../lib/json-document.ts";
import { Place } from "../../../lib/place.ts";

/** What may stand at a place: in words, and how it is read. Mistakes are noted by the place; the value is then undefined. */
export interface Shape<T> {
  readonly expected: string;
  read(place: Place): T | undefined;
}

/** What a shape's values are. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** A member of an object: its shape, and what it is where it is absent. */
interface Member<T> {
  readonly shape: Shape<unknown>;
  readonly absent: { readonly value: T } | undefined;
  /** Only for the compiler: carries the type. */
  readonly type?: T;
}

interface OptionalMember<T> extends Member<T> {
  readonly absent: { readonly value: T };
}

/** What a member's values are. */
export type MemberValue<M> = M extends Member<infer T> ? T : never;

export const required = <T>(shape: Shape<T>): Member<T> => ({ shape, absent: undefined });
export const optional = <T>(shape: Shape<T>): OptionalMember<T | undefined> => ({
  shape,
  absent: { value: undefined },
});
export const withDefault = <T>(shape: Shape<T>, value: T): OptionalMember<T> => ({ shape, absent: { value } });

type CamelCase<S extends string> = S extends `${infer Head}_${infer Rest}`
  ? `${Head}${Capitalize<CamelCase<Rest>>}`
  : S;

type AnyMembers = Readonly<Record<string, Member<unknown>>>;
type Values<M extends AnyMembers> = {
  readonly [K in keyof M & string as CamelCase<K>]: MemberValue<M[K]>;
};

const camelCase = (name: string) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Refuses members that have no meaning, but for those that begin with `_`, which are comments. One may be a password with its name misspelled. */
function refuseUnknownMembers(place: Place, names: readonly string[]): boolean {
  const { value } = place;
  if (typeof value !== "object" || value === null) return true;
  const unknown = Object.keys(value).filter((name) => !name.startsWith("_") && !names.includes(name));
  for (const name of unknown) {
    const meant = closestName(name, names);
    place.optional(name, (member) =>
      member.refuseSecret(meant === undefined ? "no member of this name" : `the member to be called "${meant}"`),
    );
  }
  return unknown.length === 0;
}

/** An object with these members, spelled as in the file; in the value their names are in camel case. */
export function object<const M extends AnyMembers>(expected: string, members: M): Shape<Values<M>> {
  const entries = Object.entries(members).map(([name, { shape, absent }]) => {
    const key = camelCase(name);
    return { name, key, shape, absent };
  });
  const names = Object.keys(members);
  return {
    expected,
    read(place) {
      if (!place.isObject(expected)) return undefined;
      let isGood = refuseUnknownMembers(place, names);
      const value: Record<string, unknown> = {};
      for (const { name, key, shape, absent } of entries) {
        let isThere = false;
        const read = (member: Place) => {
          isThere = true;
          return shape.read(member);
        };
        const found = absent ? place.optional(name, read) : place.required(name, shape.expected, read);
        if (found === undefined && (isThere || !absent)) isGood = false;
        value[key] = isThere ? found : absent?.value;
      }
      const isWhole = (read: unknown): read is Values<M> => read === value && isGood;
      return isWhole(value) ? value : undefined;
    },
  };
}

/** A member that may be absent, an object none of whose members need to be there: absent, it is what an empty one is. */
export function section<const M extends Readonly<Record<string, OptionalMember<unknown>>>>(
  members: M,
): OptionalMember<Values<M>> {
  const shape = object("an object", members);
  const value = shape.read(Place.root(parseJsonDocument("{}"), []));
  if (!value) throw new TypeError("a section may have no member that must be there");
  return { shape, absent: { value } };
}

/** A list; wrong elements are noted and make the whole of it wrong. */
export const list = <T>(element: Shape<T>, expected = `an array, each ${element.expected}`): Shape<readonly T[]> => ({
  expected,
  read(place) {
    let count = 0;
    const values = place.list(expected, (each) => {
      count++;
      return element.read(each);
    });
    return values?.length === count ? values : undefined;
  },
});

export const flag: Shape<boolean> = {
  expected: "true or false",
  read: (place) => (typeof place.value === "boolean" ? place.value : place.refuse("true or false")),
};

/** A number within limits. */
export function number(lowest: number, highest: number, unit = ""): Shape<number> {
  const expected = `a number from ${lowest} to ${highest}${unit === "" ? "" : ` ${unit}`}`;
  return {
    expected,
    read(place) {
      const { value } = place;
      return typeof value === "number" && value >= lowest && value <= highest ? value : place.refuse(expected);
    },
  };
}

/** A whole number within limits. */
export function integer(lowest: number, highest: number, unit = ""): Shape<number> {
  const expected = `a whole number from ${lowest} to ${highest}${unit === "" ? "" : ` ${unit}`}`;
  return {
    expected,
    read(place) {
      const { value } = place;
      return typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest
        ? value
        : place.refuse(expected);
    },
  };
}

/** One that takes more than one byte. */
const WIDE_CHARACTER = /[\u{100}-\u{10ffff}]/u;

/** Whether messages may repeat what stands in the file. */
type Confidence = "open" | "secret";

const refuse = (place: Place, expected: string, confidence: Confidence) =>
  confidence === "secret" ? place.refuseSecret(expected) : place.refuse(expected);

/** A text of characters that are one byte each. */
export function text(longest: number, shortest = 0, confidence: Confidence = "open"): Shape<string> {
  const expected = `a text of ${shortest === 0 ? "at most" : `${shortest} to`} ${longest} characters up to U+00FF`;
  return {
    expected,
    read(place) {
      const { value } = place;
      const isGood =
        typeof value === "string" && value.length >= shortest && value.length <= longest && !WIDE_CHARACTER.test(value);
      return isGood ? value : refuse(place, expected, confidence);
    },
  };
}

/** A text of a form. */
export const matching = (form: RegExp, expected: string): Shape<string> => ({
  expected,
  read: (place) => (typeof place.value === "string" && form.test(place.value) ? place.value : place.refuse(expected)),
});

/** Bytes as hex digits, with or without spaces. */
export function hexBytes(shortest: number, longest: number, confidence: Confidence = "open"): Shape<Uint8Array> {
  const count = shortest === longest ? String(shortest) : `${shortest} to ${longest}`;
  const expected = `a text of hex digits for ${count} bytes`;
  return {
    expected,
    read(place) {
      const digits = typeof place.value === "string" ? place.value.replaceAll(/[\s-]/g, "") : "-";
      const isGood = /^([\da-f]{2})*$/i.test(digits) && digits.length >= shortest * 2 && digits.length <= longest * 2;
      return isGood
        ? Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
        : refuse(place, expected, confidence);
    },
  };
}

/** One of these names; what comes back is what each stands for. */
export function oneOf<T>(names: Readonly<Record<string, T>>): Shape<T> {
  const spellings = Object.keys(names);
  const expected = spellings.length > 20 ? "a name that the documentation lists" : `one of ${spellings.join(", ")}`;
  return {
    expected,
    read(place) {
      const { value } = place;
      if (typeof value === "string" && Object.hasOwn(names, value)) return names[value];
      const meant = typeof value === "string" ? closestName(value, spellings) : undefined;
      return place.refuse(meant === undefined ? expected : `"${meant}"`);
    },
  };
}

/** One of these names, as it is. */
export const choice = <const N extends string>(...names: readonly N[]): Shape<N> =>
  oneOf<N>(Object.fromEntries(names.map((name) => [name, name])));

/** The first shape where `isFirst` says so of the value, else the second. */
export const either = <A, B>(
  isFirst: (value: unknown) => boolean,
  first: Shape<A>,
  second: Shape<B>,
): Shape<A | B> => ({
  expected: `${first.expected}, or ${second.expected}`,
  read: (place) => (isFirst(place.value) ? first.read(place) : second.read(place)),
});

export const isNumber = (value: unknown): boolean => typeof value === "number";

/** A list in which no two elements have the same key. `member` is where a mistake is told to stand; the element itself without it. */
export const distinct = <T>(
  elements: Shape<readonly T[]>,
  what: string,
  keysOf: (element: T) => readonly (string | number)[],
  member?: string,
): Shape<readonly T[]> => ({
  expected: elements.expected,
  read(place) {
    const values = elements.read(place);
    if (!values) return undefined;
    const taken = new Map<string | number, number>();
    let index = 0;
    let isGood = true;
    place.list(elements.expected, (each) => {
      const at = index++;
      const element = values[at];
      if (element === undefined) return;
      for (const key of keysOf(element)) {
        const owner = taken.get(key);
        taken.set(key, owner ?? at);
        if (owner === undefined) continue;
        isGood = false;
        const expected = `${what} that is used once; the element ${owner} has the same`;
        if (member === undefined) each.refuse(expected);
        else each.optional(member, (found) => found.refuse(expected));
      }
    });
    return isGood ? values : undefined;
  },
});

/** A shape with a rule of its own, which says what was expected where its value breaks it. */
export const checked = <T>(shape: Shape<T>, ruleOf: (value: T) => string | undefined): Shape<T> => ({
  expected: shape.expected,
  read(place) {
    const value = shape.read(place);
    const expected = value === undefined ? undefined : ruleOf(value);
    return expected === undefined ? value : place.refuse(expected);
  },
});
