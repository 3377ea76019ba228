import { fstatSync } from "node:fs";
import type { LogLevel } from "./log-level.ts";

/** Syslog's numbers for what our levels mean. @see sd-daemon(3) */
export const priorities: Readonly<Record<LogLevel, number>> = {
  fatal: 2,
  error: 3,
  warn: 4,
  info: 6,
  debug: 7,
  trace: 7,
};

/** What the journal takes for the priority of a line of text, and cuts off. */
export const journalPrefix = (level: LogLevel): string => `<${priorities[level]}>`;

/** True where a descriptor leads to the journal, as systemd says. @see systemd.exec(5), "JOURNAL_STREAM" */
export function leadsToJournal(fd: number, journalStream: string | undefined): boolean {
  if (journalStream === undefined || journalStream === "") return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return journalStream === `${dev}:${ino}`;
  } catch {
    // What cannot be looked at is closed, and leads nowhere.
    return false;
  }
}
