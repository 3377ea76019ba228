import type { Clock, Timer } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { ByteStream } from "./byte-stream.ts";

/** What a line reports, to the one who uses it. */
export interface LineListener {
  data(bytes: Uint8Array): void;
  /** The port has vanished. It is being opened again; `data` goes on when it is back. */
  lost(reason: Error): void;
}

/** What a line reports, for people and their monitoring. */
export interface LineEvents {
  /** The port has vanished, or is not there at the start; it is waited for. */
  down(path: string, reason: Error): void;
  up(path: string): void;
  /** An attempt to open the port again has failed; the next one follows in `nextMs`. */
  stillDown(path: string, reason: Error, nextMs: number): void;
}

/** Pauses between attempts to open a port that has vanished, in milliseconds; each is twice the one before. */
interface ReopenPolicy {
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export interface LineOptions<Stream extends ByteStream = ByteStream> {
  /** What people know the port by. */
  readonly path: string;
  readonly open: () => Promise<Stream>;
  /** Whether to begin without the port where it cannot be opened for this reason, and to wait for it; absent where it never is. */
  readonly maybeLater?: (reason: Error) => boolean;
  readonly reopen: ReopenPolicy;
  readonly clock: Clock;
  readonly events: LineEvents;
}

/** Whether the port is there, and since when, in milliseconds since 1970. */
export type LineState<Stream extends ByteStream = ByteStream> =
  | { readonly kind: "up"; readonly sinceMs: number; readonly stream: Stream }
  | { readonly kind: "down"; readonly sinceMs: number; readonly reason: Error };

/** A port that is kept open: when it vanishes, it is opened again, with growing pauses, until it is back. */
export class Line<Stream extends ByteStream = ByteStream> {
  readonly path: string;
  readonly #options: LineOptions<Stream>;
  #listener: LineListener | undefined;
  #state: LineState<Stream>;
  #timer: Timer | undefined;
  #isClosed = false;

  private constructor(opened: Stream | Error, options: LineOptions<Stream>) {
    this.path = options.path;
    this.#options = options;
    if (opened instanceof Error) {
      this.#state = this.#down(opened);
      this.#await(opened);
    } else {
      this.#state = this.#up(opened);
      this.#subscribe(opened);
    }
  }

  /** Opens the port; the first time, failure is the caller's to handle, unless the port may come later. */
  static async open<S extends ByteStream>(options: LineOptions<S>): Promise<Line<S>> {
    const opened = await options.open().catch((error: unknown) => {
      const reason = toError(error);
      if (!options.maybeLater?.(reason)) throw error;
      return reason;
    });
    return new Line(opened, options);
  }

  get state(): LineState<Stream> {
    return this.#state;
  }

  /** Hands everything that arrives to `listener`, the only one. */
  listen(listener: LineListener): void {
    this.#listener = listener;
  }

  /** Reports what a write to `stream` has met: a port that cannot be written to is gone. */
  fail(reason: Error, stream: ByteStream): void {
    this.#lose(reason, stream);
  }

  /** Gives the port back and stops trying to open it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    if (this.#state.kind === "up") await this.#state.stream.close();
  }

  #up(stream: Stream): LineState<Stream> {
    return { kind: "up", sinceMs: this.#options.clock.wallMs(), stream };
  }

  #down(reason: Error): LineState<Stream> {
    return { kind: "down", sinceMs: this.#options.clock.wallMs(), reason };
  }

  #subscribe(stream: Stream): void {
    stream.subscribe({
      data: (bytes) => this.#listener?.data(bytes),
      lost: (reason) => this.#lose(reason, stream),
    });
  }

  #lose(reason: Error, gone: ByteStream): void {
    // A port that has been replaced says nothing about the one in its place.
    if (this.#isClosed || this.#state.kind === "down" || gone !== this.#state.stream) return;
    this.#state = this.#down(reason);
    this.#await(reason);
    this.#listener?.lost(reason);
    // What the dead port says of its own end adds nothing to the reason.
    gone.close().catch(() => undefined);
  }

  /** Says that the port is not there, and begins to open it again. */
  #await(reason: Error): void {
    const { events, reopen } = this.#options;
    events.down(this.path, reason);
    this.#reopenAfter(reopen.firstPauseMs);
  }

  #reopenAfter(pauseMs: number): void {
    this.#timer = this.#options.clock.after(pauseMs, () => void this.#reopen(pauseMs));
  }

  async #reopen(lastPauseMs: number): Promise<void> {
    let stream: Stream;
    try {
      stream = await this.#options.open();
    } catch (error) {
      if (this.#isClosed) return;
      const nextMs = Math.min(lastPauseMs * 2, this.#options.reopen.longestPauseMs);
      this.#options.events.stillDown(this.path, toError(error), nextMs);
      this.#reopenAfter(nextMs);
      return;
    }
    if (this.#isClosed) {
      // Nobody waits for it any more.
      stream.close().catch(() => undefined);
      return;
    }
    this.#state = this.#up(stream);
    this.#options.events.up(this.path);
    this.#subscribe(stream);
  }
}
