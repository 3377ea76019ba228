import { join } from "node:path";
import type { Environment } from "../../appliance/environment.ts";
import { directoryOf } from "../../appliance/state-directory.ts";
import { TOKEN_FILE, USER_FILE } from "../../auth/file-names.ts";
import type { Config } from "../../config/config.ts";
import { SELF_SIGNED_FILE } from "../../tls/self-signed-store.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";
import { refusalAt, type RightsView } from "./rights.ts";
import { wishes } from "./service-user.ts";

/** Every file that the service reads and somebody else has made. */
export function filesOf(config: Config): readonly string[] {
  const { fileName, ipmi, tls, auth, ldap, oidc, emulator } = config;
  const ofTls = tls.enabled
    ? [tls.certificate, ...tls.further].flatMap((pair) => (pair ? [pair.certificate, pair.key] : []))
    : [];
  const named = [
    fileName,
    emulator.file,
    ipmi.bmcConfig,
    ...ofTls,
    tls.enabled ? tls.clientCa : null,
    auth.htpasswd,
    ldap?.bindPasswordFile,
    ldap?.caFile,
    oidc?.caFile,
  ];
  return named.filter((path) => typeof path === "string");
}

/** Those that the program itself makes, and that belong to nobody else. */
const keptFiles = (config: Config, env: Environment): readonly string[] =>
  [TOKEN_FILE, USER_FILE, ...(makesCertificate(config) ? [join("tls", SELF_SIGNED_FILE)] : [])].map((name) =>
    join(directoryOf(config, env), name),
  );

const makesCertificate = ({ tls }: Config) => tls.enabled && tls.certificate === null;

/** Whether the service may read its files, and whether those with passwords are closed to others. */
export function checkFiles(config: Config, env: Environment, machine: RightsView): Finding[] {
  const subject = "files";
  const kept = keptFiles(config, env);
  const there = [...filesOf(config), ...kept].filter((path) => machine.facts(path));
  const refusals = there.flatMap((path) => {
    const refusal = refusalAt(path, wishes.read, machine);
    if (!refusal) return [];
    return kept.includes(path) ? { ...refusal, advice: `sudo chown ${machine.user.name}: ${path}` } : refusal;
  });
  const findings = [
    ...refusals.map(({ message, advice }) => fail(subject, message, advice)),
    ...openFilesAmong([config.ipmi.bmcConfig], machine),
  ];
  if (findings.length > 0) return findings;
  if (there.length === 0) return [ok(subject, "none of those that would be read is there")];
  return [ok(subject, `the user ${machine.user.name} may read ${there.join(", ")}`)];
}

/** Files with passwords that everybody may read. What else has some is looked at where it is read. */
function openFilesAmong(paths: readonly (string | null)[], machine: RightsView): Finding[] {
  return paths.flatMap((path) => {
    const facts = path === null ? undefined : machine.facts(path);
    if (!facts || (facts.mode & 0o004) === 0) return [];
    const message = `everybody on this machine may read ${path}, which is where passwords of BMCs are`;
    return [warn("files", message, `sudo chgrp ${machine.user.name} ${path} and sudo chmod 640 ${path}`)];
  });
}
