/** Where a value stands in a JSON text, and where the values in it do: by their names in an object, in their order in an array. */
export interface JsonPart {
  readonly offset: number;
  /** The offset behind it. */
  readonly end: number;
  readonly members?: ReadonlyMap<string, JsonPart>;
  readonly elements?: readonly JsonPart[];
}

/** The part that one step from another leads to. */
export const partAt = ({ elements, members }: JsonPart, step: string | number): JsonPart | undefined =>
  typeof step === "number" ? elements?.[step] : members?.get(step);

/** A part while its end is still to be found. */
interface OpenPart {
  readonly offset: number;
  end: number;
  readonly members?: Map<string, JsonPart>;
  readonly elements?: JsonPart[];
}

/** A token of well-formed JSON, behind what may stand in front of it: a string, a bracket, or a number or word. */
const tokens = /[\s,:]*("[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|[^\s,:[\]{}]+)/gy;

/**
 * Finds the parts of a text that is known to be well-formed JSON. Undefined where an object names a member twice, or more than
 * `maxDepth` arrays and objects stand within each other.
 */
export function partsOf(text: string, maxDepth: number): JsonPart | undefined {
  const top: JsonPart[] = [];
  let around: OpenPart = { offset: 0, end: text.length, elements: top };
  const outer: OpenPart[] = [];
  let name: string | undefined;
  for (const { 0: match, 1: token = "", index } of text.matchAll(tokens)) {
    const end = index + match.length;
    if (token === "}" || token === "]") {
      around.end = end;
      around = outer.pop() ?? around;
    } else if (around.members && name === undefined) {
      name = nameOf(token);
      if (around.members.has(name)) return undefined;
    } else {
      const part = openPart(token, end);
      add(around, name, part);
      name = undefined;
      if (token !== "{" && token !== "[") continue;
      if (outer.push(around) > maxDepth) return undefined;
      around = part;
    }
  }
  return top[0];
}

/** The name that a string stands for. */
const nameOf = (token: string): string => (token.includes("\\") ? String(JSON.parse(token)) : token.slice(1, -1));

function openPart(token: string, end: number): OpenPart {
  const offset = end - token.length;
  if (token === "{") return { offset, end, members: new Map() };
  if (token === "[") return { offset, end, elements: [] };
  return { offset, end };
}

function add({ members, elements }: OpenPart, name: string | undefined, part: JsonPart): void {
  if (name === undefined) elements?.push(part);
  else members?.set(name, part);
}
