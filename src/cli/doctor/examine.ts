import type { Config } from "../../config/config.ts";
import type { Clock } from "../../lib/clock.ts";
import { toError } from "../../lib/to-error.ts";
import { loadBoardFile } from "../../emulator/load-board-file.ts";
import { checkCredentials } from "../check-credentials.ts";
import { describeFailure } from "../failures.ts";
import { checkAudit } from "./check-audit.ts";
import { checkBmcs } from "./check-bmcs.ts";
import { checkCertificates } from "./check-certificates.ts";
import { checkClock } from "./check-clock.ts";
import { checkHat, checkSerialPort } from "./check-devices.ts";
import { checkDisk } from "./check-disk.ts";
import { checkFiles } from "./check-files.ts";
import { checkService } from "./check-service.ts";
import { checkUnit } from "./check-unit.ts";
import { fail, ok, warn, type Finding, type Subject } from "./finding.ts";
import { loadBmcs } from "./load-bmcs.ts";
import type { Machine } from "./machine.ts";
import type { Patient } from "./patient.ts";

/** Looks at everything, side by side, and returns what was found, in a fixed order. Changes nothing. */
export async function examine(patient: Patient, machine: Machine, clock: Clock): Promise<Finding[]> {
  const guarded = guardFor(machine);
  let config: Config;
  try {
    config = patient.load();
    if (config.emulator.enabled) loadBoardFile(config.emulator.file);
  } catch (error) {
    const findings = describeFailure(error).lines.map((line) => fail("configuration", line));
    return [...findings, ...(await guarded("clock", () => checkClock(undefined, machine)))];
  }
  const { env } = patient;
  const found = await Promise.all([
    guarded("files", () => checkFiles(config, env, machine)),
    guarded("credentials", () => credentialsOf(config, patient)),
    guarded("serial port", () => checkSerialPort(config, machine)),
    guarded("HAT", () => checkHat(config, machine)),
    guarded("certificates", () => certificatesOf(config, machine)),
    guarded("clock", () => checkClock(config, machine)),
    guarded("BMCs", () => bmcsOf(config, patient, machine)),
    guarded("disk", () => checkDisk(config, env, machine)),
    guarded("audit trail", () => checkAudit(config, env, machine, clock)),
    guarded("service", () => checkService(config, machine)),
  ]);
  const ofUnit = patient.isService ? checkUnit(config, env, machine) : [];
  return [...configurationOf(config, patient), ...ofUnit, ...found.flat()];
}

/** Nothing that one check meets keeps the others from being made. */
const guardFor =
  ({ isRoot }: Machine) =>
  async (subject: Subject, check: () => readonly Finding[] | Promise<readonly Finding[]>) => {
    try {
      return await check();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      const isOnlyClosed = (code === "EACCES" || code === "EPERM") && !isRoot;
      return isOnlyClosed
        ? [warn(subject, `not looked at: ${toError(error).message}`, "try again as root: sudo opendcre doctor")]
        : [fail(subject, describeFailure(error).lines.join("\n"))];
    }
  };

function configurationOf({ fileName, notices }: Config, { isService }: Patient): Finding[] {
  const whose = isService ? ", with the options of the service" : "";
  return [
    ok("configuration", `${fileName ?? "there is no file, and everything is as preset"}${whose}`),
    ...notices.map(({ level, message }) => (level === "warn" ? warn : ok)("configuration", message)),
  ];
}

async function credentialsOf(config: Config, { env }: Patient): Promise<Finding[]> {
  const oddities = await checkCredentials(config, env);
  if (oddities.length > 0) return oddities.map((text) => warn("credentials", text));
  return [ok("credentials", "tokens, users and what else lets callers in can be used")];
}

async function certificatesOf(config: Config, machine: Machine): Promise<Finding[]> {
  const { readGiven } = await import("../../tls/load-tls.ts");
  return checkCertificates(config, machine.nowMs(), () => readGiven(config.tls, machine.nowMs()));
}

async function bmcsOf(config: Config, { env }: Patient, machine: Machine): Promise<Finding[]> {
  const { file, findings } = loadBmcs(config, env, machine);
  return [...findings, ...(await checkBmcs(file?.bmcs ?? [], machine))];
}
