import type { Config } from "../../config/config.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const ADVICE = "let systemd-timesyncd, chrony or another program set it (timedatectl), or fit a clock with a battery";

/** What is wrong while the clock is. */
function dependents({ tls, oidc, audit }: Config | Record<"tls" | "oidc" | "audit", undefined>): string {
  const parts = [
    ...(audit?.mode === "off" ? [] : ["times in the audit trail and the log"]),
    "the ends of tokens",
    ...(tls?.enabled ? ["whether certificates are valid"] : []),
    ...(oidc ? ["logins over OpenID Connect"] : []),
  ];
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** The machine's clock. A Raspberry Pi has none that goes on without power. */
export async function checkClock(
  config: Config | undefined,
  machine: Pick<Machine, "nowMs" | "builtMs" | "isClockSynchronised">,
): Promise<Finding[]> {
  const subject = "clock";
  const nowMs = machine.nowMs();
  const now = new Date(nowMs).toISOString();
  const hang = `${dependents(config ?? { tls: undefined, oidc: undefined, audit: undefined })} hang on it`;
  const { builtMs } = machine;
  if (builtMs !== undefined && nowMs < builtMs)
    return [
      fail(subject, `it says ${now}, and this program was made at ${new Date(builtMs).toISOString()}: ${hang}`, ADVICE),
    ];
  const isSynchronised = await machine.isClockSynchronised();
  if (isSynchronised === false) return [warn(subject, `it says ${now}, and nobody synchronises it: ${hang}`, ADVICE)];
  const doubt = isSynchronised ? "and is synchronised" : "and whether it is synchronised is not known here";
  return [ok(subject, `it says ${now}, ${doubt}`)];
}
