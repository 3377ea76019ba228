import { readFileSync } from "node:fs";
import { parseBoardFile, type BoardFile } from "./board-file.ts";
import { builtInBoardFile, builtInBoardFileName } from "./built-in-board-file.ts";

/**
 * The board file of this name, or the one that is built in.
 *
 * @throws BoardFileError, and what node:fs throws
 */
export const loadBoardFile = (fileName: string | null | undefined): BoardFile =>
  fileName === null || fileName === undefined
    ? parseBoardFile(builtInBoardFile, builtInBoardFileName)
    : parseBoardFile(readFileSync(fileName, "utf8"), fileName);
