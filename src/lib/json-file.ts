import {
  formatProblem,
  JsonSyntaxError,
  parseJsonDocument,
  type JsonDocument,
  type JsonProblem,
} from "./json-document.ts";
import { Place } from "./place.ts";

/** A JSON file that cannot be used. The message has one line for each mistake; `problems` lists them, in the file's order. */
export class JsonFileError extends Error {
  readonly fileName: string;
  readonly problems: readonly JsonProblem[];

  constructor(fileName: string, problems: readonly JsonProblem[], options?: ErrorOptions) {
    super(problems.map((problem) => formatProblem(fileName, problem)).join("\n"), options);
    this.fileName = fileName;
    this.problems = problems;
  }
}

/** The error of one kind of file. */
type ErrorOf = new (fileName: string, problems: readonly JsonProblem[], options?: ErrorOptions) => JsonFileError;

interface JsonFileOptions {
  /** What messages call the file. */
  readonly fileName: string;
  /** Whether `//` and block comments may stand in it. */
  readonly comments: boolean;
  readonly error: ErrorOf;
}

/**
 * Reads a file of any kind: `read` takes what the root says and refuses at its place what is wrong there, or answers undefined.
 *
 * @throws the kind's error, with all mistakes of the file
 */
export function readJsonFile<T>(text: string, options: JsonFileOptions, read: (root: Place) => T | undefined): T {
  const problems: JsonProblem[] = [];
  const value = read(Place.root(parse(text, options), problems));
  if (problems.length === 0 && value !== undefined) return value;
  throw new options.error(options.fileName, problems.toSorted(byPosition));
}

function parse(text: string, { fileName, comments, error: FileError }: JsonFileOptions): JsonDocument {
  try {
    return parseJsonDocument(text, { comments });
  } catch (cause) {
    if (cause instanceof JsonSyntaxError) throw new FileError(fileName, cause.problems, { cause });
    throw cause;
  }
}

const byPosition = ({ position: a }: JsonProblem, { position: b }: JsonProblem) =>
  a.line - b.line || a.column - b.column;
