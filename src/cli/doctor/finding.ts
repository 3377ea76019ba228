/** `fail`: it does not work, or will not at the next start; `warn`: it works, and somebody should know. */
type Level = "ok" | "warn" | "fail";

/** What was looked at. */
export type Subject =
  | "configuration"
  | "files"
  | "credentials"
  | "serial port"
  | "HAT"
  | "certificates"
  | "clock"
  | "BMCs"
  | "disk"
  | "audit trail"
  | "service";

/** One thing that was looked at, in words for people. Holds no secret. */
export interface Finding {
  readonly subject: Subject;
  readonly level: Level;
  /** What was found. */
  readonly message: string;
  /** What to do about it; absent where there is nothing to do, or the message says so. */
  readonly advice?: string;
}

const finding =
  (level: Level) =>
  (subject: Subject, message: string, advice?: string): Finding => ({
    subject,
    level,
    message,
    ...(advice !== undefined && { advice }),
  });

export const ok = finding("ok");
export const warn = finding("warn");
export const fail = finding("fail");

/** True where nothing fails. */
export const isWell = (findings: readonly Finding[]): boolean => findings.every(({ level }) => level !== "fail");

const words: Readonly<Record<Level, string>> = { ok: "ok  ", warn: "warn", fail: "FAIL" };

/** Under what was found, what to do. */
const INDENT = " ".repeat(6);

/**
 * Text from other places, such as file names and what a BMC's name is, on lines of its own and without what a terminal would take for
 * more than text.
 */
const readable = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} \n]/gu, "\u{FFFD}")
    .trim()
    .replaceAll("\n", `\n${INDENT}`);

function linesOf({ subject, level, message, advice }: Finding): string {
  const line = `${words[level]}  ${subject}: ${readable(message)}\n`;
  return advice === undefined ? line : `${line}${INDENT}to do: ${readable(advice)}\n`;
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((entry) => entry.level === level).length;
  const [failures, warnings] = [count("fail"), count("warn")];
  if (failures + warnings === 0) return "everything is as it should be\n";
  return `${failures} ${failures === 1 ? "thing fails" : "things fail"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}\n`;
}

/** The findings for people. */
export const formatFindings = (findings: readonly Finding[]): string =>
  `${findings.map(linesOf).join("")}${summaryOf(findings)}`;

/** The findings for programs. */
export const findingsAsJson = (findings: readonly Finding[]): string =>
  `${JSON.stringify({ ok: isWell(findings), findings }, undefined, 2)}\n`;
