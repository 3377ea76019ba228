import type { Config } from "../config/config.ts";
import { ControlGate, type ControlJournal, type ControlPolicy } from "../devices/control-gate.ts";
import { boardId, formatBoardId, formatDeviceId } from "../devices/ids.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import { AuditError, type Audit } from "../telemetry/audit/audit.ts";
import type { AuditTrail } from "../telemetry/audit/audit-trail.ts";
import type { Log } from "../telemetry/log.ts";
import type { Environment } from "./environment.ts";
import { wantedAuditPlace, type AuditPlace } from "./audit-path.ts";
import { valueOf, wordFor } from "./logs.ts";

/** The audit trail of a running appliance. */
export interface RunningAudit extends Audit {
  /** Writes what still can be written. */
  close(): Promise<void>;
}

/** The server has listened before what it left undone when it last ended is looked for. */
const AFTER_START_MS = 25;

/** The audit trail, opened in a moment, or when something is to be written; undefined where none is kept. */
export function startAudit(config: Config, env: Environment, log: Log): RunningAudit | undefined {
  const place = wantedAuditPlace(config, env);
  if (!place) return undefined;
  const { path } = place;
  noteOddPlace(place, log);
  let opened: Promise<AuditTrail> | undefined;
  const open = () => {
    timer.cancel();
    return (opened ??= openServersTrail(path, config, log));
  };
  const timer = clock.after(AFTER_START_MS, () => void open());
  return {
    begin: async (act) => (await open()).begin(act),
    async close() {
      timer.cancel();
      await (await opened)?.close();
    },
  };
}

function noteOddPlace({ path, whyElsewhere, fault }: AuditPlace, log: Log): void {
  if (whyElsewhere !== undefined)
    log.warn(
      { event: "audit", file: path },
      `the audit trail is ${path}, because the usual folder cannot be written (${whyElsewhere}): state.directory names another`,
    );
  if (fault !== undefined)
    log.warn(
      { event: "audit", file: path },
      `the audit trail ${path} cannot be written (${fault}): commands that change something will be refused`,
    );
}

/** The trail, once it says of each act that an earlier process did not bring to its end that its outcome is unknown. */
async function openServersTrail(path: string, config: Config, log: Log): Promise<AuditTrail> {
  const [{ openAuditTrail }, { auditEvents, logUnknownOutcome }, { findUnfinished }] = await Promise.all([
    import("../telemetry/audit/audit-trail.ts"),
    import("../telemetry/audit/audit-log.ts"),
    import("../telemetry/audit/unfinished.ts"),
  ]);
  const trail = openAuditTrail({ path, rotateBytes: config.audit.rotateBytes, clock, events: auditEvents(log) });
  try {
    for (const line of await findUnfinished(path, clock)) {
      logUnknownOutcome(log, line);
      // Written as soon as it can be; that it cannot be now has been told to the log.
      trail.endUnknown(line).catch(ignoreUnavailable);
    }
  } catch (error) {
    log.warn({ event: "audit", file: path, err: error }, `${path} could not be read: ${toError(error).message}`);
  }
  return trail;
}

function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof AuditError)) throw error;
}

/** Writes down commands before they are sent, and again with their outcome. */
const controlJournal = (audit: Audit): ControlJournal => ({
  async begin(command, { caller, remote, route, requestId }) {
    const begun = await audit.begin({
      kind: "control",
      action: command.kind,
      who: { name: caller.name, via: caller.via },
      remote,
      route,
      requestId,
      board: formatBoardId(command.board),
      device: "device" in command ? formatDeviceId(command.device) : undefined,
      value: valueOf(command),
    });
    return { end: (outcome) => begun.end(wordFor(outcome)).catch(ignoreUnavailable) };
  },
});

/** Decides which commands are sent, as the configuration has it. */
export const controlGate = (config: Config, audit: Audit | undefined): ControlGate =>
  new ControlGate({ clock, policy: controlPolicy(config), journal: audit && controlJournal(audit) });

/** What the configuration says of commands that change something. */
export const controlPolicy = ({ control }: Config): ControlPolicy => ({
  protectedBoards: new Set(control.protectedBoards.map(boardId)),
  powerCooldownMs: control.cooldownMs,
});

/**
 * Reads again what may change, and writes that down. It goes on where that cannot be written: it is not to be a full disk that keeps a
 * revoked token valid.
 *
 * @param settings those that are new, by name
 * @param reload gives false where something stays as it was; so does this
 */
export async function noteReload(
  audit: Audit | undefined,
  settings: readonly string[],
  reload: () => Promise<boolean>,
): Promise<boolean> {
  const who = { name: "system", via: "signal" };
  const value = settings.length > 0 ? settings.join(", ") : undefined;
  const begun = await audit?.begin({ kind: "admin", action: "reload", who, value }).catch(ignoreUnavailable);
  let result = "failed";
  try {
    const isTaken = await reload();
    result = isTaken ? "ok" : "not-taken";
    return isTaken;
  } finally {
    await begun?.end(result).catch(ignoreUnavailable);
  }
}
