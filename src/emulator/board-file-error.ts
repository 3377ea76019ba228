import { JsonFileError } from "../lib/json-file.ts";

/** A board file that cannot be used. */
export class BoardFileError extends JsonFileError {
  override readonly name = "BoardFileError";
  readonly code = "invalid-board-file";
}
