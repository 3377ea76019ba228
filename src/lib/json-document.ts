import { parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";

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

/** A text that is not well-formed JSON, or names a member of an object twice. Carries every mistake found. */
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
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: options.comments !== true });
  const problems = errors.map(({ error, offset }) => ({
    place: "",
    position: positionOf(text, offset),
    message: `not well-formed JSON: ${wordsOf(printParseErrorCode(error))}`,
  }));
  if (root) collectDoubles(text, root, [], problems);
  if (problems.length > 0 || !root) throw new JsonSyntaxError(problems);
  return {
    value: valueOf(root),
    textAt(path) {
      const node = nodeAt(root, path);
      return node && text.slice(node.offset, node.offset + node.length);
    },
    positionAt(path) {
      for (let depth = path.length; depth >= 0; depth--) {
        const node = nodeAt(root, path.slice(0, depth));
        if (node) return positionOf(text, node.offset);
      }
      return { line: 1, column: 1 };
    },
  };
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

function collectDoubles(text: string, node: Node, path: JsonPath, problems: JsonProblem[]): void {
  if (node.type === "array") {
    for (const [index, child] of (node.children ?? []).entries())
      collectDoubles(text, child, [...path, index], problems);
  }
  if (node.type !== "object") return;
  const seen = new Set<string>();
  for (const { name, key, value } of membersOf(node)) {
    const place = [...path, name];
    if (seen.has(name)) {
      const message = `named twice in the same object; expected each name once`;
      problems.push({ place: formatPath(place), position: positionOf(text, key.offset), message });
    }
    seen.add(name);
    collectDoubles(text, value, place, problems);
  }
}

function valueOf(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(valueOf);
  if (node.type === "object")
    return Object.fromEntries(membersOf(node).map(({ name, value }) => [name, valueOf(value)]));
  return node.value;
}

function nodeAt(root: Node, path: JsonPath): Node | undefined {
  let node: Node | undefined = root;
  for (const step of path) {
    if (typeof step === "number") node = node?.type === "array" ? node.children?.[step] : undefined;
    else node = node?.type === "object" ? membersOf(node).find(({ name }) => name === step)?.value : undefined;
  }
  return node;
}
