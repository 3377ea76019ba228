import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Environment } from "../../appliance/environment.ts";
import type { Config } from "../../config/config.ts";
import { BmcFileError } from "../../ipmi/file/bmc-file-error.ts";
import { parseBmcFile, type BmcFile } from "../../ipmi/file/bmc-file.ts";
import { serviceCredential } from "../service-credentials.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { refusalAt, type RightsView } from "./rights.ts";
import { wishes } from "./service-user.ts";

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
  const credentialPath = serviceCredential(env);
  try {
    const file = parseBmcFile(readFileSync(path, "utf8"), path, {
      readFile(name) {
        const passwordFile = resolve(dirname(path), name);
        passwordFiles.push(passwordFile);
        return readFileSync(passwordFile, "utf8");
      },
      readCredential: (name) => readFileSync(credentialPath(name), "utf8"),
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
