/**
 * Lines of the log as entries of the journal.
 *
 * @see https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ and systemd.journal-fields(7)
 */
import { priorities } from "./journal.ts";
import { levelOf } from "./log-level.ts";

/** Fields of ours have names of their own, so that they are never taken for others'. */
const PREFIX = "OPENDCRE_";
const LONGEST_NAME = 64;
/** The journal throws away entries with more than 1024, some of which it adds by itself. */
const MOST_FIELDS = 900;
/** What is nested deeper is shown as JSON. */
const DEEPEST = 3;

const encoder = new TextEncoder();

/** Fields, as they are put together: text as far as it goes, and bytes where a value's length has to be told. */
class Entry {
  #bytes: Uint8Array[] = [];
  #text = "";
  count = 0;

  add(name: string, value: string): void {
    this.count++;
    if (!value.includes("\n")) {
      this.#text += `${name}=${value}\n`;
      return;
    }
    // A value of several lines says how long it is, as eight bytes, the least significant first.
    const bytes = encoder.encode(value);
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(bytes.length), true);
    this.#bytes.push(encoder.encode(`${this.#text}${name}\n`), new Uint8Array(length.buffer), bytes);
    this.#text = "\n";
  }

  finish(): Uint8Array {
    const rest = encoder.encode(this.#text);
    return this.#bytes.length === 0 ? rest : Buffer.concat([...this.#bytes, rest]);
  }
}

/** `requestId` and `request_id` as the journal spells them: `REQUEST_ID`. */
const nameOf = (key: string) =>
  key
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, "_")
    .toUpperCase()
    .replaceAll(/[^A-Z\d]/g, "_");

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function addValue(entry: Entry, name: string, value: unknown, depth: number): void {
  if (value === null) return;
  if (typeof value !== "object" || depth >= DEEPEST) entry.add((PREFIX + name).slice(0, LONGEST_NAME), textOf(value));
  // A field may have several values.
  else if (Array.isArray(value)) for (const item of value) addValue(entry, name, item, depth + 1);
  else for (const [key, member] of Object.entries(value)) addValue(entry, `${name}_${nameOf(key)}`, member, depth + 1);
}

/** What the journal has fields of its own for, or knows by itself. */
const known: ReadonlySet<string> = new Set(["level", "time", "msg"]);

/** Adds what one member of a line says: requests and errors under the names that other lines have for the same. */
function addMember(entry: Entry, key: string, value: unknown): void {
  if (key === "access" && isObject(value)) {
    addValue(entry, "EVENT", key, 0);
    for (const [name, member] of Object.entries(value)) addValue(entry, nameOf(name), member, 1);
  } else if (key === "err" && isObject(value)) {
    for (const [name, member] of Object.entries(value))
      addValue(entry, name === "code" ? "CODE" : `ERR_${nameOf(name)}`, member, 1);
  } else addValue(entry, nameOf(key), value, 0);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A line of the log, as the JSON that it is, as an entry; undefined where it has more fields than the journal takes. */
export function journalEntry(line: string): Uint8Array | undefined {
  const members: unknown = JSON.parse(line);
  if (!isObject(members)) return undefined;
  const entry = new Entry();
  entry.add("MESSAGE", textOf(members["msg"] ?? ""));
  entry.add("PRIORITY", `${priorities[levelOf(line)]}`);
  entry.add("SYSLOG_IDENTIFIER", "opendcre");
  for (const [key, value] of Object.entries(members)) if (!known.has(key)) addMember(entry, key, value);
  return entry.count > MOST_FIELDS ? undefined : entry.finish();
}
