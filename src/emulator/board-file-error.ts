import { formatProblem, type JsonProblem } from "../lib/json-document.ts";

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
