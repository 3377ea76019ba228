import { writeSync } from "node:fs";
import { systemClock } from "../lib/clock.ts";
import { leadsToJournal } from "./journal.ts";
import { LineBuffer, type ByteSink } from "./line-buffer.ts";
import type { BufferedOutput, LogOutput } from "./log-output.ts";

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Stops the whole process for so long, which only its end may ask for. */
const pause = (durationMs: number): void => void Atomics.wait(cell, 0, 0, durationMs);

const standardOutput: ByteSink = {
  write: (data) => (typeof data === "string" ? writeSync(1, data) : writeSync(1, data)),
  pause,
};

function openStandardOutput(): BufferedOutput {
  const buffer = new LineBuffer(standardOutput, systemClock);
  return {
    isTerminal: process.stdout.isTTY,
    isJournal: leadsToJournal(1, process.env["JOURNAL_STREAM"]),
    takeLostLines: () => buffer.takeLostLines(),
    write: (line) => buffer.write(line),
    flush: () => buffer.flush(),
  };
}

/**
 * Where lines of that format go: standard output or, where that leads to the journal anyway, the journal's own way. Nothing is lost
 * when the process ends, by itself, by `process.exit` or by an error that nobody catches. Whoever ends it in another way has to flush
 * it first.
 */
export async function openLogOutput(format: "auto" | "pretty" | "json"): Promise<LogOutput> {
  const standard = openStandardOutput();
  const isNative = format === "auto" && standard.isJournal === true;
  const output = isNative ? (await import("./journal-output.ts")).openJournal(standard, pause) : standard;
  process.on("exit", () => output.flush());
  return output;
}
