/** A password or key. It shows itself to nobody but the one who asks for it: not in a log, not as JSON, not as text. */
export class Secret {
  readonly #bytes: Uint8Array;

  constructor(value: string | Uint8Array) {
    this.#bytes = typeof value === "string" ? new TextEncoder().encode(value) : value.slice();
  }

  /** Its bytes; of a text, as UTF-8. */
  reveal(): Uint8Array {
    return this.#bytes.slice();
  }

  get length(): number {
    return this.#bytes.length;
  }

  equals(other: Secret): boolean {
    return this.length === other.length && this.#bytes.every((byte, index) => byte === other.#bytes[index]);
  }

  toString(): string {
    return "(secret)";
  }

  toJSON(): string {
    return this.toString();
  }
}
