import { wantedAuditPlace, type AuditPlace } from "../../appliance/audit-path.ts";
import type { Environment } from "../../appliance/environment.ts";
import type { Config } from "../../config/config.ts";
import type { Clock } from "../../lib/clock.ts";
import { headPath } from "../../telemetry/audit/file-names.ts";
import { openSnapshot } from "../../telemetry/audit/snapshot.ts";
import { verify } from "../../telemetry/audit/verify.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const subject = "audit trail";

/** Whether the audit trail is as it was written, and where it should be. */
export async function checkAudit(
  config: Config,
  env: Environment,
  machine: Pick<Machine, "facts">,
  clock: Clock,
): Promise<Finding[]> {
  const place = wantedAuditPlace(config, env);
  if (!place) return [ok(subject, "none is kept, by the configuration")];
  const { path } = place;
  return [...oddPlaceOf(place), ...(await trailAt(path, machine, clock))];
}

/** A trail that nobody will look for where it is. */
function oddPlaceOf({ path, whyElsewhere }: AuditPlace): Finding[] {
  if (whyElsewhere === undefined) return [];
  const message = `it is ${path}, because the usual folder cannot be written: ${whyElsewhere}`;
  return [warn(subject, message, "set state.directory to a folder that the service can write")];
}

async function trailAt(path: string, machine: Pick<Machine, "facts">, clock: Clock): Promise<Finding[]> {
  if (!machine.facts(path) && !machine.facts(headPath(path))) return [ok(subject, `${path} is not begun yet`)];
  await using snapshot = await openSnapshot(path, clock);
  const { lines, notes, break: broken } = await verify(snapshot);
  const found = notes.map((note) => warn(subject, note));
  if (!broken) return [...found, ok(subject, `${path} is sound: ${lines} lines`)];
  const { file, lineNumber, expected, found: there } = broken;
  return [
    ...found,
    fail(
      subject,
      `${file}:${lineNumber} is not as it was written: expected ${expected}; found ${there}`,
      "find out who has changed it (opendcre audit verify); put the files away as they are",
    ),
  ];
}
