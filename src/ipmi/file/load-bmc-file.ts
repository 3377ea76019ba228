import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseBmcFile, type BmcFile } from "./bmc-file.ts";

/**
 * Where a credential of this name is, in the directory in which systemd hands credentials to a service; undefined where it hands none.
 *
 * @throws RangeError
 * @see systemd.exec(5), "CREDENTIALS"
 */
export const credentialIn =
  (directory: string | undefined) =>
  (name: string): string => {
    if (directory === undefined) throw new RangeError("CREDENTIALS_DIRECTORY is not set");
    if (name !== basename(name) || name === "." || name === "..")
      throw new RangeError("a name without slashes is expected");
    return join(directory, name);
  };

/**
 * Reads a BMC file, and the files with passwords that it names.
 *
 * @throws BmcFileError, and what node:fs throws of the BMC file itself
 */
export const loadBmcFile = (fileName: string, credentialPath: (name: string) => string): BmcFile =>
  parseBmcFile(readFileSync(fileName, "utf8"), fileName, {
    readFile: (path) => readFileSync(resolve(dirname(fileName), path), "utf8"),
    readCredential: (name) => readFileSync(credentialPath(name), "utf8"),
  });
