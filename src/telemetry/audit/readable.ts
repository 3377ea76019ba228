/** What a line says, for people: names come from outside, and whoever can write the file can write anything. Nothing reaches a terminal but what can be read. */
export function readable(value: unknown): string {
  if (value === undefined) return "?";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "\u{FFFD}");
}
