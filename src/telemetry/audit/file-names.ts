import { readdir } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import { hasCode } from "./private-file.ts";

/** `audit-2026-11-24T224442Z-000000000123.jsonl` for `audit.jsonl`: when it was put aside, and the number of its last line. */
export function archiveName(path: string, timeMs: number, lastSeq: number): string {
  const { dir, name, ext } = parse(path);
  const time = new Date(timeMs).toISOString().replaceAll(/:|\.\d+/g, "");
  return join(dir, `${name}-${time}-${String(lastSeq).padStart(12, "0")}${ext}`);
}

/** Files of the trail that have been put aside, the oldest first, whatever the clock said. */
export async function archivesOf(path: string): Promise<readonly string[]> {
  const { name, ext } = parse(path);
  const directory = dirname(path);
  const found = (await namesIn(directory)).flatMap((fileName) => {
    const isOurs = fileName.startsWith(`${name}-`) && fileName.endsWith(ext);
    const middle = isOurs ? fileName.slice(name.length + 1, fileName.length - ext.length) : "";
    const seq = /^\d{4}-\d\d-\d\dT\d{6}Z-(\d+)$/.exec(middle)?.[1];
    return seq === undefined ? [] : [{ path: join(directory, fileName), seq: Number(seq) }];
  });
  return found.toSorted((a, b) => a.seq - b.seq).map((file) => file.path);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** Where the end of the trail is noted, beside it: `audit.jsonl.head` for `audit.jsonl`. */
export const headPath = (path: string): string => `${path}.head`;
