import { readJsonFile } from "../../../lib/json-file.ts";
import { BmcFileError } from "./bmc-file-error.ts";
import { bmcShape, type BmcDescription } from "./bmc-shape.ts";
import { refuseDoubleSensors } from "./sensor-numbers.ts";

/**
 * Reads the description of an emulated BMC: JSON, in which `//` and block comments may stand.
 *
 * @param fileName what messages call the file
 * @throws BmcFileError with all mistakes of the file
 */
export const parseBmcFile = (text: string, fileName: string): BmcDescription =>
  readJsonFile(text, { fileName, comments: true, error: BmcFileError }, (root) => {
    const description = bmcShape.read(root);
    if (description) refuseDoubleSensors(root, description);
    return description;
  });
