import { checkQueueBytes } from "./line-settings.ts";
import type { ByteLine } from "./serial-port-like.ts";
import { Tty } from "./tty.ts";
import { TtyStream } from "./tty-stream.ts";

export interface PtyOptions {
  /** The window's size, for full-screen programs; by default 0 by 0, which means unknown. */
  readonly size?: { readonly columns: number; readonly rows: number };
  /** Bytes that may wait to be written at the master end, default 65536. */
  readonly writeQueueBytes?: number;
}

/** A pseudo terminal: whatever opens `path` has `port` at the other end. */
export interface Pty extends AsyncDisposable {
  /** The slave end, for `SerialPort.open` or any other program: /dev/pts/7. */
  readonly path: string;
  /** The master end. Its `path` is the slave's; closing it closes the whole. */
  readonly port: ByteLine & AsyncIterable<Uint8Array>;
  /** Closes the master end: whoever has opened `path` sees the device vanish. `path` is nobody else's until `close`. */
  hangUp(): Promise<void>;
  /** Hangs up and gives everything back. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens a pseudo terminal in raw mode, without echo. Clients at `path` may come and go; what is written while there is none waits, about
 * 4 KiB in the system and then in the queue.
 *
 * @throws SerialPortError `not-found` or `permission-denied` (no /dev/ptmx), `unsupported-platform`, `io`
 */
export function openPty(options: PtyOptions = {}): Pty {
  const writeQueueBytes = checkQueueBytes("/dev/ptmx", options.writeQueueBytes);
  const { master, slavePath } = Tty.openMaster();
  // Held open, because a master without any slave reads an error and not silence.
  let slave: Tty | undefined;
  try {
    slave = Tty.open(slavePath, false);
    slave.makeRaw();
    if (options.size) master.setWindowSize(options.size.columns, options.size.rows);
  } catch (error) {
    slave?.release();
    master.release();
    throw error;
  }
  return new OpenPty(new TtyStream(master, slavePath, writeQueueBytes), slave);
}

class OpenPty implements Pty {
  readonly path: string;
  readonly port: ByteLine & AsyncIterable<Uint8Array>;
  readonly #master: TtyStream;
  readonly #slave: Tty;
  #closing: Promise<void> | undefined;

  constructor(master: TtyStream, slave: Tty) {
    this.path = slave.path;
    this.#master = master;
    this.#slave = slave;
    this.port = {
      path: slave.path,
      subscribe: (listener) => master.subscribe(listener),
      write: (bytes) => master.write(bytes),
      flush: (direction) => master.flush(direction),
      close: () => this.close(),
      [Symbol.asyncIterator]: () => master[Symbol.asyncIterator](),
    };
  }

  hangUp(): Promise<void> {
    return this.#master.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #finish(): Promise<void> {
    await this.#master.close();
    this.#slave.release();
  }
}
