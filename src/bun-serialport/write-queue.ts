import { SerialPortError } from "./errors.ts";
import type { After, Timer } from "./timer.ts";

/** How a queue gets rid of its bytes. */
export interface WriteQueueOptions {
  /** For messages. */
  readonly path: string;
  /** Bytes that may wait. */
  readonly limitBytes: number;
  /** Takes as many of `bytes`, which are never none, as go at once, and says how many; 0 for "later". Throws where the line is gone. */
  readonly take: (bytes: Uint8Array) => number;
  /** Told what `take` threw, after everything that waited has been rejected with it. */
  readonly failed: (error: SerialPortError) => void;
  readonly after: After;
}

interface Waiting {
  readonly bytes: Uint8Array;
  /** How many of `bytes` have been taken. */
  taken: number;
  resolve(): void;
  reject(error: SerialPortError): void;
}

/**
 * Pauses between attempts while the line takes nothing, in milliseconds. There is no event for "writable" that Bun would tell;
 * what a UART can send meanwhile is a fraction of the kernel's own 4 KiB, so it never runs dry.
 */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;

/** An attempt that got rid of this much was worth its while, and the next one comes soon; WAKEUP_CHARS of Linux's serial_core.h. */
const WORTHWHILE_BYTES = 256;

const DONE: Promise<void> = Promise.resolve();

/** Writes in order, with a bound on what waits. A write that goes at once passes by without a copy, a timer or a new promise. */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #waiting: Waiting[] = [];
  readonly #whenEmpty: (() => void)[] = [];
  #waitingBytes = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: Timer | undefined;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  /** Bytes that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Resolves when all of `bytes` has been taken; rejects with `queue-full`, with what `take` throws, or with what `clear` is given. */
  write(bytes: Uint8Array): Promise<void> {
    const { limitBytes, path } = this.#options;
    if (bytes.length > limitBytes - this.#waitingBytes) {
      const found = `${bytes.length} bytes do not fit, ${this.#waitingBytes} of ${limitBytes} wait already`;
      return Promise.reject(new SerialPortError("queue-full", `${path}: the write queue is full: ${found}`, { path }));
    }
    if (bytes.length === 0) return this.whenEmpty();
    let taken = 0;
    if (this.#waiting.length === 0) {
      try {
        taken = this.#options.take(bytes);
      } catch (error) {
        return Promise.reject(this.#fail(error));
      }
      if (taken === bytes.length) return DONE;
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, taken, resolve, reject });
      this.#waitingBytes += bytes.length - taken;
      this.#pause();
    });
  }

  /** Resolves when nothing waits, for whatever reason. */
  whenEmpty(): Promise<void> {
    if (this.#waiting.length === 0) return DONE;
    return new Promise((resolve) => void this.#whenEmpty.push(resolve));
  }

  /** Rejects everything that waits. */
  clear(error: SerialPortError): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#waitingBytes = 0;
    for (const write of this.#waiting.splice(0)) write.reject(error);
    this.#tellEmpty();
  }

  #retry(): void {
    this.#timer = undefined;
    let progress = 0;
    for (let write = this.#waiting[0]; write; write = this.#waiting[0]) {
      let taken: number;
      try {
        taken = this.#options.take(write.bytes.subarray(write.taken));
      } catch (error) {
        this.#fail(error);
        return;
      }
      write.taken += taken;
      progress += taken;
      this.#waitingBytes -= taken;
      if (write.taken < write.bytes.length) break;
      this.#waiting.shift();
      write.resolve();
    }
    this.#pauseMs = progress >= WORTHWHILE_BYTES ? FIRST_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    if (this.#waiting.length > 0) this.#pause();
    else this.#tellEmpty();
  }

  #pause(): void {
    this.#timer ??= this.#options.after(this.#pauseMs, () => this.#retry());
  }

  #tellEmpty(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    for (const tell of this.#whenEmpty.splice(0)) tell();
  }

  #fail(cause: unknown): SerialPortError {
    const { path, failed } = this.#options;
    const error =
      cause instanceof SerialPortError
        ? cause
        : new SerialPortError("io", `${path}: cannot write`, { path }, { cause });
    this.clear(error);
    failed(error);
    return error;
  }
}
