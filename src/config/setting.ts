import type { Static, TSchema } from "@sinclair/typebox";
import { Errors } from "@sinclair/typebox/errors";
import type { Origin } from "./errors.ts";
import { settingSchemas, type SettingPath } from "./schema.ts";

/** One setting as someone gave it. */
export interface Setting {
  readonly path: SettingPath;
  readonly value: unknown;
  readonly origin: Origin;
  /** The value as it was spelled, for messages. */
  readonly spelling?: string | undefined;
}

/** True where the value has the schema's shape. */
export const fits = <T extends TSchema>(schema: T, value: unknown): value is Static<T> =>
  Errors(schema, value).First() === undefined;

/** Longer values are cut in messages. */
const LONGEST_SPELLING = 60;

/** A value as a message shows it. */
function spell(value: unknown, spelling = JSON.stringify(value)): string {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return spelling.length > LONGEST_SPELLING ? `${spelling.slice(0, LONGEST_SPELLING)}...` : spelling;
}

/** "a, b or c". */
export function listed(names: readonly string[], word: "or" | "and" = "or"): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} ${word} ${last}`;
}

/** What a setting may be, in words. */
export function expectation(schema: TSchema): string {
  const expected: unknown = schema["expected"];
  if (typeof expected === "string") return expected;
  const alternatives: unknown = schema["anyOf"];
  if (Array.isArray(alternatives))
    return listed(alternatives.map((alternative: TSchema) => JSON.stringify(alternative["const"])));
  if (schema["type"] === "integer") return `a whole number from ${schema["minimum"]} to ${schema["maximum"]}`;
  return "true or false";
}

/** What is wrong with a value that was found where another was expected. */
export const mismatch = (value: unknown, expected: string, spelling?: string): string =>
  `found ${spell(value, spelling)}, expected ${expected}`;

/** What is wrong with a setting's value by itself; undefined where nothing is. */
export function faultOf({ path, value, spelling }: Setting): string | undefined {
  const schema = settingSchemas.get(path);
  if (!schema || fits(schema, value)) return undefined;
  return mismatch(value, expectation(schema), spelling);
}

/**
 * The value that a text from the environment or the command line stands for, as the setting's schema would have it: nothing
 * at all as null, digits as a number, `true` and `false` as such, and what has commas as a list where one is expected. A text that cannot be one of these stays a text.
 */
export function valueOfText(path: SettingPath, text: string): unknown {
  const schema = settingSchemas.get(path);
  const candidates: unknown[] = [];
  if (text === "") candidates.push(null);
  if (text === "true" || text === "false") candidates.push(text === "true");
  if (/^-?\d+$/.test(text)) candidates.push(Number(text));
  candidates.push(text === "" ? [] : text.split(/ *, */));
  const value = candidates.find((candidate) => schema !== undefined && fits(schema, candidate));
  return value === undefined ? text : value;
}
