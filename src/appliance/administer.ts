import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import { audited, type AuditAct } from "../telemetry/audit/audit.ts";
import { openAuditTrail } from "../telemetry/audit/audit-trail.ts";
import { auditPath } from "./audit-path.ts";
import type { Environment } from "./environment.ts";

/** What an administrator does on the command line: `token-create`, `user-remove`. Nothing of it may be a secret. */
type AdministrativeAct = Pick<AuditAct, "action" | "target" | "value">;

/** What is known of the world on the command line. */
interface AdministerOptions {
  readonly config: Config;
  readonly env: Environment;
  /** Takes a line for people, without its end. */
  readonly complain: (line: string) => void;
}

/**
 * Carries out what an administrator does on the command line, between its intent and its outcome in the audit trail, to which a server
 * that runs goes on to write.
 *
 * @throws AuditError where the trail cannot be written, and nothing was done; what the act throws
 */
export async function administer<T>(
  options: AdministerOptions,
  act: AdministrativeAct,
  run: () => Promise<T>,
): Promise<T> {
  const { config, env, complain } = options;
  if (config.audit.mode === "off") return run();
  const path = auditPath(config, env);
  const trail = openAuditTrail({ path, rotateBytes: config.audit.rotateBytes, clock, events: eventsFor(complain) });
  try {
    // Of others than root, nobody has checked what sudo is said to have been used by.
    const behindSudo = process.getuid?.() === 0 ? env["SUDO_USER"] : undefined;
    const who = { name: behindSudo ?? userName(), via: "cli" };
    return await audited(trail, { kind: "admin", who, ...act }, run, resultOf);
  } finally {
    await trail.close();
  }
}

/**
 * The user of this process, as /etc/passwd names it; a number where that knows no name. Not what os.userInfo says: Bun takes the name
 * from the environment, where anybody can write anything.
 */
function userName(): string {
  const uid = String(process.getuid?.() ?? "?");
  try {
    const users = readFileSync("/etc/passwd", "utf8").split("\n");
    const [name] = users.map((line) => line.split(":")).find(([, , id]) => id === uid) ?? [];
    return name ?? `uid ${uid}`;
  } catch {
    return `uid ${uid}`;
  }
}

const eventsFor = (complain: (line: string) => void) => ({
  repaired: (path: string) => complain(`${path} ended in a damaged line, as a power cut leaves it`),
  changed: (path: string) => complain(`${path} is not as it was written: see opendcre audit verify`),
  cut: (path: string) => complain(`${path} has been cut: see opendcre audit verify`),
  rotated: () => undefined,
  // Whoever is refused gets an error that says so; this is what the system says, mostly with the path.
  unavailable: ({ cause }: Error) => complain(toError(cause).message),
  available: () => undefined,
});

/** How an act failed: by its code, where it has one. */
function resultOf(error: unknown): string {
  const failure = toError(error);
  return "code" in failure && typeof failure.code === "string" ? failure.code : failure.name;
}
