import type { ByteStream } from "../byte-stream.ts";

/** The serial port of a line that leads to the modem: its speed can be changed. `bun-serialport`'s ports have this shape. */
export interface ModemPort extends ByteStream {
  /** Resolves when everything written is on the wire. */
  drain(): Promise<void>;
  /** Changes the speed of both directions at once, in baud. */
  setBaudRate(baudRate: number): Promise<void>;
}
