import { ByteReader } from "./byte-reader.ts";
import { closedError, flushedError, SerialPortError } from "./errors.ts";
import { waitWhileSending } from "./output.ts";
import { Receiver } from "./receiver.ts";
import type { ByteLine, FlushDirection, SerialPortListener } from "./serial-port-like.ts";
import { Pauses, systemAfter } from "./timer.ts";
import type { Tty } from "./tty.ts";
import { WriteQueue } from "./write-queue.ts";

/** Bytes both ways over an open terminal, either end of a pseudo terminal included, until it is closed or lost. Owns the terminal. */
export class TtyStream implements ByteLine, AsyncIterable<Uint8Array> {
  readonly path: string;
  readonly #tty: Tty;
  readonly #receiver: Receiver;
  readonly #reader: ByteReader;
  readonly #queue: WriteQueue;
  readonly #pauses = new Pauses(systemAfter);
  #loss: SerialPortError | undefined;
  #isClosed = false;
  #released: Promise<void> | undefined;

  constructor(tty: Tty, path: string, writeQueueBytes: number) {
    this.path = path;
    this.#tty = tty;
    this.#receiver = new Receiver(path, () => this.#reader.wake());
    this.#reader = new ByteReader(tty.fd, this.#receiver, (cause) => this.#lose(this.#hangUpError(cause)));
    this.#queue = new WriteQueue({
      path,
      limitBytes: writeQueueBytes,
      take: (bytes) => tty.write(bytes),
      failed: (error) => this.#lose(error),
      after: systemAfter,
    });
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#loss === undefined;
  }

  subscribe(listener: SerialPortListener): () => void {
    return this.#receiver.subscribe(listener);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, void, undefined> {
    return this.#receiver.portions();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.isOpen ? this.#queue.write(bytes) : Promise.reject(this.#whyNotOpen());
  }

  flush(direction: FlushDirection): void {
    this.use((tty) => tty.flush(direction));
    if (direction !== "output") this.#reader.discard();
    if (direction === "input") return;
    this.#queue.clear(flushedError(this.path));
  }

  /** Resolves when the system has taken everything that was written; rejects where the line ends before. */
  async written(): Promise<void> {
    this.#requireOpen();
    await this.#queue.whenEmpty();
    this.#requireOpen();
  }

  /** Resolves after `delayMs`; rejects at once when the line ends. */
  async pause(delayMs: number): Promise<void> {
    this.#requireOpen();
    await this.#pauses.pause(delayMs);
    this.#requireOpen();
  }

  /** What `operation` returns; throws where the line has ended, and when `operation` finds that it has. */
  use<T>(operation: (tty: Tty) => T): T {
    this.#requireOpen();
    try {
      return operation(this.#tty);
    } catch (error) {
      if (error instanceof SerialPortError && error.code === "unplugged") this.#lose(error);
      throw error;
    }
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#receiver.close();
      this.#released ??= this.#finish();
    }
    return this.#released ?? Promise.resolve();
  }

  async #finish(): Promise<void> {
    this.#stopWaiting(closedError(this.path));
    try {
      const isSent = await waitWhileSending(this.#tty, (delayMs) => this.#pauses.pause(delayMs));
      if (!isSent) this.#tty.flush("output");
    } catch {
      // The device vanishes while it is being closed: there is nothing left to wait for.
    }
    await this.#release();
  }

  #lose(error: SerialPortError): void {
    if (!this.isOpen) return;
    this.#loss = error;
    this.#stopWaiting(error);
    // At once, and not when the user closes the port: a device that is plugged in again gets its old name only if nobody holds it.
    this.#released = this.#release();
    this.#receiver.lose(error);
  }

  async #release(): Promise<void> {
    await this.#reader.cancel();
    this.#tty.release();
  }

  #stopWaiting(error: SerialPortError): void {
    this.#queue.clear(error);
    this.#pauses.endAll();
  }

  #requireOpen(): void {
    if (!this.isOpen) throw this.#whyNotOpen();
  }

  #whyNotOpen(): SerialPortError {
    return this.#isClosed || !this.#loss ? closedError(this.path) : this.#loss;
  }

  #hangUpError(cause: unknown): SerialPortError {
    const message = `${this.path}: the device was unplugged, or its other end hung up`;
    return new SerialPortError("unplugged", message, { path: this.path }, { cause });
  }
}
