/** What an answer is made of. Members that are undefined are left out. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** The value as a JSON text: as `JSON.stringify` writes it, and integers beyond 2^53 with all their digits. */
export function toJson(value: JsonValue): string {
  try {
    return JSON.stringify(value ?? null);
  } catch {
    // It refuses nothing else that a JsonValue can hold: looking for bigints first would cost every answer more than this costs the rare one.
    return write(value);
  }
}

const isObject = (value: JsonValue): value is Extract<JsonValue, object> => typeof value === "object" && value !== null;
const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/** Does what `JSON.stringify` refuses to do: writes bigints, as bare digits. */
function write(value: JsonValue): string {
  if (typeof value === "bigint") return value.toString();
  if (!isObject(value)) return JSON.stringify(value ?? null);
  if (isArray(value)) return `[${value.map(write).join(",")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(",")}}`;
}
