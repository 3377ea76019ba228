import type { Notice } from "./config.ts";
import type { ConfigProblem } from "./errors.ts";
import type { RuleInput } from "./rule-input.ts";
import type { SettingPath } from "./schema.ts";

/** Settings that mean nothing where there is no TLS. */
const needTls: readonly SettingPath[] = ["tls.certificate", "tls.further", "tls.client_ca", "tls.redirect_port"];

/** What the settings of TLS have to do with each other. */
export function tlsRules(input: RuleInput, problems: ConfigProblem[], notices: Notice[]): void {
  const { values, origins, faulty } = input;
  const { enabled, certificate, key, redirect_port: redirectPort } = values.tls;
  const pair = origins.get("tls.certificate") ?? origins.get("tls.key");
  if (pair && (certificate === null) !== (key === null) && !faulty.has("tls.certificate") && !faulty.has("tls.key")) {
    const message = `found tls.${certificate === null ? "key" : "certificate"} alone, expected tls.certificate and tls.key, or neither`;
    problems.push({ origin: pair, message });
  }
  const redirect = origins.get("tls.redirect_port");
  if (enabled && redirect && redirectPort !== null && redirectPort !== 0 && redirectPort === values.server.port) {
    const message = `found ${redirectPort}, which is server.port; expected another port, or null`;
    problems.push({ origin: redirect, message });
  }
  if (enabled || faulty.has("tls.enabled")) return;
  const unused = needTls.filter((path) => origins.has(path) && !isNothing(path, values.tls));
  if (unused.length > 0)
    notices.push({ level: "warn", message: `${unused.join(", ")}: not used, because tls.enabled is false` });
}

function isNothing(path: SettingPath, tls: RuleInput["values"]["tls"]): boolean {
  const given: Partial<Record<SettingPath, unknown>> = {
    "tls.certificate": tls.certificate,
    "tls.client_ca": tls.client_ca,
    "tls.redirect_port": tls.redirect_port,
  };
  return path === "tls.further" ? tls.further.length === 0 : given[path] === null;
}
