import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { LineBuffer } from "../line-buffer.ts";
import { RotatingFile, type RotationPolicy } from "./rotating-file.ts";

export interface LogFilesOptions extends RotationPolicy {
  readonly directory: string;
  readonly clock: Clock;
  /** Told when a file cannot be written, and not again before it could be. */
  readonly failed: (path: string, error: Error) => void;
}

/** The log as files, by the names that the original's had. */
export interface LogFiles {
  /** Takes a line that is no request; one of an error goes to error.log as well. */
  line(text: string, isError: boolean): void;
  /** Takes a line of the access log. */
  access(text: string): void;
  /** Opens all of them anew. */
  reopen(): void;
  /** Writes what is still on its way. */
  flush(): void;
}

/** Writes `access.log`, `error.log` and `daemon.log` in a folder. */
export function openLogFiles({ directory, clock, failed, ...policy }: LogFilesOptions): LogFiles {
  const open = (name: string) => {
    const path = join(directory, name);
    const file = new RotatingFile({ ...policy, path, clock, failed: (error) => failed(path, error) });
    return { file, buffer: new LineBuffer(file, clock) };
  };
  const [access, error, daemon] = [open("access.log"), open("error.log"), open("daemon.log")];
  const all = [access, error, daemon];
  const flush = () => {
    for (const { buffer } of all) buffer.flush();
  };
  return {
    line(text, isError) {
      daemon.buffer.write(text);
      if (isError) error.buffer.write(text);
    },
    access: (text) => access.buffer.write(text),
    reopen() {
      flush();
      for (const { file } of all) file.reopen();
    },
    flush,
  };
}
