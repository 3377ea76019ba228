import { existsSync } from "node:fs";

const JOURNALD = "/usr/lib/systemd/systemd-journald";

/** What is missing for a journal; empty where one can be had. */
export const missingForJournals: readonly string[] = [
  ...["unshare", "systemd-cat", "journalctl"].filter((program) => Bun.which(program) === null),
  ...[JOURNALD, "/etc/machine-id"].filter((path) => !existsSync(path)),
  ...(process.getuid?.() === 0 ? [] : ["root's rights"]),
];

// What systemd-cat does not do, and systemd does: it says in JOURNAL_STREAM which descriptor leads to the journal.
/** Runs a journal of its own, in which nothing else is, until "$@" has ended; then shows what is in it of programs. */
const script = `
set -eu
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
${JOURNALD} 2>/run/journald.log & journald=$!
until [ -S /run/systemd/journal/socket ] && [ -S /run/systemd/journal/stdout ]; do kill -0 $journald; sleep 0.02; done
code=0
systemd-cat -t other bash -c 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/1) exec "$@"' bash "$@" || code=$?
journalctl --sync
journalctl --directory /run/log/journal --quiet --output json --all _TRANSPORT=journal _TRANSPORT=stdout
kill $journald
wait $journald || true
exit $code`;

/** A line in the journal. What has several values is a list of them, and what is not text a list of its bytes. */
export type JournalLine = Readonly<Record<string, string | readonly string[] | readonly number[] | null>>;

/** Runs a program whose standard output and standard error lead to a journal; returns what is in that afterwards. */
export async function runInJournal(
  command: readonly string[],
): Promise<{ exitCode: number; lines: JournalLine[]; stderr: string }> {
  const shell = Bun.spawn(["unshare", "--mount", "bash", "-c", script, "bash", ...command], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, exitCode] = await Promise.all([shell.stdout.text(), shell.stderr.text(), shell.exited]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { exitCode, stderr, lines: lines.map((line): JournalLine => JSON.parse(line)) };
}
