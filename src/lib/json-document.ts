import { createScanner, parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import { partAt, partsOf, type JsonPart } from "./json-parts.ts";

/** Steps from the root of a document to a value: names of members and indices of elements. */
export type JsonPath = readonly (string | number)[];

/** Where in a text something stands; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** One mistake in a document: where, and what is wrong there. */
export interface JsonProblem {
  /** As `formatPath` spells it; empty for the document as a whole. */
  readonly place: string;
  readonly position: TextPosition;
  readonly message: string;
}

/** A mistake as one line: `rack.json:12:20: boards[1].board_id: found 5, expected a hex string`. */
export function formatProblem(fileName: string, { place, position, message }: JsonProblem): string {
  const at = `${fileName}:${position.line}:${position.column}`;
  return place === "" ? `${at}: ${message}` : `${at}: ${place}: ${message}`;
}

/** Arrays and objects within each other: more than any document needs, and few enough for a parser that calls itself. */
const MAX_DEPTH = 100;
/** Mistakes reported at most: the first ones help, thousands bury them. */
const MAX_PROBLEMS = 20;

/** A text that is not well-formed JSON, nests too deeply, or names a member of an object twice. Carries the first mistakes found. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
  readonly problems: readonly JsonProblem[];

  constructor(problems: readonly JsonProblem[]) {
    super(problems.map(({ position, message }) => `${position.line}:${position.column}: ${message}`).join("\n"));
    this.problems = problems;
  }
}

/** A JSON text, its value, and what the value no longer says: how each part was spelled, and where. */
export interface JsonDocument {
  readonly value: unknown;
  /** The text of the value at `path`, exactly as the document spells it; undefined where there is none. */
  textAt(path: JsonPath): string | undefined;
  /** Where the value at `path` begins; where there is none, where the nearest value around it does. */
  positionAt(path: JsonPath): TextPosition;
}

/** `["boards", 1, "read"]` as `boards[1].read`; names that are no identifiers in brackets and quotes. */
export function formatPath(path: JsonPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (!/^[\w$]+$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/**
 * Reads a JSON text; with `comments` also one with `//` and block comments, as people write configurations.
 *
 * @throws JsonSyntaxError
 */
export function parseJsonDocument(source: string, options: { readonly comments?: boolean } = {}): JsonDocument {
  const text = source.replace(/^\uFEFF/, "");
  const { value, root } = parseFlawless(text) ?? parseWithCare(text, options.comments === true);
  return {
    value,
    textAt(path) {
      let part: JsonPart | undefined = root;
      for (const step of path) part = part && partAt(part, step);
      return part && text.slice(part.offset, part.end);
    },
    positionAt(path) {
      let nearest = root;
      for (const step of path) {
        const next = partAt(nearest, step);
        if (!next) break;
        nearest = next;
      }
      return positionOf(text, nearest.offset);
    },
  };
}

interface Parsed {
  readonly value: unknown;
  readonly root: JsonPart;
}

/**
 * Reads a text without comments and mistakes, as most are; undefined where it is another. The engine's own parser says what it
 * means, so that only the places are left to be found: that takes a tenth of the time of reading with care, which every start
 * would otherwise wait for.
 */
function parseFlawless(text: string): Parsed | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const root = partsOf(text, MAX_DEPTH);
  return root && { value, root };
}

/** Reads any text, and tells what is wrong with it. @throws JsonSyntaxError */
function parseWithCare(text: string, comments: boolean): Parsed {
  const tooDeepAt = offsetTooDeep(text);
  if (tooDeepAt !== undefined) {
    const message = `nested too deeply; expected at most ${MAX_DEPTH} arrays and objects within each other`;
    throw new JsonSyntaxError([{ place: "", position: positionOf(text, tooDeepAt), message }]);
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: !comments });
  const mistakes: Mistake[] = errors.map(({ error, offset }) => ({
    path: [],
    offset,
    message: `not well-formed JSON: ${wordsOf(printParseErrorCode(error))}`,
  }));
  if (root) collectDoubles(root, [], mistakes);
  if (mistakes.length > 0 || !root) {
    const first = mistakes.slice(0, MAX_PROBLEMS);
    throw new JsonSyntaxError(
      first.map(({ path, offset, message }) => ({
        place: formatPath(path),
        position: positionOf(text, offset),
        message,
      })),
    );
  }
  return { value: valueOf(root), root: partOfNode(root) };
}

/** A problem while its line and column are still to be counted. */
interface Mistake {
  readonly path: JsonPath;
  readonly offset: number;
  readonly message: string;
}

/** Where a text opens one array or object too many within each other; undefined where it does not. */
function offsetTooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true);
  // What would close each of them: the parser goes on behind a bracket that closes nothing.
  const closing: string[] = [];
  scanner.scan();
  for (let at = scanner.getTokenOffset(); at < text.length; at = scanner.getTokenOffset()) {
    const begins = text[at];
    if (begins === "{") closing.push("}");
    else if (begins === "[") closing.push("]");
    else if (begins === closing.at(-1)) closing.pop();
    if (closing.length > MAX_DEPTH) return at;
    scanner.scan();
  }
  return undefined;
}

/** `CommaExpected` as `comma expected`. */
const wordsOf = (code: string) => code.replaceAll(/(?<=[a-z])[A-Z]/g, " $&").toLowerCase();

function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** Name and value of an object's members, in the document's order, doubles included. */
const membersOf = (node: Node): { name: string; key: Node; value: Node }[] =>
  (node.children ?? []).flatMap(({ children }) => {
    const [key, value] = children ?? [];
    return key && value ? [{ name: String(key.value), key, value }] : [];
  });

function collectDoubles(node: Node, path: JsonPath, mistakes: Mistake[]): void {
  if (node.type === "array") {
    for (const [index, child] of (node.children ?? []).entries()) collectDoubles(child, [...path, index], mistakes);
  }
  if (node.type !== "object") return;
  const seen = new Set<string>();
  for (const { name, key, value } of membersOf(node)) {
    const place = [...path, name];
    if (seen.has(name)) {
      const message = `named twice in the same object; expected each name once`;
      mistakes.push({ path: place, offset: key.offset, message });
    }
    seen.add(name);
    collectDoubles(value, place, mistakes);
  }
}

function valueOf(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(valueOf);
  if (node.type === "object")
    return Object.fromEntries(membersOf(node).map(({ name, value }) => [name, valueOf(value)]));
  return node.value;
}

function partOfNode(node: Node): JsonPart {
  const { type, offset } = node;
  const end = offset + node.length;
  if (type === "array") return { offset, end, elements: (node.children ?? []).map(partOfNode) };
  if (type !== "object") return { offset, end };
  return { offset, end, members: new Map(membersOf(node).map(({ name, value }) => [name, partOfNode(value)])) };
}
