/**
 * The bytes from `start` up to, not including, `end`, as an array of their own: no view, and no Buffer, whose own `slice` would make one.
 *
 * Of the few bytes that a packet has a copy costs less than a view: JavaScript engines keep small arrays without an
 * ArrayBuffer until somebody asks for it, as every view does.
 */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - start);
  for (let at = start; at < end; at++) copy[at - start] = bytes[at]!;
  return copy;
}
