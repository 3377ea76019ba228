import type { AccessEntry } from "../access-log.ts";

/** What the combined format has beyond an access entry. */
export interface RequestDetails {
  /** Who asked, by name; undefined where nobody was asked. */
  readonly user: string | undefined;
  /** A request's header, by its name in lower case; null where it has none. */
  readonly header: (name: string) => string | null;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
/** What callers send is cut there. */
const LONGEST_FIELD = 512;

const twoDigits = (value: number) => `${value}`.padStart(2, "0");

/** `[24/Nov/2026:23:05:09 +0000]` */
function time(wallMs: number): string {
  const date = new Date(wallMs);
  const day = `${twoDigits(date.getUTCDate())}/${months[date.getUTCMonth()] ?? ""}/${date.getUTCFullYear()}`;
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(twoDigits).join(":");
  return `[${day}:${clock} +0000]`;
}

const hex = (byte: number) => String.raw`\x${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/** As nginx has it: what could end a field or a line is written as \xHH, byte by byte. */
function escaped(text: string, odd: RegExp): string {
  return text
    .slice(0, LONGEST_FIELD)
    .replaceAll(odd, (sign) => Array.from(new TextEncoder().encode(sign), hex).join(""));
}

const quoted = (text: string | null) => (text === null || text === "" ? "-" : escaped(text, /[^ !#-[\]-~]/gu));
const bare = (text: string | undefined) => (text === undefined || text === "" ? "-" : escaped(text, /[^!#-[\]-~]/gu));

/**
 * A line of an access log in the combined format, as nginx and Apache write it, its end included. The query is left out, as everywhere:
 * it is no part of the API and may hold what is nobody's business.
 */
export function combinedLine(entry: AccessEntry, { user, header }: RequestDetails, wallMs: number): string {
  const { remote, method, path, status, bytes } = entry;
  const request = `${method} ${quoted(path)} HTTP/1.1`;
  const end = `"${quoted(header("referer"))}" "${quoted(header("user-agent"))}"`;
  return `${bare(remote)} - ${bare(user)} ${time(wallMs)} "${request}" ${status} ${bytes} ${end}\n`;
}
