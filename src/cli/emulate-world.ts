import type { ByteStream } from "../bus/byte-stream.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log, LogOptions } from "../telemetry/log.ts";
import type { ProcessEvents } from "./shutdown.ts";

/** What emulating needs of the world; handed in by tests. */
export interface EmulateWorld {
  openPort(path: string, options: { readonly baudRate: number }): Promise<ByteStream>;
  createLog(options: LogOptions): Promise<Log>;
  readonly process: ProcessEvents;
  readonly clock: Clock;
}
