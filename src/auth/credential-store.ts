import { dirname } from "node:path";
import { Type, type Static, type TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { replaceFile } from "../lib/atomic-file.ts";
import type { Clock } from "../lib/clock.ts";
import { makeFolder } from "../lib/folder.ts";
import { withLock } from "../lib/lock-file.ts";
import { readCredentialFile, type ParseCredentials } from "./credential-file.ts";
import { CredentialError, CredentialFileError } from "./errors.ts";
import { grantOf, spellGrant, type Grants, type SpelledGrant } from "./grant.ts";

const isoTime = Type.String({ pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$` });
const namePattern = String.raw`^[A-Za-z\d][\w.@+-]{0,63}$`;

const grantProperties = {
  role: Type.Union([Type.Literal("reader"), Type.Literal("operator"), Type.Literal("admin")]),
  /** Eight hex digits each; absent for all boards. */
  boards: Type.Optional(Type.Array(Type.String({ pattern: String.raw`^[\da-f]{8}$` }), { minItems: 1 })),
} as const;
/** A member that is misspelled must not be overlooked: without its boards, a grant is for all. */
export const noOthers = { additionalProperties: false } as const;
const furtherGrant = Type.Object(grantProperties, noOthers);

/** What tokens and users have in common. */
export const entryProperties = {
  name: Type.String({ pattern: namePattern }),
  ...grantProperties,
  /** Grants beyond the first one. */
  further: Type.Optional(Type.Array(furtherGrant)),
  created: isoTime,
} as const;

/** A time in a file of credentials. */
export const timeProperty = isoTime;

/** @throws CredentialError */
export function checkName(name: string): void {
  if (new RegExp(namePattern).test(name)) return;
  const expected = "1 to 64 letters, digits and the characters . _ @ + -, a letter or digit first";
  throw new CredentialError("invalid-name", `the name ${JSON.stringify(name)} cannot be taken; expected ${expected}`);
}

/** What an entry of a file of credentials says of grants. */
type GrantEntry = SpelledGrant & { readonly further?: SpelledGrant[] };

/** Grants as an entry of a file of credentials spells them. One at least. */
export function grantsToFile([first, ...further]: Grants): GrantEntry {
  return { ...spellGrant(first), ...(further.length > 0 && { further: further.map(spellGrant) }) };
}

/** The grants of a file's entry. */
export const grantsOf = ({ role, boards, further = [] }: GrantEntry): Grants => [
  grantOf({ role, ...(boards && { boards }) }),
  ...further.map(grantOf),
];

interface Named {
  readonly name: string;
}

/** Reads files of the form `{"version": 1, MEMBER: [ENTRY...]}`. */
export function entriesParser<T extends TSchema>(member: string, entry: T): ParseCredentials<readonly Static<T>[]> {
  const schema = Type.Object({ version: Type.Literal(1), [member]: Type.Array(entry) }, noOthers);
  return (text, path) => {
    if (text === undefined) return [];
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      // What JSON.parse says quotes the file, which holds hashes: it is not passed on.
      throw new CredentialFileError(path, "is no JSON: it is damaged, or not of ours");
    }
    if (!Value.Check(schema, document)) {
      const place = Value.Errors(schema, document).First()?.path ?? "";
      throw new CredentialFileError(path, `has another form than expected${place === "" ? "" : ` at ${place}`}`);
    }
    return Object(document)[member];
  };
}

/** Where entries with names are kept, for those who make and remove them. Any number of processes may do that at once. */
export class CredentialStore<T extends Named> {
  readonly path: string;
  readonly #member: string;
  readonly #parse: ParseCredentials<readonly T[]>;
  readonly #clock: Clock;

  constructor(path: string, member: string, parse: ParseCredentials<readonly T[]>, clock: Clock) {
    this.path = path;
    this.#member = member;
    this.#parse = parse;
    this.#clock = clock;
  }

  /** @throws CredentialFileError */
  list(): readonly T[] {
    return this.#parse(readCredentialFile(this.path), this.path);
  }

  /**
   * Puts other entries in place of those that are there. Nothing is lost once it has resolved.
   *
   * @throws CredentialFileError, LockedError, what `change` throws, and what node:fs throws; then nothing has changed
   */
  async update(change: (entries: readonly T[]) => readonly T[]): Promise<void> {
    await makeFolder(dirname(this.path));
    await withLock(`${this.path}.lock`, this.#clock, async () => {
      const text = JSON.stringify({ version: 1, [this.#member]: change(this.list()) }, undefined, 2);
      await replaceFile(this.path, `${text}\n`, 0o600);
    });
  }

  /** @throws CredentialError, and what `update` throws */
  add(entry: T): Promise<void> {
    checkName(entry.name);
    return this.update((entries) => {
      if (entries.some(({ name }) => name === entry.name))
        throw new CredentialError("name-taken", `there is a ${entry.name} already`);
      return [...entries, entry];
    });
  }

  /** @throws CredentialError, and what `update` throws */
  async remove(name: string): Promise<void> {
    await this.replace(name, () => []);
  }

  /** Puts others in the place of the entry of that name. @throws CredentialError, and what `update` throws */
  replace(name: string, change: (entry: T) => readonly T[]): Promise<void> {
    return this.update((entries) => {
      if (!entries.some((entry) => entry.name === name))
        throw new CredentialError("no-such-name", `there is no ${name}`);
      return entries.flatMap((entry) => (entry.name === name ? change(entry) : [entry]));
    });
  }
}
