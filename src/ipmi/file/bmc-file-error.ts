import { formatProblem, type JsonProblem } from "../../lib/json-document.ts";

/** A BMC file that cannot be used. The message has one line for each mistake and repeats no password; `problems` lists them. */
export class BmcFileError extends Error {
  override readonly name = "BmcFileError";
  readonly code = "invalid-bmc-file";
  readonly fileName: string;
  readonly problems: readonly JsonProblem[];

  constructor(fileName: string, problems: readonly JsonProblem[], options?: ErrorOptions) {
    super(problems.map((problem) => formatProblem(fileName, problem)).join("\n"), options);
    this.fileName = fileName;
    this.problems = problems;
  }
}
