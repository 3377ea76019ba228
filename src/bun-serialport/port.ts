import {
  checkBaudRate,
  checkDuration,
  checkQueueBytes,
  type LineSettings,
  lineSettings,
  type SerialPortOptions,
} from "./line-settings.ts";
import { waitUntilSent } from "./output.ts";
import type {
  FlushDirection,
  ModemLines,
  ModemOutputs,
  SerialPortLike,
  SerialPortListener,
} from "./serial-port-like.ts";
import { Tty } from "./tty.ts";
import { TtyStream } from "./tty-stream.ts";

/** An open serial port. The methods are described at `SerialPortLike`. */
export class SerialPort implements SerialPortLike {
  readonly path: string;
  readonly #stream: TtyStream;
  readonly #settings: LineSettings;
  #baudRate: number;
  #breaksUnderWay = 0;

  private constructor(stream: TtyStream, settings: LineSettings) {
    this.path = stream.path;
    this.#stream = stream;
    this.#settings = settings;
    this.#baudRate = settings.baudRate;
  }

  /**
   * Opens the device at `path` (or what a link such as /dev/serial/by-id/... leads to) in raw mode.
   *
   * @example `const port = await SerialPort.open("/dev/ttyUSB0", { baudRate: 115_200 });`
   * @throws SerialPortError `not-found`, `permission-denied`, `busy`, `not-a-tty`, `unsupported-rate`, `unsupported-setting`,
   * `unsupported-platform`, `io`
   */
  static async open(path: string, options: SerialPortOptions): Promise<SerialPort> {
    const settings = lineSettings(path, options);
    const writeQueueBytes = checkQueueBytes(path, options.writeQueueBytes);
    const tty = Tty.open(path, options.exclusive ?? true);
    try {
      tty.configure(settings);
      return new SerialPort(new TtyStream(tty, path, writeQueueBytes), settings);
    } catch (error) {
      tty.release();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#stream.isOpen;
  }

  /** The speed asked for last, in baud. */
  get baudRate(): number {
    return this.#baudRate;
  }

  subscribe(listener: SerialPortListener): () => void {
    return this.#stream.subscribe(listener);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, void, undefined> {
    return this.#stream[Symbol.asyncIterator]();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#stream.write(bytes);
  }

  async drain(): Promise<void> {
    await this.#stream.written();
    const output = {
      unsentBytes: () => this.#stream.use((tty) => tty.unsentBytes()),
      isTransmitterEmpty: () => this.#stream.use((tty) => tty.isTransmitterEmpty()),
    };
    await waitUntilSent(output, this.#msPerByte(), (delayMs) => this.#stream.pause(delayMs));
  }

  flush(direction: FlushDirection): void {
    this.#stream.flush(direction);
  }

  getModemLines(): ModemLines | undefined {
    return this.#stream.use((tty) => tty.modemLines());
  }

  async setModemLines(outputs: ModemOutputs): Promise<boolean> {
    return this.#stream.use((tty) => tty.setModemLines(outputs));
  }

  async sendBreak(durationMs: number): Promise<void> {
    checkDuration(this.path, durationMs);
    this.#stream.use((tty) => tty.setBreak(true));
    this.#breaksUnderWay++;
    try {
      await this.#stream.pause(durationMs);
    } finally {
      // Of breaks that overlap, the last one ends the condition; that of a port closed meanwhile is ended by `close`.
      this.#breaksUnderWay--;
      if (this.#breaksUnderWay === 0 && this.isOpen) this.#stream.use((tty) => tty.setBreak(false));
    }
  }

  async setBaudRate(baudRate: number): Promise<void> {
    checkBaudRate(this.path, baudRate);
    this.#stream.use((tty) => tty.setBaudRate(baudRate));
    this.#baudRate = baudRate;
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What a byte takes on the wire: a start bit, the data, the parity bit, the stop bits. */
  #msPerByte(): number {
    const { dataBits, parity, stopBits } = this.#settings;
    const bits = 1 + dataBits + (parity === "none" ? 0 : 1) + stopBits;
    return (1000 * bits) / this.#baudRate;
  }
}
