import type { JsonProblem } from "../lib/json-document.ts";

/** A mistake as one line: `rack.json:12:20: boards[1].board_id: found 5, expected a hex string`. */
function formatProblem(fileName: string, { place, position, message }: JsonProblem): string {
  const at = `${fileName}:${position.line}:${position.column}`;
  return place === "" ? `${at}: ${message}` : `${at}: ${place}: ${message}`;
}

/** A board file that cannot be used. The message has one line for each mistake; `problems` lists them, in the file's order. */
export class BoardFileError extends Error {
  override readonly name = "BoardFileError";
  readonly code = "invalid-board-file";
  readonly fileName: string;
  readonly problems: readonly JsonProblem[];

  constructor(fileName: string, problems: readonly JsonProblem[], options?: ErrorOptions) {
    super(problems.map((problem) => formatProblem(fileName, problem)).join("\n"), options);
    this.fileName = fileName;
    this.problems = problems;
  }
}
