import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Environment } from "../../appliance/environment.ts";
import type { Config } from "../../config/config.ts";
import { BmcFileError } from "../../ipmi/file/bmc-file-error.ts";
import { parseBmcFile, type BmcFile } from "../../ipmi/file/bmc-file.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { refusalAt, type RightsView } from "./rights.ts";
import { wishes } from "./service-user.ts";

/** What the unit names as LoadCredential: FILE in this folder is the credential opendcre_FILE. */
const CREDENTIALS = "/etc/opendcre/credentials";
const CREDENTIAL_PREFIX = "opendcre_";

/** Where a credential is that systemd would hand to the service. */
function credentialPath(name: string, directory: string | undefined): string {
  if (name !== basename(name) || name === "." || name === "..")
    throw new RangeError("a name without slashes is expected");
  if (directory !== undefined) return join(directory, name);
  if (!name.startsWith(CREDENTIAL_PREFIX))
    throw new RangeError(`the service is handed ${CREDENTIAL_PREFIX}FILE for each FILE in ${CREDENTIALS}`);
  return join(CREDENTIALS, name.slice(CREDENTIAL_PREFIX.length));
}

/** The BMC file as the service would read it, and what is wrong with it. */
export function loadBmcs(
  { ipmi }: Config,
  env: Environment,
  machine: RightsView & Pick<Machine, "isRoot">,
): { readonly file: BmcFile | undefined; readonly findings: readonly Finding[] } {
  const subject = "BMCs";
  const { bmcConfig: path, mayBmcConfigBeMissing } = ipmi;
  if (path === null) return { file: undefined, findings: [] };
  if (!machine.facts(path)) {
    const finding = mayBmcConfigBeMissing
      ? ok(subject, `${path} is not there: no BMCs are served`)
      : fail(subject, `${path} is not there`, "correct ipmi.bmc_config, or create the file");
    return { file: undefined, findings: [finding] };
  }
  const passwordFiles: string[] = [];
  try {
    const file = parseBmcFile(readFileSync(path, "utf8"), path, {
      readFile(name) {
        const passwordFile = resolve(dirname(path), name);
        passwordFiles.push(passwordFile);
        return readFileSync(passwordFile, "utf8");
      },
      readCredential: (name) => readFileSync(credentialPath(name, env["CREDENTIALS_DIRECTORY"]), "utf8"),
    });
    const notices = file.notices.map(({ message }) => warn(subject, message));
    const refusals = passwordFiles.flatMap((name) => refusalAt(name, wishes.read, machine) ?? []);
    return { file, findings: [...notices, ...refusals.map(({ message, advice }) => fail(subject, message, advice))] };
  } catch (error) {
    if (!(error instanceof BmcFileError)) throw error;
    const advice = machine.isRoot
      ? undefined
      : "correct it; credentials can be read by root alone: try again with sudo";
    return { file: undefined, findings: [fail(subject, error.message, advice)] };
  }
}
