import { readFileSync } from "node:fs";
import { builtInBmcs } from "./built-in-bmcs.ts";
import { parseBmcFile } from "./file/bmc-file.ts";
import type { BmcDescription } from "./file/bmc-shape.ts";

/**
 * The description in the file of this name, or the first one that is built in.
 *
 * @throws BmcFileError, and what node:fs throws
 */
export function loadBmcFile(fileName: string | null | undefined): BmcDescription {
  if (fileName !== null && fileName !== undefined) return parseBmcFile(readFileSync(fileName, "utf8"), fileName);
  return defaultBmcs()[0];
}

/** The two BMCs that are built into the program. */
export const defaultBmcs = (): readonly [BmcDescription, BmcDescription] => {
  const [first, second] = builtInBmcs;
  return [parseBmcFile(first.text, first.name), parseBmcFile(second.text, second.name)];
};
