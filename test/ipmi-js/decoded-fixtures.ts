/** What others make of a simulated BMC: test/fixtures/ipmi/decoded, described in the README there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseExpected } from "../support/ipmi-sim-expected.ts";

const folder = join(import.meta.dirname, "..", "fixtures", "ipmi", "decoded");

/** A file's lines, without the empty one at its end. */
const linesOf = (name: string): string[] => readFileSync(join(folder, name), "utf8").trimEnd().split("\n");

export const expectedBmc = parseExpected(readFileSync(join(folder, "expected.json"), "utf8"));

/** The records of the repository, cut where their headers say. */
export function repositoryRecords(): Uint8Array[] {
  const bytes = new Uint8Array(readFileSync(join(folder, "repository.bin")));
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes[at + 4]!;
    records.push(bytes.slice(at, end));
    at = end;
  }
  return records;
}

/** Rows of a table with | between the columns, trimmed. */
export const tableOf = (name: string): string[][] =>
  linesOf(name).map((line) => line.split("|").map((cell) => cell.trim()));

/** Blocks of `Key: value` lines with an empty line between; a key that comes twice keeps its first value. */
export const blocksOf = (name: string): Map<string, string>[] =>
  linesOf(name)
    .join("\n")
    .split("\n\n")
    .map((block) => {
      const entries = block.split("\n").flatMap((line): [string, string][] => {
        const [, key, value] = /^\s*(.*?)\s*: ?(.*)$/.exec(line) ?? [];
        return key === undefined || value === undefined ? [] : [[key, value.trim()]];
      });
      return new Map(entries.toReversed());
    });
