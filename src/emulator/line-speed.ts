import type { Clock, Timer } from "../lib/clock.ts";

/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;
/** Bytes that go out together: what a UART's FIFO hands over at a time. */
const PORTION_SIZE = 16;

interface Portion {
  readonly dueMs: number;
  readonly bytes: Uint8Array;
  /** The frame of which this is the last portion. */
  readonly completes: Uint8Array | undefined;
}

/** Where paced bytes go. */
export interface PacedOutput {
  write(bytes: Uint8Array): void;
  /** All bytes of the frame have been written. */
  completed(frame: Uint8Array): void;
}

/** A half-duplex line on which every byte takes its time: bytes go out when, at this speed, they would have arrived. */
export class LineSpeed {
  readonly #msPerByte: number;
  readonly #clock: Clock;
  readonly #output: PacedOutput;
  readonly #portions: Portion[] = [];
  #timer: Timer | undefined;
  /** When the line has carried everything that it was given. */
  #freeMs = 0;

  constructor(baudRate: number, clock: Clock, output: PacedOutput) {
    this.#msPerByte = (BITS_PER_BYTE * 1000) / baudRate;
    this.#clock = clock;
    this.#output = output;
  }

  /** So many bytes come in, which is as long as nothing goes out. */
  receive(byteCount: number): void {
    this.#occupy(byteCount);
  }

  /** Sends a frame behind everything that is on the line. */
  send(frame: Uint8Array): void {
    for (let at = 0; at < frame.length; at += PORTION_SIZE) {
      const bytes = frame.subarray(at, at + PORTION_SIZE);
      const isLast = at + bytes.length === frame.length;
      this.#portions.push({ dueMs: this.#occupy(bytes.length), bytes, completes: isLast ? frame : undefined });
    }
    this.#schedule();
  }

  /** Nothing goes out any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#portions.length = 0;
  }

  #occupy(byteCount: number): number {
    this.#freeMs = Math.max(this.#freeMs, this.#clock.monotonicMs()) + byteCount * this.#msPerByte;
    return this.#freeMs;
  }

  #schedule(): void {
    const [first] = this.#portions;
    if (this.#timer || !first) return;
    const delayMs = Math.max(0, first.dueMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#sendDue();
      this.#schedule();
    });
  }

  /** A timer that fires late is made up for; one that fires early sends its portion all the same. */
  #sendDue(): void {
    let portion = this.#portions.shift();
    while (portion) {
      this.#output.write(portion.bytes);
      if (portion.completes) this.#output.completed(portion.completes);
      const next = this.#portions[0];
      portion = next && next.dueMs <= this.#clock.monotonicMs() ? this.#portions.shift() : undefined;
    }
  }
}
