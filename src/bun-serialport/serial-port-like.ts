import type { SerialPortError } from "./errors.ts";

/** What a port tells the one who listens to it. */
export interface SerialPortListener {
  /** Bytes have arrived, in portions of any size. Called straight from the read loop; the array is the listener's to keep. */
  data(bytes: Uint8Array): void;
  /** The device was unplugged or the other end hung up. Called once; nothing follows, and the port has been given back. */
  lost(error: SerialPortError): void;
}

/** Lines by which the two ends tell each other that they are there and ready. */
export interface ModemLines {
  /** Clear to send: the other end is ready. Input. */
  readonly cts: boolean;
  /** Data set ready: the other end is there. Input. */
  readonly dsr: boolean;
  /** Data carrier detect. Input. */
  readonly dcd: boolean;
  /** Ring indicator. Input. */
  readonly ri: boolean;
  /** Request to send: this end is ready. Output. */
  readonly rts: boolean;
  /** Data terminal ready: this end is there. Output. */
  readonly dtr: boolean;
}

/** The outputs to change; those not named stay as they are. */
export type ModemOutputs = Partial<Pick<ModemLines, "rts" | "dtr">>;

/** Which way a flush works: what has arrived, what waits to be sent, or both. */
export type FlushDirection = "input" | "output" | "both";

/** The way bytes go both ways, without what only a serial line has. */
export interface ByteLine {
  /** What people know the line by, such as /dev/ttyUSB0. */
  readonly path: string;

  /**
   * Hands everything that arrives to `listener`, until the function returned is called. One listener at a time: a second one meets
   * SerialPortError `already-subscribed`; on a closed port, `closed`. On a port that is lost already, `lost` follows soon.
   *
   * Nothing is read while nobody listens (but for one portion that is kept): the system's own buffer, about 4 KiB, fills, flow
   * control holds the sender back where there is any, and otherwise the system drops what comes next. Whoever begins to listen gets
   * what has waited; `flush("input")` before that throws it away.
   */
  subscribe(listener: SerialPortListener): () => void;

  /**
   * Sends bytes, after those written before. Resolves when the system has taken them, which is not yet when they are on the wire:
   * see `drain`. What the system does not take at once waits in a queue; `bytes` must not change until then.
   *
   * Rejects with SerialPortError `queue-full` where `bytes` and what waits exceed the queue's limit (nothing of `bytes` was sent),
   * `flushed`, `closed`, `unplugged`, `io` (in these four cases, a part may have been sent).
   */
  write(bytes: Uint8Array): Promise<void>;

  /**
   * Throws away what has arrived and has not been handed to a listener, or what has been written and is not on the wire, or both.
   * Writes that wait reject with `flushed`. Throws SerialPortError `closed`, `unplugged`, `io`.
   */
  flush(direction: FlushDirection): void;

  /** Gives the line back. May be called again, and resolves when nothing is held any more. Writes that wait reject with `closed`. */
  close(): Promise<void>;
}

/** What can be done with an open serial port. `SerialPort` is the real one, `createFakePort` makes others for tests. */
export interface SerialPortLike extends ByteLine, AsyncIterable<Uint8Array>, AsyncDisposable {
  /** Whether the port has been neither closed nor lost. */
  readonly isOpen: boolean;

  /**
   * Resolves when everything written is on the wire, as far as the device tells, without holding up the event loop. Flow control
   * may keep it waiting for good; `flush` and `close` end that. Rejects with SerialPortError `closed`, `unplugged`.
   */
  drain(): Promise<void>;

  /** The modem lines as they are now; undefined where the device has none. Throws SerialPortError `closed`, `unplugged`, `io`. */
  getModemLines(): ModemLines | undefined;

  /** Raises (true) or drops (false) outputs. Resolves to false where the device has none. Rejects as `getModemLines` throws. */
  setModemLines(outputs: ModemOutputs): Promise<boolean>;

  /**
   * Holds the line in the break condition for `durationMs` milliseconds. Does nothing but wait on a device that has no break.
   * Rejects with SerialPortError `unsupported-setting` for a duration that is none, `closed`, `unplugged`, `io`.
   */
  sendBreak(durationMs: number): Promise<void>;

  /**
   * Changes the speed of both directions at once; what is still on its way out goes at the new speed, so `drain` first. `baudRate`
   * is in baud. Rejects with SerialPortError `unsupported-rate` where the device does not take it and then may run at another rate,
   * `closed`, `unplugged`, `io`.
   */
  setBaudRate(baudRate: number): Promise<void>;
}
