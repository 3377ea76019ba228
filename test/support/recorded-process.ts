import { EventEmitter } from "node:events";
import type { ProcessEvents } from "../../src/cli/shutdown.ts";
import { createLog, type LogOptions, type OwnLog } from "../../src/telemetry/log.ts";

/** A process that gets signals and errors by hand, and whose ends are recorded. */
export class RecordedProcess extends EventEmitter implements ProcessEvents {
  /** Codes with which it was ended. */
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
  }
}

/** A log whose lines are kept as objects. */
export class RecordedLog {
  readonly lines: Record<string, unknown>[] = [];
  /** What it was made with. */
  options: LogOptions | undefined;

  readonly create = (options: LogOptions): Promise<OwnLog> => {
    this.options = options;
    const write = (line: string) => void this.lines.push(JSON.parse(line));
    return createLog({ ...options, format: "json", output: { isTerminal: false, write, takeLostLines: () => 0 } });
  };

  /** The messages, each with its level. */
  get messages(): string[] {
    return this.lines.map(({ level, msg }) => `${String(level)} ${String(msg)}`);
  }
}
