import { createHash, type Hash } from "node:crypto";
import type { RawLine } from "./line-reader.ts";
import { readable } from "./readable.ts";
import { decodeLine, follows, type AuditLine, type ChainEnd } from "./record.ts";

/** Where lines stop following each other. */
export interface Gap {
  /** The number of the first line that does not fit, from 1 on. */
  readonly lineNumber: number;
  readonly expected: string;
  readonly found: string;
  /** Where it begins. */
  readonly offset: number;
  /** The last byte that was seen is a line end. */
  readonly endsLine: boolean;
  /** SHA-256 of what does not fit, in hex, with `more` behind it. */
  digestWith(more: string): string;
}

/** How a walk begins. */
interface WalkStart {
  /** What the first line builds on; without it, the first line is taken on trust. */
  readonly before?: ChainEnd | undefined;
  /** The walk begins somewhere in a file: what comes before the first line that is whole says nothing. */
  readonly isInMiddle?: boolean;
  /** A line that is known to have been written: it fits, whatever has become of those before it. */
  readonly known?: ChainEnd | undefined;
}

/**
 * Goes along the lines of a file and looks whether each follows the one before. Bytes that no line can be made of are accepted where
 * the line after them says so: after a power cut, that is how they are kept.
 */
export class ChainWalker {
  #last: ChainEnd | undefined;
  readonly #isInMiddle: boolean;
  readonly #known: ChainEnd | undefined;
  #changedAt: number | undefined;
  #gap: OpenGap | undefined;
  #lineNumber = 1;
  #soundBytes = 0;

  constructor({ before, isInMiddle = false, known }: WalkStart = {}) {
    this.#last = before;
    this.#isInMiddle = isInMiddle;
    this.#known = known;
  }

  /** The last line that fits; undefined where there is none. */
  get last(): ChainEnd | undefined {
    return this.#last;
  }

  /** Where the last line that fits ends. */
  get soundBytes(): number {
    return this.#soundBytes;
  }

  /** Where lines ahead of the known one are not as they were written; undefined where they are. */
  get changedAt(): number | undefined {
    return this.#changedAt;
  }

  /** What does not fit and has not been accepted. */
  get gap(): Gap | undefined {
    return this.#gap;
  }

  /** The number of the line that is next, from 1 on. */
  get lineNumber(): number {
    return this.#lineNumber;
  }

  /** Takes the next line, and returns it where it fits. */
  take(raw: RawLine): AuditLine | undefined {
    const line = raw.isWhole ? decodeLine(raw.bytes.subarray(0, -1)) : "it is not whole";
    const fits = typeof line !== "string" && (this.#fits(line, raw.offset) || this.#isKnown(line, raw.offset));
    if (fits) {
      this.#last = { seq: line.seq, hash: line.hash };
      this.#soundBytes = raw.offset + raw.bytes.length;
      this.#gap = undefined;
    } else if (this.#last || !this.#isInMiddle) {
      this.#gap ??= new OpenGap(this.#lineNumber, raw.offset, this.#expected(), foundIn(line));
      this.#gap.add(raw.bytes);
    }
    if (raw.bytes.at(-1) === NEWLINE) this.#lineNumber++;
    return fits ? line : undefined;
  }

  #fits(line: AuditLine, offset: number): boolean {
    if (this.#last && !follows(line, this.#last)) return false;
    const { phase, skipped_bytes: bytes, skipped_sha256: sha256 } = line.members;
    if (!this.#gap) return phase !== "repair" || bytes === 0 || !this.#last;
    return phase === "repair" && bytes === offset - this.#gap.offset && sha256 === this.#gap.digestWith("");
  }

  #isKnown({ seq, hash }: AuditLine, offset: number): boolean {
    if (seq !== this.#known?.seq || hash !== this.#known.hash) return false;
    this.#changedAt = this.#gap?.offset ?? offset;
    return true;
  }

  #expected(): string {
    if (!this.#last) return "a whole line";
    const { seq, hash } = this.#last;
    return `line number (seq) ${seq + 1}, with prev ${hash}`;
  }
}

const NEWLINE = 0x0a;

const foundIn = (line: AuditLine | string): string =>
  typeof line === "string" ? `a line of which ${line}` : `line number ${line.seq}, with prev ${readable(line.prev)}`;

class OpenGap implements Gap {
  readonly lineNumber: number;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
  endsLine = false;
  readonly #hash: Hash = createHash("sha256");

  constructor(lineNumber: number, offset: number, expected: string, found: string) {
    this.lineNumber = lineNumber;
    this.offset = offset;
    this.expected = expected;
    this.found = found;
  }

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.endsLine = bytes.at(-1) === NEWLINE;
  }

  digestWith(more: string): string {
    return this.#hash.copy().update(more).digest("hex");
  }
}
