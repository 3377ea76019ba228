import { pino } from "pino";
import { systemClock } from "../lib/clock.ts";
import { journalPrefix } from "./journal.ts";
import type { LogFiles } from "./log-files/log-files.ts";
import { levelOf, type LogLevel } from "./log-level.ts";
import type { LogOutput } from "./log-output.ts";
import { openLogOutput } from "./open-log-output.ts";

/** What a line says for programs. An error goes under `err`. */
type LogFields = Readonly<Record<string, unknown>>;

type WriteLine = (fields: LogFields, message: string) => void;

/** The log: one line for each event, with fields for programs and a message for people. */
export interface Log extends Readonly<Record<LogLevel, WriteLine>> {
  /**
   * A line of level info whose fields are one object, under a name of its own. For what happens thousands of times a second: the line
   * is put together here, which takes a fifth of the time that pino takes for it.
   */
  event(name: string, fields: LogFields, message: string): void;
  /** True where lines of this level are written: for what is costly to say. */
  isLevelEnabled(level: LogLevel): boolean;
  /** The file for requests, in the combined format; absent where there is none. */
  readonly accessFile?: { access(line: string): void } | undefined;
}

/** The log, for the one who has made it. */
export interface OwnLog extends Log {
  /** Writes lines from this level on, from now on. */
  setLevel(level: LogLevel): void;
  /** Opens log files anew. */
  reopen(): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto` is pretty on a terminal, the journal's own form where standard output leads to it, and JSON elsewhere. */
  readonly format: "auto" | "pretty" | "json";
  /** Standard output, or the journal, where it is absent. */
  readonly output?: LogOutput;
  /** A folder for log files as well; without one, or with null, there are none. The rest says when they are replaced. */
  readonly directory?: string | null;
  readonly maxFileBytes?: number;
  readonly maxFileAgeH?: number;
  readonly keepFiles?: number;
}

/** What makes JSON lines readable for people. */
async function prettifier(isTerminal: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import("pino-pretty");
  return prettyFactory({
    colorize: isTerminal && !process.env["NO_COLOR"],
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
}

/** The time as pino wants it: ISO 8601, in UTC. Lines of the same millisecond share the work. */
function isoTime(): () => string {
  let lastMs = 0;
  let text = "";
  return () => {
    const nowMs = systemClock.wallMs();
    if (nowMs !== lastMs) {
      lastMs = nowMs;
      text = `,"time":"${new Date(nowMs).toISOString()}"`;
    }
    return text;
  };
}

const MS_PER_H = 3_600_000;

/** The log files that are asked for. Without any, their code is not loaded. `failed` is told when one cannot be written. */
async function openFiles(
  options: LogOptions,
  failed: (path: string, error: Error) => void,
): Promise<LogFiles | undefined> {
  const { directory = null, maxFileBytes = 10_485_760, maxFileAgeH = 168, keepFiles = 5 } = options;
  if (directory === null) return undefined;
  const { openLogFiles } = await import("./log-files/log-files.ts");
  const policy = { maxBytes: maxFileBytes, maxAgeMs: maxFileAgeH * MS_PER_H, keep: keepFiles };
  const files = openLogFiles({ directory, clock: systemClock, failed, ...policy });
  process.on("exit", () => files.flush());
  return files;
}

/** Makes the log. As JSON, each line is an object with `level` as a word, `time` (ISO 8601, UTC), `msg` and its fields. */
export async function createLog(options: LogOptions): Promise<OwnLog> {
  const { level, format, output = await openLogOutput(options.format) } = options;
  const isPretty = format === "pretty" || (format === "auto" && output.isTerminal);
  const prettify = isPretty ? await prettifier(output.isTerminal) : undefined;
  const time = isoTime();
  const show = (line: string) => {
    const lost = output.takeLostLines();
    if (lost > 0) log.warn({ lost_lines: lost }, "the log was not read fast enough: lines are missing here");
    const text = prettify ? prettify(line) : line;
    output.write(output.isJournal ? `${journalPrefix(levelOf(line))}${text}` : text);
  };
  const files = await openFiles(options, (path, error) =>
    // Not before the line that found out has been written.
    queueMicrotask(() => log.error({ event: "log-file", file: path }, `${path} cannot be written: ${error.message}`)),
  );
  const write = (line: string) => {
    show(line);
    if (!files) return;
    const lineLevel = levelOf(line);
    files.line(line, lineLevel === "error" || lineLevel === "fatal");
  };
  const formatters = { level: (label: string) => ({ level: label }) };
  const log = pino({ level, base: null, timestamp: time, formatters }, { write });
  let isInfoEnabled = log.isLevelEnabled("info");
  return Object.assign(log, {
    accessFile: files,
    reopen: () => files?.reopen(),
    setLevel(next: LogLevel): void {
      log.level = next;
      isInfoEnabled = log.isLevelEnabled("info");
    },
    event(name: string, fields: LogFields, message: string): void {
      if (!isInfoEnabled) return;
      const [key, value, text] = [JSON.stringify(name), JSON.stringify(fields), JSON.stringify(message)];
      const line = `{"level":"info"${time()},${key}:${value},"msg":${text}}\n`;
      // Requests have a file of their own.
      if (name === "access") show(line);
      else write(line);
    },
  });
}
