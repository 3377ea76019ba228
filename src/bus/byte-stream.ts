/** What a line tells the one who listens to it. */
export interface ByteStreamListener {
  /** Bytes have arrived, in portions of any size. The array is the listener's to keep. */
  data(bytes: Uint8Array): void;
  /** The line is gone: unplugged, hung up, broken. Nothing follows. */
  lost(reason: Error): void;
}

/**
 * A line that carries bytes both ways: what the bus, and the emulator at its other end, need of a serial port, a PTY or a
 * test's pipe. `bun-serialport`'s ports have this shape.
 */
export interface ByteStream {
  /** What people know the line by, such as /dev/ttyAMA0. */
  readonly path: string;
  /** Hands everything that arrives to `listener`; returns what ends that. One listener at a time. */
  subscribe(listener: ByteStreamListener): () => void;
  /** Sends bytes, in order with those before; resolves when the system has taken them, rejects when it cannot. */
  write(bytes: Uint8Array): Promise<void>;
  /** Throws away what has arrived and has not been handed on. */
  flush(direction: "input"): void;
  /** Gives the line back. Afterwards nothing more is called. */
  close(): Promise<void>;
}
