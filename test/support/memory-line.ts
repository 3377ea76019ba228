import type { ByteStream, ByteStreamListener } from "../../src/bus/byte-stream.ts";
import { toHex } from "../../src/lib/hex.ts";

/** A line in memory, and the hand at its other end: what is written to it can be seen, what arrives is pushed. */
export class MemoryLine implements ByteStream {
  readonly path: string;
  /** Everything that has been written, one entry for each write. */
  readonly written: Uint8Array[] = [];
  /** What has happened, in order: `flush`, `write`, `close`. */
  readonly log: ("flush" | "write" | "close")[] = [];
  /** Called with every write, after it has been recorded. Answers by `push`, now or later. */
  onWrite: ((bytes: Uint8Array) => void) | undefined;
  /** Thrown by every `flush`, where set. */
  flushError: Error | undefined;
  /** Every write is rejected with it, where set. */
  writeError: Error | undefined;
  #listener: ByteStreamListener | undefined;
  /** Bytes that have arrived and have not been handed on. */
  #arrived: Uint8Array[] = [];

  constructor(path = "/dev/memory") {
    this.path = path;
  }

  get isClosed(): boolean {
    return this.log.includes("close");
  }

  /** Everything written, in hex, one text for each write. */
  get writtenHex(): string[] {
    return this.written.map(toHex);
  }

  subscribe(listener: ByteStreamListener): () => void {
    this.#listener = listener;
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
    };
  }

  write(bytes: Uint8Array): Promise<void> {
    this.log.push("write");
    if (this.writeError) return Promise.reject(this.writeError);
    this.written.push(bytes.slice());
    this.onWrite?.(bytes);
    return Promise.resolve();
  }

  flush(_direction: "input"): void {
    this.log.push("flush");
    if (this.flushError) throw this.flushError;
    this.#arrived = [];
  }

  close(): Promise<void> {
    this.log.push("close");
    this.#listener = undefined;
    return Promise.resolve();
  }

  /** Bytes arrive, at once. */
  push(bytes: Uint8Array): void {
    this.#listener?.data(bytes);
  }

  /** Bytes arrive as they do on a real line: after whoever caused them has gone on; a flush in between throws them away. */
  pushLater(bytes: Uint8Array): void {
    this.#arrived.push(bytes);
    queueMicrotask(() => {
      const arrived = this.#arrived;
      this.#arrived = [];
      for (const portion of arrived) this.push(portion);
    });
  }

  /** The line is gone. */
  lose(reason: Error): void {
    this.#listener?.lost(reason);
  }
}
