import { JsonSyntaxError, parseJsonDocument, type JsonDocument, type JsonProblem } from "../../../lib/json-document.ts";
import { Place } from "../../../lib/place.ts";
import { BmcFileError } from "./bmc-file-error.ts";
import { bmcShape, type BmcDescription } from "./bmc-shape.ts";
import { refuseDoubleSensors } from "./sensor-numbers.ts";

/**
 * Reads the description of an emulated BMC: JSON, in which `//` and block comments may stand.
 *
 * @param fileName what messages call the file
 * @throws BmcFileError with all mistakes of the file
 */
export function parseBmcFile(text: string, fileName: string): BmcDescription {
  const problems: JsonProblem[] = [];
  const root = Place.root(parse(text, fileName), problems);
  const description = bmcShape.read(root);
  if (description) refuseDoubleSensors(root, description);
  if (problems.length > 0 || !description) throw new BmcFileError(fileName, problems.toSorted(byPosition));
  return description;
}

const byPosition = ({ position: a }: JsonProblem, { position: b }: JsonProblem) =>
  a.line - b.line || a.column - b.column;

function parse(text: string, fileName: string): JsonDocument {
  try {
    return parseJsonDocument(text, { comments: true });
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new BmcFileError(fileName, error.problems, { cause: error });
    throw error;
  }
}
