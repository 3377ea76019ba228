import type { Clock } from "../lib/clock.ts";

/** What a line buffer writes to: a descriptor, as node:fs sees it. */
export interface ByteSink {
  /** Takes some of the bytes, of a text those of its UTF-8, and returns how many, or throws what node:fs throws. */
  write(data: string | Uint8Array): number;
  /** Stops the whole process for so long, which only its end may ask for. */
  pause(durationMs: number): void;
}

/** A line is in nobody's way for longer than this before it is written. */
const FLUSH_AFTER_MS = 50;
/** So much is written at once, without waiting. */
const FLUSH_AT_BYTES = 16_384;
/** A reader that does not read is waited for in steps of this length. */
const RETRY_AFTER_MS = 5;
/** What is kept for a reader that does not read; further lines are lost. */
const LONGEST_BACKLOG_BYTES = 1_048_576;
/** How often the end of the process waits so long for a reader that does not read. */
const LAST_PAUSES = 100;

/** A full disk, a quota that is used up, a file that may not become larger. */
const fullDisk: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/**
 * Lines on their way to a descriptor, written in portions, and never a reason to wait or to fail: a reader that has gone away,
 * or reads too slowly, costs lines, not the server.
 */
export class LineBuffer {
  readonly #sink: ByteSink;
  readonly #clock: Clock;
  #lines = "";
  /** What the sink has not taken yet, ahead of `#lines`. */
  #rest: Uint8Array = new Uint8Array();
  #isScheduled = false;
  #isDead = false;
  #lostLines = 0;

  constructor(sink: ByteSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Lines that were not written since this was last asked, because the reader was too slow or the disk full. */
  takeLostLines(): number {
    const lost = this.#lostLines;
    this.#lostLines = 0;
    return lost;
  }

  /** Takes a line, its end included. */
  write(line: string): void {
    if (this.#isDead) return;
    if (this.#lines.length + this.#rest.length > LONGEST_BACKLOG_BYTES) {
      this.#lostLines++;
      return;
    }
    this.#lines += line;
    if (this.#lines.length >= FLUSH_AT_BYTES && this.#rest.length === 0) this.#push();
    else this.#schedule(FLUSH_AFTER_MS);
  }

  /** Writes everything now, as the last thing that a process does: a reader that is slow is waited for, for a while. */
  flush(): void {
    for (let pauses = 0; !this.#push() && pauses < LAST_PAUSES; pauses++) this.#sink.pause(RETRY_AFTER_MS);
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.after(delayMs, () => {
      this.#isScheduled = false;
      this.#push();
    });
  }

  /** Hands over what is there; false where the sink did not take all of it. */
  #push(): boolean {
    try {
      while (this.#rest.length > 0) this.#rest = this.#rest.subarray(this.#sink.write(this.#rest));
      this.#pushLines();
      return this.#rest.length === 0 || this.#push();
    } catch (error) {
      if (codeOf(error) === "EAGAIN") {
        this.#schedule(RETRY_AFTER_MS);
        return false;
      }
      // A full disk may be emptied; of a reader that has gone away, or a terminal, nothing more is to be expected.
      if (fullDisk.has(codeOf(error))) this.#lostLines += countLines(this.#rest) + countLines(Buffer.from(this.#lines));
      else this.#isDead = true;
      this.#lines = "";
      this.#rest = new Uint8Array();
      return true;
    }
  }

  /** Lines go as the text that they are: making bytes of them first costs more than writing them. */
  #pushLines(): void {
    if (this.#lines === "") return;
    const lines = this.#lines;
    const written = this.#sink.write(lines);
    this.#lines = "";
    if (written < Buffer.byteLength(lines)) this.#rest = Buffer.from(lines).subarray(written);
  }
}

const countLines = (bytes: Uint8Array) => bytes.reduce((count, byte) => (byte === 0x0a ? count + 1 : count), 0);
