import { formatPath, type JsonDocument, type JsonPath, type JsonProblem, type TextPosition } from "./json-document.ts";

/** Turns what stands at a place into a value; undefined where it is wrong, which the place has noted by then. */
export type Read<T> = (place: Place) => T | undefined;

/** Longer values are cut in messages. */
const LONGEST_QUOTE = 40;

/** A value of a document that is being read, and where it stands. All places of a document note their mistakes in one list. */
export class Place {
  readonly value: unknown;
  readonly #document: JsonDocument;
  readonly #problems: JsonProblem[];
  readonly #path: JsonPath;

  private constructor(value: unknown, document: JsonDocument, problems: JsonProblem[], path: JsonPath) {
    this.value = value;
    this.#document = document;
    this.#problems = problems;
    this.#path = path;
  }

  /** The whole document; mistakes go into `problems`. */
  static root(document: JsonDocument, problems: JsonProblem[]): Place {
    return new Place(document.value, document, problems, []);
  }

  /** `boards[1].devices[3]`; empty for the whole document. */
  get name(): string {
    return formatPath(this.#path);
  }

  /** Where in the text the value begins. */
  get position(): TextPosition {
    return this.#document.positionAt(this.#path);
  }

  /** The value exactly as the document spells it. */
  get spelling(): string {
    return this.#document.textAt(this.#path) ?? "";
  }

  /** Notes that something else was expected here. */
  refuse(expected: string): undefined {
    this.#note(this.#path, `found ${this.#found()}, expected ${expected}`);
  }

  /** Notes that something else was expected here, without repeating what was found: it may be a password. */
  refuseSecret(expected: string): undefined {
    this.#note(this.#path, `expected ${expected}`);
  }

  /** Names of an object's members, in the document's order; none where the value is no object. */
  get members(): readonly string[] {
    const { value } = this;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** What `read` makes of a member that must be there; it is noted where it is not. */
  required<T>(member: string, expected: string, read: Read<T>): T | undefined {
    const place = this.#member(member);
    if (place) return read(place);
    this.#note([...this.#path, member], `missing, expected ${expected}`);
    return undefined;
  }

  /** What `read` makes of a member that may be there. */
  optional<T>(member: string, read: Read<T>): T | undefined {
    const place = this.#member(member);
    return place && read(place);
  }

  /** True where the value is an object; else that is noted. */
  isObject(expected: string): boolean {
    if (typeof this.value === "object" && this.value !== null && !Array.isArray(this.value)) return true;
    this.refuse(expected);
    return false;
  }

  /** What `read` makes of each element; those that are wrong are left out. Undefined where the value is no array. */
  list<T>(expected: string, read: Read<T>): T[] | undefined {
    if (!Array.isArray(this.value)) return this.refuse(expected);
    const values: T[] = [];
    for (const [index, element] of this.value.entries()) {
      const value = read(this.#at(index, element));
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  #member(name: string): Place | undefined {
    const { value } = this;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    return this.#at(name, Reflect.get(value, name));
  }

  #at(step: string | number, value: unknown): Place {
    return new Place(value, this.#document, this.#problems, [...this.#path, step]);
  }

  #found(): string {
    if (Array.isArray(this.value)) return "an array";
    if (typeof this.value === "object" && this.value !== null) return "an object";
    const { spelling } = this;
    return spelling.length > LONGEST_QUOTE ? `${spelling.slice(0, LONGEST_QUOTE)}…` : spelling;
  }

  #note(path: JsonPath, message: string): void {
    this.#problems.push({ place: formatPath(path), position: this.#document.positionAt(path), message });
  }
}
