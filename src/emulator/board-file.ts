import { readJsonFile } from "../lib/json-file.ts";
import type { Board, ScanAllStep } from "./board.ts";
import { BoardFileError } from "./board-file-error.ts";
import type { Place } from "../lib/place.ts";
import { readBoards } from "./read-boards.ts";
import { readScanAllScript } from "./read-scan-all-script.ts";

/** A rack to emulate. @see docs/emulator.md */
export interface BoardFile {
  readonly boards: readonly Board[];
  /** Used in turn and round again; empty where every scan-all goes well. */
  readonly scanAll: readonly ScanAllStep[];
}

/**
 * Reads a board file of OpenDCRE 1.2's format.
 *
 * @param fileName what messages call the file
 * @throws BoardFileError with all mistakes of the file
 */
export const parseBoardFile = (text: string, fileName: string): BoardFile =>
  readJsonFile(text, { fileName, comments: false, error: BoardFileError }, readFile);

function readFile(place: Place): BoardFile | undefined {
  if (!place.isObject('an object with "boards"')) return undefined;
  const boards = place.required("boards", "an array of boards", readBoards);
  const names = boards?.map(({ spelledId }) => spelledId) ?? [];
  const scanAll = place.optional("scanall", (script) => readScanAllScript(script, names));
  return boards && { boards, scanAll: scanAll ?? [] };
}
