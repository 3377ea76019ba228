/** Who gets what is read. */
export interface ByteSink {
  /** Whether someone wants bytes; reading pauses while nobody does. */
  readonly isWanted: boolean;
  deliver(bytes: Uint8Array): void;
}

const readerOf = (fd: number) => Bun.file(fd).stream().getReader();

type Reader = ReturnType<typeof readerOf>;

/** One portion, or the end of the line. */
type Portion = Awaited<ReturnType<Reader["read"]>>;

const isEnd = (portion: Portion | Promise<Portion>): boolean => !(portion instanceof Promise) && portion.done;

/**
 * Reads a terminal's descriptor by the event loop. The descriptor must be non-blocking.
 *
 * The stream reads ahead a little while nobody reads from it; a portion that arrives when nobody wants it any more stays in its
 * promise. `discard` throws both away.
 */
export class ByteReader {
  readonly #reader: Reader;
  readonly #sink: ByteSink;
  readonly #ended: (cause?: unknown) => void;
  #pending: Promise<Portion> | undefined;
  #isRunning = false;
  #isCancelled = false;

  /** `ended` is called once, when the other end has hung up or reading fails, but not after `cancel`. */
  constructor(fd: number, sink: ByteSink, ended: (cause?: unknown) => void) {
    this.#reader = readerOf(fd);
    this.#sink = sink;
    this.#ended = ended;
  }

  /** Begins to deliver, or goes on; nothing is delivered before this returns. */
  wake(): void {
    if (this.#isRunning || this.#isCancelled) return;
    this.#isRunning = true;
    this.#run().catch((cause: unknown) => {
      if (!this.#isCancelled) this.#ended(cause);
    });
  }

  /** Throws away what has been read and not been delivered. */
  discard(): void {
    if (this.#isCancelled) return;
    let pending = this.#pending ?? this.#read();
    // Neither a failure nor the end of the line is thrown away.
    while (Bun.peek.status(pending) === "fulfilled" && !isEnd(Bun.peek(pending))) pending = this.#read();
    this.#pending = pending;
  }

  /** Stops, before the descriptor is closed: closing it under a stream that reads would leave the read waiting for good. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    // A stream that has failed fails to be cancelled too; the failure has been told.
    await this.#reader.cancel().catch(() => undefined);
  }

  /** A read that may go unawaited, and then must not count as an unhandled rejection. */
  #read(): Promise<Portion> {
    const pending = this.#reader.read();
    pending.catch(() => undefined);
    return pending;
  }

  async #run(): Promise<void> {
    while (this.#sink.isWanted) {
      const pending = (this.#pending ??= this.#reader.read());
      const portion = await pending;
      if (this.#isCancelled) return;
      if (pending !== this.#pending || !this.#sink.isWanted) continue;
      this.#pending = undefined;
      if (portion.done) {
        this.#ended();
        return;
      }
      this.#sink.deliver(portion.value);
    }
    this.#isRunning = false;
  }
}
