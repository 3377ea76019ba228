import { Buffer } from "node:buffer";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { toError } from "../../lib/to-error.ts";
import type { ByteSink } from "../line-buffer.ts";

/** When a log file gets a new one, and how many old ones stay. */
export interface RotationPolicy {
  /** A file does not become larger, unless a single portion of lines is. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Old files that are kept: FILE.1 is the newest of them. */
  readonly keep: number;
}

export interface RotatingFileOptions extends RotationPolicy {
  readonly path: string;
  readonly clock: Clock;
  /** Told when the file cannot be written, and not again before it could be. Lines are lost until then. */
  readonly failed: (error: Error) => void;
}

const OWNER_ONLY = 0o600;
const FOR_OTHERS = 0o077;
/** Appends; follows no link that someone has put in its place, and waits for no reader of a pipe. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A file that could not be opened is tried again after this long. */
const RETRY_AFTER_MS = 10_000;

/** The file that is open. */
interface Opened {
  readonly fd: number;
  /** When it began, on the monotonic clock: the machine's may jump by years when it learns the time. */
  readonly bornMs: number;
  bytes: number;
}

/** A log file that is replaced when it has become large or old. Its failures cost lines, nothing else. */
export class RotatingFile implements ByteSink {
  readonly #options: RotatingFileOptions;
  #opened: Opened | undefined;
  #failedAtMs: number | undefined;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /** Takes all of it, or loses it. */
  write(data: string | Uint8Array): number {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    try {
      this.#append(bytes);
    } catch (error) {
      this.#fail(toError(error));
    }
    return bytes.length;
  }

  /** Nothing has to be waited for. */
  pause(): void {
    // A file is never busy.
  }

  /** Has the next line open the file anew: someone may have moved it away. */
  reopen(): void {
    this.#abandon();
    this.#failedAtMs = undefined;
  }

  #append(bytes: Uint8Array): void {
    const { clock } = this.#options;
    if (this.#failedAtMs !== undefined && clock.monotonicMs() - this.#failedAtMs < RETRY_AFTER_MS) return;
    let file = (this.#opened ??= this.#open());
    if (this.#isOver(file, bytes.length)) file = this.#rotate();
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(file.fd, bytes.subarray(written));
    } catch (error) {
      if (written > 0) takeBack(file.fd, written);
      throw error;
    }
    file.bytes += written;
    this.#failedAtMs = undefined;
  }

  #isOver({ bytes, bornMs }: Opened, more: number): boolean {
    const { maxBytes, maxAgeMs, clock } = this.#options;
    return bytes > 0 && (bytes + more > maxBytes || clock.monotonicMs() - bornMs >= maxAgeMs);
  }

  #open(): Opened {
    const { path, clock } = this.#options;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fd = openSync(path, FLAGS, OWNER_ONLY);
    try {
      const stats = fstatSync(fd);
      const { size, birthtimeMs, mode } = stats;
      if (stats.isFile() && (mode & FOR_OTHERS) !== 0) fchmodSync(fd, OWNER_ONLY);
      // Not every file system knows when a file was born.
      const isKnown = size > 0 && birthtimeMs > 0;
      const ageMs = isKnown ? Math.max(0, clock.wallMs() - birthtimeMs) : 0;
      return { fd, bytes: size, bornMs: clock.monotonicMs() - ageMs };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #rotate(): Opened {
    const { path, keep } = this.#options;
    this.#close();
    const nameOf = (age: number) => (age === 0 ? path : `${path}.${age}`);
    rmSync(nameOf(keep), { force: true });
    for (let age = keep - 1; age >= 0; age--) renameIfThere(nameOf(age), nameOf(age + 1));
    return (this.#opened = this.#open());
  }

  #close(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened) closeSync(opened.fd);
  }

  /** What a file that is given up says of its own end adds nothing. */
  #abandon(): void {
    try {
      this.#close();
    } catch {
      this.#opened = undefined;
    }
  }

  #fail(error: Error): void {
    const isNew = this.#failedAtMs === undefined;
    this.#failedAtMs = this.#options.clock.monotonicMs();
    this.#abandon();
    if (isNew) this.#options.failed(error);
  }
}

/** Cuts off what was written last: half of a line would spoil the one that comes next. */
function takeBack(fd: number, bytes: number): void {
  try {
    ftruncateSync(fd, fstatSync(fd).size - bytes);
  } catch {
    // It is no file, or the disk fails: what is there stays.
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
