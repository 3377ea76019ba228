import type { Clock } from "../lib/clock.ts";

/** What a line buffer writes to: a descriptor, as node:fs sees it. */
export interface ByteSink {
  /** Takes some of the bytes and returns how many, or throws what node:fs throws. */
  write(bytes: Uint8Array): number;
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

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/**
 * Lines on their way to a descriptor, written in portions, and never a reason to wait or to fail: a reader that has gone away,
 * or reads too slowly, costs lines, not the server.
 */
export class LineBuffer {
  readonly #sink: ByteSink;
  readonly #clock: Clock;
  /** Made once and used again: a new buffer for every portion would keep the garbage collector busy. */
  readonly #held = new Uint8Array(LONGEST_BACKLOG_BYTES);
  readonly #encoder = new TextEncoder();
  /** What waits stands in `#held` from `#start` up to, not including, `#end`. */
  #start = 0;
  #end = 0;
  #isScheduled = false;
  /** The sink did not take everything when it was last asked. */
  #isRefused = false;
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
    if (!this.#append(line)) {
      this.#lostLines++;
      return;
    }
    // What the sink has refused is tried again by the timer alone.
    if (this.#end >= FLUSH_AT_BYTES && !this.#isRefused) this.#push();
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

  /** Puts a line behind what waits; false where it does not fit. */
  #append(line: string): boolean {
    // No character takes more than three bytes in UTF-8.
    const longest = line.length * 3;
    if (this.#end + longest > this.#held.length) {
      this.#held.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#end + longest > this.#held.length) return false;
    this.#end += this.#encoder.encodeInto(line, this.#held.subarray(this.#end)).written;
    return true;
  }

  /** Hands over what is there; false where the sink did not take all of it. */
  #push(): boolean {
    this.#isRefused = false;
    try {
      while (this.#start < this.#end) this.#start += this.#sink.write(this.#held.subarray(this.#start, this.#end));
    } catch (error) {
      if (codeOf(error) === "EAGAIN") {
        this.#isRefused = true;
        this.#schedule(RETRY_AFTER_MS);
        return false;
      }
      // A full disk may be emptied; of a reader that has gone away, or a terminal, nothing more is to be expected.
      if (codeOf(error) === "ENOSPC") this.#lostLines += countLines(this.#held.subarray(this.#start, this.#end));
      else this.#isDead = true;
    }
    this.#start = 0;
    this.#end = 0;
    return true;
  }
}

const countLines = (bytes: Uint8Array) => bytes.reduce((count, byte) => (byte === 0x0a ? count + 1 : count), 0);
