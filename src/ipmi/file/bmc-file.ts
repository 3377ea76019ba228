import { BMC_BIT, boardId, formatBoardId, type BoardId } from "../../devices/ids.ts";
import { readJsonFile } from "../../lib/json-file.ts";
import type { Place } from "../../lib/place.ts";
import type { BmcDefinition } from "../bmc-definition.ts";
import { BmcFileError } from "./bmc-file-error.ts";
import { readBmc, type BmcEntry, type BmcFileContext, type BmcNotice } from "./read-bmc.ts";
import type { SecretSource } from "./read-secrets.ts";
import { SpelledMembers } from "./spelled-members.ts";

/** The BMCs to serve, in the file's order. @see config/bmc_config_sample.json */
export interface BmcFile {
  readonly bmcs: readonly BmcDefinition[];
  readonly notices: readonly BmcNotice[];
}

const LIST = "an array of BMCs";

/**
 * Reads a BMC file: that of OpenDCRE 1.2, and what was added since.
 *
 * @param fileName what messages call the file
 * @throws BmcFileError with all mistakes of the file
 */
export function parseBmcFile(text: string, fileName: string, secrets: SecretSource): BmcFile {
  const notices: BmcNotice[] = [];
  const context: BmcFileContext = {
    secrets,
    notice({ name, position: { line, column } }, message) {
      notices.push({ level: "warn", message: `${fileName}:${line}:${column}: ${name}: ${message}` });
    },
  };
  return readJsonFile(text, { fileName, comments: true, error: BmcFileError }, (root) => {
    const entries = readFile(root, context);
    const bmcs = numbered(entries ?? []);
    if (entries) noteDoubles(entries, context);
    return entries && { bmcs, notices };
  });
}

/** The file's entries; undefined in place of those that are wrong, so that the others keep their numbers. */
function readFile(place: Place, context: BmcFileContext): (BmcEntry | undefined)[] | undefined {
  if (!place.isObject('an object with "bmcs"')) return undefined;
  const members = new SpelledMembers(place, ["bmcs"], (member, meant) =>
    context.notice(member, `not known, and ignored${meant === undefined ? "" : `; did you mean "${meant}"?`}`),
  );
  return members.required("bmcs", LIST, (list) => {
    const entries: (BmcEntry | undefined)[] = [];
    const isList = list.list(LIST, (entry) => void entries.push(readBmc(entry, context)));
    return isList && entries;
  });
}

/** Gives each BMC its board: the one it is pinned to, else the one of its place in the file. A board that two get is noted. */
function numbered(entries: readonly (BmcEntry | undefined)[]): BmcDefinition[] {
  const owners = new Map<BoardId, string>();
  const boards = new Map<BmcEntry, BoardId>();
  const take = (entry: BmcEntry, board: BoardId, how: string) => {
    const owner = owners.get(board);
    if (owner !== undefined) {
      entry.place.refuseSecret(`a board of its own; ${formatBoardId(board)}, ${how}, is that of ${owner}`);
      return;
    }
    owners.set(board, entry.place.name);
    boards.set(entry, board);
  };
  for (const entry of entries) if (entry?.pinned !== undefined) take(entry, entry.pinned, "its board_id");
  for (const [index, entry] of entries.entries())
    if (entry && entry.pinned === undefined)
      take(entry, boardId(BMC_BIT + index + 1), "which it gets by its place in the file");
  return entries.flatMap((entry) => {
    const board = entry && boards.get(entry);
    return entry && board !== undefined ? [{ ...entry.bmc, board }] : [];
  });
}

/** Two boards that are one BMC compete for its sessions. */
function noteDoubles(entries: readonly (BmcEntry | undefined)[], context: BmcFileContext): void {
  const seen = new Map<string, string>();
  for (const entry of entries) {
    if (!entry) continue;
    const address = `${entry.bmc.host.toLowerCase()} port ${entry.bmc.port}`;
    const first = seen.get(address);
    if (first === undefined) seen.set(address, entry.place.name);
    else context.notice(entry.place, `the same BMC as ${first} (${address}), listed as another board`);
  }
}
