import { closestName } from "../../lib/closest-name.ts";
import type { Place, Read } from "../../lib/place.ts";

/** Names that begin like this are comments. */
const COMMENT = "_";

/** An object whose members' names are matched without regard to case. */
export class SpelledMembers<Name extends string> {
  readonly #place: Place;
  readonly #spellings = new Map<string, string>();

  /** `unknown` is told of members that have none of the names, with the name that was probably meant. */
  constructor(place: Place, names: readonly Name[], unknown: (member: Place, meant: string | undefined) => void) {
    this.#place = place;
    for (const spelled of place.members) {
      const name = spelled.toLowerCase();
      const first = this.#spellings.get(name);
      if (first !== undefined)
        place.optional(spelled, (member) => member.refuseSecret(`each name once; "${first}" is there, too`));
      else if (names.some((known) => known === name)) this.#spellings.set(name, spelled);
      else if (!name.startsWith(COMMENT))
        place.optional(spelled, (member) => unknown(member, closestName(name, names)));
    }
  }

  has(name: Name): boolean {
    return this.#spellings.has(name);
  }

  /** What `read` makes of a member that must be there; it is noted where it is not. */
  required<T>(name: Name, expected: string, read: Read<T>): T | undefined {
    return this.#place.required(this.#spellings.get(name) ?? name, expected, read);
  }

  /** What `read` makes of a member that may be there. */
  optional<T>(name: Name, read: Read<T>): T | undefined {
    const spelled = this.#spellings.get(name);
    return spelled === undefined ? undefined : this.#place.optional(spelled, read);
  }
}
