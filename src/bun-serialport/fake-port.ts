import { closedError, flushedError, SerialPortError } from "./errors.ts";
import { checkBaudRate, checkDuration, checkQueueBytes } from "./line-settings.ts";
import { Receiver } from "./receiver.ts";
import type {
  ByteLine,
  FlushDirection,
  ModemLines,
  ModemOutputs,
  SerialPortLike,
  SerialPortListener,
} from "./serial-port-like.ts";
import type { After } from "./timer.ts";
import { WriteQueue } from "./write-queue.ts";

export interface FakePortOptions {
  /** Default /dev/fake. */
  readonly path?: string;
  /** Default 9600. */
  readonly baudRate?: number;
  /** Bytes that may wait in the port's write queue, default 65536. */
  readonly writeQueueBytes?: number;
  /** What the port is told of the modem lines at first, all false by default; null for a device that has none. */
  readonly modemLines?: Partial<ModemLines> | null;
}

/** The device's side of a fake port, in the hands of a test. */
export interface FakePeer extends ByteLine {
  /** The speed that the port has set last, in baud. */
  readonly baudRate: number;
  /** The modem lines, with the outputs as the port has set them. */
  readonly modemLines: ModemLines;
  /** Every break that the port has sent, in milliseconds. */
  readonly breaksMs: readonly number[];
  /** Changes what the port sees of the inputs. */
  setModemLines(inputs: Partial<Pick<ModemLines, "cts" | "dsr" | "dcd" | "ri">>): void;
  /** Takes no more bytes until `resume`, as a device that uses flow control: the port's writes wait, and its queue fills. */
  pause(): void;
  /** Takes bytes again; those that wait arrive. */
  resume(): void;
  /** The device vanishes: the port is lost. */
  unplug(): void;
}

/**
 * Makes a port in memory, for tests: `port` behaves as a `SerialPort`, errors included, `peer` is the device. Needs no device, no
 * system call and no time: a portion arrives one microtask after it was written, and a break takes none.
 */
export function createFakePort(options: FakePortOptions = {}): {
  readonly port: SerialPortLike;
  readonly peer: FakePeer;
} {
  const path = options.path ?? "/dev/fake";
  const port = new FakeEnd(path, checkQueueBytes(path, options.writeQueueBytes), options);
  const peer = new FakeDevice(path, checkQueueBytes(path), port);
  port.connect(peer);
  peer.connect(port);
  return { port, peer };
}

const NO_LINES: ModemLines = { cts: false, dsr: false, dcd: false, ri: false, rts: false, dtr: false };

/** Copies what is written, because the writer may change it once the write has resolved, and holds it until someone listens. */
class Inbox {
  readonly receiver: Receiver;
  #portions: Uint8Array[] = [];
  #isDelivering = false;

  constructor(path: string) {
    this.receiver = new Receiver(path, () => this.#wake());
  }

  put(bytes: Uint8Array): void {
    this.#portions.push(bytes.slice());
    this.#wake();
  }

  empty(): void {
    this.#portions = [];
  }

  #wake(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    queueMicrotask(() => {
      this.#isDelivering = false;
      while (this.receiver.isWanted) {
        const portion = this.#portions.shift();
        if (!portion) return;
        this.receiver.deliver(portion);
      }
    });
  }
}

/** What both ends share: bytes out through a queue into the other end's inbox, until closed or lost. */
class FakeLine implements ByteLine {
  readonly path: string;
  readonly inbox: Inbox;
  protected readonly queue: WriteQueue;
  #other: FakeLine | undefined;
  #retry: (() => void) | undefined;
  #loss: SerialPortError | undefined;
  #isClosed = false;
  #takes = true;

  constructor(path: string, writeQueueBytes: number) {
    this.path = path;
    this.inbox = new Inbox(path);
    // What waits here waits for the other end, not for time.
    const after: After = (_delayMs, action) => {
      this.#retry = action;
      return { cancel: () => (this.#retry = undefined) };
    };
    this.queue = new WriteQueue({
      path,
      limitBytes: writeQueueBytes,
      take: (bytes) => this.#take(bytes),
      failed: (error) => this.lose(error),
      after,
    });
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#loss === undefined;
  }

  connect(other: FakeLine): void {
    this.#other = other;
  }

  subscribe(listener: SerialPortListener): () => void {
    return this.inbox.receiver.subscribe(listener);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.requireOpen();
    await this.queue.write(bytes);
  }

  flush(direction: FlushDirection): void {
    this.requireOpen();
    if (direction !== "output") this.inbox.empty();
    if (direction !== "input") this.queue.clear(flushedError(this.path));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.inbox.receiver.close();
    this.queue.clear(closedError(this.path));
  }

  lose(error: SerialPortError): void {
    if (!this.isOpen) return;
    this.#loss = error;
    this.queue.clear(error);
    this.inbox.receiver.lose(error);
  }

  /** Whether the other end takes what this one writes. */
  setTakes(takes: boolean): void {
    this.#takes = takes;
    if (takes) this.#retry?.();
  }

  protected requireOpen(): void {
    if (this.#isClosed) throw closedError(this.path);
    if (this.#loss) throw this.#loss;
  }

  #take(bytes: Uint8Array): number {
    if (!this.#takes) return 0;
    // As a real line: what nobody is there to receive is gone.
    if (this.#other?.isOpen) this.#other.inbox.put(bytes);
    return bytes.length;
  }
}

class FakeEnd extends FakeLine implements SerialPortLike {
  modemLines: ModemLines;
  baudRate: number;
  readonly breaksMs: number[] = [];
  readonly #hasModemLines: boolean;

  constructor(path: string, writeQueueBytes: number, options: FakePortOptions) {
    super(path, writeQueueBytes);
    this.modemLines = { ...NO_LINES, ...options.modemLines };
    this.#hasModemLines = options.modemLines !== null;
    this.baudRate = checkBaudRate(path, options.baudRate ?? 9600);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, void, undefined> {
    return this.inbox.receiver.portions();
  }

  async drain(): Promise<void> {
    this.requireOpen();
    await this.queue.whenEmpty();
    this.requireOpen();
  }

  getModemLines(): ModemLines | undefined {
    this.requireOpen();
    return this.#hasModemLines ? this.modemLines : undefined;
  }

  async setModemLines(outputs: ModemOutputs): Promise<boolean> {
    this.requireOpen();
    if (this.#hasModemLines) this.modemLines = { ...this.modemLines, ...outputs };
    return this.#hasModemLines;
  }

  async sendBreak(durationMs: number): Promise<void> {
    this.requireOpen();
    this.breaksMs.push(checkDuration(this.path, durationMs));
  }

  async setBaudRate(baudRate: number): Promise<void> {
    this.requireOpen();
    this.baudRate = checkBaudRate(this.path, baudRate);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class FakeDevice extends FakeLine implements FakePeer {
  readonly #port: FakeEnd;

  constructor(path: string, writeQueueBytes: number, port: FakeEnd) {
    super(path, writeQueueBytes);
    this.#port = port;
  }

  get baudRate(): number {
    return this.#port.baudRate;
  }

  get modemLines(): ModemLines {
    return this.#port.modemLines;
  }

  get breaksMs(): readonly number[] {
    return this.#port.breaksMs;
  }

  setModemLines(inputs: Partial<Pick<ModemLines, "cts" | "dsr" | "dcd" | "ri">>): void {
    this.#port.modemLines = { ...this.#port.modemLines, ...inputs };
  }

  pause(): void {
    this.#port.setTakes(false);
  }

  resume(): void {
    this.#port.setTakes(true);
  }

  unplug(): void {
    const message = `${this.path}: the device was unplugged, or its other end hung up`;
    this.#port.lose(new SerialPortError("unplugged", message, { path: this.path }));
  }
}
