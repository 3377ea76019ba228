/** Entries that are used in turn. */
export class Playlist<T> {
  readonly #entries: readonly T[];
  readonly #repeats: boolean;
  #next = 0;

  /** `repeats`: the list starts again after its end. */
  constructor(entries: readonly T[], repeats = true) {
    this.#entries = entries;
    this.#repeats = repeats;
  }

  /** The next entry; undefined where the list is empty or used up. */
  next(): T | undefined {
    const entry = this.#entries[this.#next];
    if (this.#next < this.#entries.length) this.#next++;
    if (this.#repeats && this.#next === this.#entries.length) this.#next = 0;
    return entry;
  }
}
