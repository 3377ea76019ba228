import { closedError, SerialPortError } from "./errors.ts";
import type { SerialPortListener } from "./serial-port-like.ts";

interface Attached extends SerialPortListener {
  /** The port was closed by its user. */
  closed?(): void;
}

/** The receiving side of a port: who listens, what became of the line, and the same as an async iterator. */
export class Receiver {
  readonly #path: string;
  readonly #wanted: () => void;
  #listener: Attached | undefined;
  #loss: SerialPortError | undefined;
  #isClosed = false;

  /** `wanted` is called when someone begins to listen. */
  constructor(path: string, wanted: () => void) {
    this.#path = path;
    this.#wanted = wanted;
  }

  /** Whether someone listens, so that bytes should be fetched. */
  get isWanted(): boolean {
    return this.#listener !== undefined;
  }

  /** See `SerialPortLike.subscribe`. */
  subscribe(listener: SerialPortListener): () => void {
    return this.#attach({ data: (bytes) => listener.data(bytes), lost: (error) => listener.lost(error) });
  }

  /** Portions as they arrive; ends when the port is closed, throws when it is lost. Listens only while a portion is awaited. */
  async *portions(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let bytes = await this.#next(); bytes; bytes = await this.#next()) yield bytes;
  }

  /** Hands a portion to whoever listens. What a listener throws is an unhandled rejection, and reading goes on. */
  deliver(bytes: Uint8Array): void {
    try {
      this.#listener?.data(bytes);
    } catch (error) {
      void Promise.reject(error);
    }
  }

  /** The line has gone: tells whoever listens now or later, once each. */
  lose(error: SerialPortError): void {
    if (this.#loss || this.#isClosed) return;
    this.#loss = error;
    this.#tellLoss(error);
  }

  /** Nothing more is delivered. */
  close(): void {
    this.#isClosed = true;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed?.();
  }

  #attach(listener: Attached): () => void {
    if (this.#isClosed) throw closedError(this.#path);
    if (this.#listener) {
      throw new SerialPortError("already-subscribed", `${this.#path}: someone listens to this port already`, {
        path: this.#path,
      });
    }
    this.#listener = listener;
    const loss = this.#loss;
    // Not at once: the listener has yet to be given the means to leave.
    if (loss) queueMicrotask(() => this.#listener === listener && this.#tellLoss(loss));
    else this.#wanted();
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  #next(): Promise<Uint8Array | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const leave = this.#attach({
        data(bytes) {
          leave();
          resolve(bytes);
        },
        lost: reject,
        closed: () => resolve(undefined),
      });
    });
  }

  #tellLoss(error: SerialPortError): void {
    const listener = this.#listener;
    this.#listener = undefined;
    try {
      listener?.lost(error);
    } catch (failure) {
      void Promise.reject(failure);
    }
  }
}
