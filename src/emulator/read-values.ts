import { MAX_DATA } from "../bus/frame.ts";
import type { Place } from "../lib/place.ts";
import { isRawByte, rawByteExpected, type RawBytes } from "./raw-bytes.ts";
import { silence, type Response } from "./response.ts";

/** One that is no single byte on the wire. */
const WIDE_CHARACTER = /[\u{100}-\u{10ffff}]/u;
const RAW_BYTES = "an array of raw bytes";

/** Reads an id: `bytes` bytes as hex digits, leading zeros optional. An id that is in `taken`, by number, is refused. */
export function readId(place: Place, bytes: number, taken: Map<number, string>): number | undefined {
  const { value } = place;
  const expected = `a string of ${bytes * 2} hex digits`;
  if (typeof value !== "string" || !/^(0x)?[\da-f]+$/i.test(value)) return place.refuse(expected);
  const digits = value.replace(/^0x/i, "");
  if (digits.length > bytes * 2) return place.refuse(expected);
  const id = Number.parseInt(digits, 16);
  const owner = taken.get(id);
  if (owner !== undefined) return place.refuse(`an id that is used once; ${owner} is the same`);
  taken.set(id, place.name);
  return id;
}

/** Reads raw bytes: an array of integers. */
export function readRawBytes(place: Place): RawBytes | undefined {
  let at = 0;
  return place.list(RAW_BYTES, (entry) => {
    const { value } = entry;
    const isGood = isRawByte(value, at);
    if (!isGood) entry.refuse(rawByteExpected(at));
    at++;
    return isGood ? value : undefined;
  });
}

/** Reads raw bytes or null. */
export const readRawBytesOrNull = (place: Place): RawBytes | null | undefined =>
  place.value === null
    ? null
    : Array.isArray(place.value)
      ? readRawBytes(place)
      : place.refuse(`${RAW_BYTES}, or null`);

/** Takes a text as a reply's data, if it fits. */
export function readText(place: Place, text: string): Response | undefined {
  if (WIDE_CHARACTER.test(text)) return place.refuse("characters up to U+00FF, of which each is sent as one byte");
  if (text.length > MAX_DATA)
    return place.refuse(`at most ${MAX_DATA} characters, not ${text.length}: a frame takes no more`);
  return { kind: "text", text };
}

/** Reads an entry of a list of responses. Numbers become their text as the file spells it. */
export function readResponse(place: Place): Response | undefined {
  const { value } = place;
  if (value === null) return silence;
  if (typeof value === "string") return readText(place, value);
  if (typeof value === "number") return readText(place, place.spelling);
  if (!Array.isArray(value)) return place.refuse(`a number, a string, ${RAW_BYTES}, or null`);
  const bytes = readRawBytes(place);
  return bytes && { kind: "raw", bytes };
}
