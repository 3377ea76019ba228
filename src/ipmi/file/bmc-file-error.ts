import { JsonFileError } from "../../lib/json-file.ts";

/** A BMC file that cannot be used. The message repeats no password. */
export class BmcFileError extends JsonFileError {
  override readonly name = "BmcFileError";
  readonly code = "invalid-bmc-file";
}
