import { systemClock, type Clock } from "../lib/clock.ts";
import { openUnixDatagrams, type UnixDatagrams } from "../lib/unix-datagram.ts";
import { journalEntry } from "./journal-entry.ts";
import { journalPrefix } from "./journal.ts";
import { levelOf } from "./log-level.ts";
import type { BufferedOutput } from "./log-output.ts";

/** Where the journal takes entries. @see systemd-journald.service(8) */
const SOCKET = "/run/systemd/journal/socket";
/** A journal that does not read is tried again in steps of this length. */
const RETRY_AFTER_MS = 1;
/** What is kept for a journal that does not read, in characters; further lines are lost. */
const LONGEST_BACKLOG = 1_048_576;
/** How often the end of the process waits so long for a journal that reads nothing meanwhile. */
const LAST_PAUSES = 500;

interface JournalOutputOptions {
  readonly datagrams: UnixDatagrams;
  /** Where lines go that the journal cannot be sent. */
  readonly standard: BufferedOutput;
  readonly clock: Clock;
  /** Stops the whole process for so long. */
  readonly pause: (durationMs: number) => void;
}

/** The journal: an entry for each line, sent at once. */
export function journalOutput({ datagrams, standard, clock, pause }: JournalOutputOptions): BufferedOutput {
  const backlog: string[] = [];
  let backlogLength = 0;
  let lostLines = 0;
  /** False where the journal has not read those before. */
  const send = (line: string): boolean => {
    const entry = journalEntry(line);
    const outcome = entry ? datagrams.send(entry) : "failed";
    if (outcome === "failed") standard.write(`${journalPrefix(levelOf(line))}${line}`);
    return outcome !== "full";
  };
  /** Sends what waits, as far as it is taken, and returns how many lines. */
  const sendBacklog = (): number => {
    const left = backlog.findIndex((line) => !send(line));
    const gone = backlog.splice(0, left === -1 ? backlog.length : left);
    for (const line of gone) backlogLength -= line.length;
    return gone.length;
  };
  const retry = () => {
    sendBacklog();
    if (backlog.length > 0) clock.after(RETRY_AFTER_MS, retry);
  };
  return {
    isTerminal: false,
    write(line) {
      if (backlog.length === 0 && send(line)) return;
      if (backlogLength + line.length > LONGEST_BACKLOG) {
        lostLines++;
        return;
      }
      if (backlog.length === 0) clock.after(RETRY_AFTER_MS, retry);
      backlog.push(line);
      backlogLength += line.length;
    },
    takeLostLines() {
      const lost = lostLines + standard.takeLostLines();
      lostLines = 0;
      return lost;
    },
    flush() {
      for (let pauses = 0; backlog.length > 0 && pauses < LAST_PAUSES; pause(RETRY_AFTER_MS))
        pauses = sendBacklog() > 0 ? 0 : pauses + 1;
      for (const line of backlog.splice(0)) standard.write(`${journalPrefix(levelOf(line))}${line}`);
      standard.flush();
    },
  };
}

/** The journal of this machine; standard output where it has none that takes datagrams. */
export function openJournal(standard: BufferedOutput, pause: (durationMs: number) => void): BufferedOutput {
  const datagrams = openUnixDatagrams(SOCKET);
  return datagrams ? journalOutput({ datagrams, standard, clock: systemClock, pause }) : standard;
}
