import { existsSync } from "node:fs";
import { auditPathToRead } from "../appliance/audit-path.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { readLines } from "../telemetry/audit/line-reader.ts";
import { readable } from "../telemetry/audit/readable.ts";
import { decodeLine, type AuditLine } from "../telemetry/audit/record.ts";
import { openFiles, openSnapshot } from "../telemetry/audit/snapshot.ts";
import { verify, type Verification } from "../telemetry/audit/verify.ts";
import { textOf, type CommandContext, type Invocation } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { configFor } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** Nobody has written anything yet, or not where it was looked for. */
class NoTrailError extends Error {
  override readonly name = "NoTrailError";
  readonly code = "no-audit-trail";
  readonly path: string;

  constructor(path: string, cause: unknown) {
    const where = "audit.file or state.directory say where";
    super(`there is no audit trail at ${path}: nothing has been written yet, or it is elsewhere (${where})`, { cause });
    this.path = path;
  }
}

/** The whole trail of this machine. @throws NoTrailError, and what node:fs throws */
async function openTrail(invocation: Invocation, context: CommandContext) {
  const path = auditPathToRead(configFor(invocation, context), context.env);
  try {
    return await openSnapshot(path, clock);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT" && !existsSync(path))
      throw new NoTrailError(path, error);
    throw error;
  }
}

/** `opendcre audit verify`: the files that are named, in this order, or the whole trail. */
export async function verifyAudit(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const { arguments: paths } = invocation;
  await using files = paths.length > 0 ? await openFiles(paths) : await openTrail(invocation, context);
  const found = await verify(files);
  await context.print(reportOf(found, files.files.length));
  return found.break ? exitCodes.damaged : exitCodes.ok;
}

function reportOf({ lines, last, notes, break: broken }: Verification, files: number): string {
  const report = notes.map((note) => `note: ${note}`);
  if (broken) {
    const { file, lineNumber, expected, found } = broken;
    report.push(`broken: ${file}:${lineNumber}: expected ${expected}; found ${found}`);
    report.push(`${lines} lines before that are sound`);
  } else {
    const end = last ? `, the last one is number ${last.seq}, with hash ${last.hash}` : "";
    report.push(`ok: ${lines} lines in ${files} ${files === 1 ? "file" : "files"}${end}`);
  }
  return report.map((line) => `${line}\n`).join("");
}

/** `opendcre audit show`: the trail for people, the oldest line first. */
export async function showAudit(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const board = boardOf(textOf(invocation, "board"));
  const since = sinceOf(textOf(invocation, "since"), clock.wallMs());
  await using snapshot = await openTrail(invocation, context);
  let unreadable = 0;
  for (const { file, size } of snapshot.files) {
    let text = "";
    for await (const { bytes, isWhole } of readLines(file, 0, size)) {
      const line = isWhole ? decodeLine(bytes.subarray(0, -1)) : "";
      if (typeof line === "string") unreadable++;
      if (typeof line === "string" || !isWanted(line, board, since)) continue;
      text += `${sentenceOf(line)}\n`;
      if (text.length < PORTION) continue;
      await context.print(text);
      text = "";
    }
    if (text !== "") await context.print(text);
  }
  if (unreadable > 0) {
    const what = unreadable === 1 ? "1 line is" : `${unreadable} lines are`;
    await context.complain(`opendcre: ${what} not as it was written, and left out: see opendcre audit verify\n`);
  }
  return exitCodes.ok;
}

/** So many characters are printed at once. */
const PORTION = 65_536;

/** A board as the trail spells it: eight hex digits. */
function boardOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!/^(?:0x)?[\da-f]{1,8}$/i.test(text))
    throw new UsageError(`--board ${text} is no board id, expected one such as 00000001`);
  return text.toLowerCase().replace(/^0x/, "").padStart(8, "0");
}

const unitsMs: ReadonlyMap<string | undefined, number> = new Map([
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** A time, in milliseconds since 1970, given as such or by how long ago it was. */
function sinceOf(text: string | undefined, nowMs: number): number {
  if (text === undefined) return Number.NEGATIVE_INFINITY;
  const { count, unit } = /^(?<count>\d{1,6})(?<unit>[mhd])$/.exec(text)?.groups ?? {};
  const unitMs = unitsMs.get(unit);
  const timeMs = unitMs === undefined ? Date.parse(text) : nowMs - Number(count) * unitMs;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new UsageError(
    `--since ${text} is no time, expected one such as 2026-11-24, 2026-11-24T18:00Z, 30m, 12h or 7d`,
  );
}

function isWanted({ members }: AuditLine, board: string | undefined, sinceMs: number): boolean {
  if (board !== undefined && members["board"] !== board) return false;
  return sinceMs === Number.NEGATIVE_INFINITY || Date.parse(readable(members["time"])) >= sinceMs;
}

/** `2026-11-24 18:00:00.123Z  12 intent   power off on 00000001/0002, by alice (token) from 192.0.2.1, request r-1`. */
function sentenceOf({ seq, members }: AuditLine): string {
  const { time, phase, result, intent } = members;
  const start = `${readable(time).replace("T", " ")}  ${seq} ${readable(phase).padEnd(7)}`;
  if (phase === "repair") return `${start}  ${repairOf(members)}`;
  const end = phase === "outcome" ? `: ${readable(result)} (of ${readable(intent)})` : "";
  return `${start}  ${actOf(members)}${end}`;
}

function repairOf({ skipped_bytes: skipped, cut_seq: cutSeq }: AuditLine["members"]): string {
  if (cutSeq !== undefined) return `lines up to number ${readable(cutSeq)} were on the disk, and are gone`;
  return `${readable(skipped)} damaged bytes set aside`;
}

function actOf({
  action,
  value,
  target,
  board,
  device,
  who,
  remote,
  request_id: request,
}: AuditLine["members"]): string {
  const { name, via } = Object.assign({ name: undefined, via: undefined }, who);
  const parts = [
    [action, value, target]
      .filter((word) => word !== undefined)
      .map(readable)
      .join(" "),
  ];
  if (board !== undefined) parts.push(`on ${readable(board)}${device === undefined ? "" : `/${readable(device)}`}`);
  parts.push(`by ${readable(name)} (${readable(via)})`);
  if (remote !== undefined) parts.push(`from ${readable(remote)}`);
  if (request !== undefined) parts.push(`request ${readable(request)}`);
  return parts.join(", ").replace(", on ", " on ");
}
