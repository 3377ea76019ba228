import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseBmcFile, type BmcFile } from "./bmc-file.ts";

/** The directory in which systemd hands credentials to a service; undefined where it hands none. @see systemd.exec(5), "CREDENTIALS" */
type CredentialsDirectory = string | undefined;

/**
 * Reads a BMC file and the files with passwords that it names.
 *
 * @throws BmcFileError, and what node:fs throws of the BMC file itself
 */
export function loadBmcFile(fileName: string, credentialsDirectory: CredentialsDirectory): BmcFile {
  return parseBmcFile(readFileSync(fileName, "utf8"), fileName, {
    readFile: (path) => readFileSync(resolve(dirname(fileName), path), "utf8"),
    readCredential(name) {
      if (credentialsDirectory === undefined) throw new RangeError("CREDENTIALS_DIRECTORY is not set");
      if (name !== basename(name) || name === "." || name === "..")
        throw new RangeError("a name without slashes is expected");
      return readFileSync(join(credentialsDirectory, name), "utf8");
    },
  });
}
