import { createHash } from "node:crypto";
import type { AuditAct } from "./audit.ts";

/**
 * A line of the audit trail is a JSON object whose last member is `hash`: the SHA-256, in hex, of all bytes of the line ahead of
 * `,"hash":`. The member before it, `prev`, is the hash of the line before. So a line vouches for all lines before it. By hand:
 *
 *     sed -n 5p audit.jsonl | sed 's/,"hash":"[0-9a-f]*"}$//' | tr -d '\n' | sha256sum
 */

/** A line's number and hash: what the next line builds on. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

/** What the first line of all builds on. */
export const genesis: ChainEnd = { seq: 0, hash: "0".repeat(64) };

/** What a line says besides its number and its hashes. */
export interface LineContent {
  /** Before an act, after it, or instead of lines that were damaged. */
  readonly phase: "intent" | "outcome" | "repair";
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A line that is whole. */
export interface AuditLine extends ChainEnd {
  readonly prev: string;
  /** All members by name. */
  readonly members: Readonly<Record<string, unknown>>;
}

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

/** Longer texts are cut: names and paths come from outside. A line is never longer than 17 kB, even where all is escaped. */
const LONGEST_TEXT = 256;
const LONGEST_ROUTE = 1024;

const cut = (text: string | undefined, length = LONGEST_TEXT) => text?.slice(0, length);

/** An act as the members of a line. */
export function membersOf(act: AuditAct): Readonly<Record<string, unknown>> {
  const { kind, action, who, remote, route, requestId, board, device, value, target } = act;
  return {
    kind,
    who: { name: cut(who.name), via: cut(who.via) },
    remote: cut(remote),
    route: cut(route, LONGEST_ROUTE),
    action: cut(action),
    board,
    device,
    value: cut(value),
    target: cut(target),
    request_id: cut(requestId),
  };
}

/** A line as it goes into the file, its end included, and what the next one builds on. */
export function encodeLine({ phase, timeMs, fields }: LineContent, before: ChainEnd): ChainEnd & { text: string } {
  const seq = before.seq + 1;
  const time = new Date(timeMs).toISOString();
  const open = JSON.stringify({ seq, time, phase, ...fields, prev: before.hash }).slice(0, -1);
  const hash = sha256(open);
  return { seq, hash, text: `${open},"hash":"${hash}"}\n` };
}

const ending = /^,"hash":"(?<hash>[0-9a-f]{64})"\}$/;
/** `,"hash":"` + 64 digits + `"}` */
const ENDING_BYTES = 75;

/** Text that stands for no JSON gives undefined. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a line, without its end; a text says what is wrong with it. Whether it follows the line before is not looked at. */
export function decodeLine(bytes: Uint8Array): AuditLine | string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hash = ending.exec(text.toString("latin1", Math.max(0, text.length - ENDING_BYTES)))?.groups?.["hash"];
  if (hash === undefined) return "it does not end in a hash";
  const actual = sha256(text.subarray(0, -ENDING_BYTES));
  if (actual !== hash) return `its hash should be ${actual}, and is ${hash}: it has been changed`;
  const members = parsed(text.toString("utf8"));
  if (!isObject(members)) return "it is no JSON object";
  const { seq, prev } = members;
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 1) return "it has no number (seq)";
  if (typeof prev !== "string") return "it has no hash of the line before (prev)";
  return { seq, hash, prev, members };
}

/** True where a line follows another. */
export const follows = ({ seq, prev }: AuditLine, before: ChainEnd): boolean =>
  seq === before.seq + 1 && prev === before.hash;
