import { closestName } from "../../lib/closest-name.ts";
import type { Place } from "../../lib/place.ts";

/** Reads one of some names, matched without regard to case. */
export function readOneOf<const T extends string>(place: Place, names: readonly T[]): T | undefined {
  const { value } = place;
  if (typeof value === "string") {
    const name = names.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (name !== undefined) return name;
  }
  const meant = typeof value === "string" ? closestName(value, names) : undefined;
  return place.refuse(meant === undefined ? `one of ${names.join(", ")}` : `"${meant}"`);
}
