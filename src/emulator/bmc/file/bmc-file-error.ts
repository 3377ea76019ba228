import { JsonFileError } from "../../../lib/json-file.ts";

/** A description of an emulated BMC that cannot be used. */
export class BmcFileError extends JsonFileError {
  override readonly name = "BmcFileError";
  readonly code = "invalid-bmc-file";
}
