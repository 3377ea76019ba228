import { dirname } from "node:path";
import { wantedAuditPlace } from "../../appliance/audit-path.ts";
import type { Environment } from "../../appliance/environment.ts";
import { directoryOf } from "../../appliance/state-directory.ts";
import type { Config } from "../../config/config.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { refusalAt, type RightsView } from "./rights.ts";
import { wishes } from "./service-user.ts";

const MEGABYTE = 1_048_576;
/** Below this the audit trail will soon refuse commands. */
const SCARCE_BYTES = 64 * MEGABYTE;
/** Below this nothing can be counted on. */
const NONE_BYTES = 4 * MEGABYTE;

type DiskView = RightsView & Pick<Machine, "isReadOnly" | "freeBytes">;

/** The folders that the service writes to, each with what for. */
export function foldersOf(config: Config, env: Environment): ReadonlyMap<string, string> {
  const folders = new Map([[directoryOf(config, env), "what is kept (state.directory)"]]);
  const trail = wantedAuditPlace(config, env);
  if (trail) folders.set(dirname(trail.path), "the audit trail (audit.file)");
  if (config.log.directory !== null) folders.set(config.log.directory, "log files (log.directory)");
  return folders;
}

/** Whether the service can write where it has to, and how much room there is. */
export function checkDisk(config: Config, env: Environment, machine: DiskView): Finding[] {
  const places = new Map<string, readonly [folder: string, purpose: string]>();
  for (const [folder, purpose] of foldersOf(config, env)) {
    const there = nearest(folder, machine);
    // One that is not there yet is made in the other, and all that is to be said is said of that.
    if (!places.has(there)) places.set(there, [folder, purpose]);
  }
  return [...places].map(([there, [folder, purpose]]) => findingFor(folder, there, purpose, machine));
}

function findingFor(folder: string, there: string, purpose: string, machine: DiskView): Finding {
  const subject = "disk";
  const place = `${folder}, the folder for ${purpose}`;
  if (machine.facts(there)?.kind !== "folder")
    return fail(subject, `${place}: ${there} is no folder`, "name another one, or move that away");
  const refusal = refusalAt(there, wishes.write | wishes.search, machine);
  if (refusal) {
    const missing = there === folder ? "" : ", and it is not there yet";
    const advice = `sudo install -d -m 700 -o ${machine.user.name} ${folder}`;
    return fail(subject, `${place}${missing}: ${refusal.message}`, there === folder ? refusal.advice : advice);
  }
  if (machine.isReadOnly(there))
    return fail(
      subject,
      `${place}, is on a file system that is mounted read-only`,
      "mount it for writing; where it went read-only by itself, the disk or card may be worn out: see dmesg",
    );
  const free = machine.freeBytes(there);
  const room = `${Math.floor(free / MEGABYTE)} MB free`;
  if (free < NONE_BYTES)
    return fail(subject, `${place}: ${room}: commands that change something will be refused`, "make room");
  if (free < SCARCE_BYTES) return warn(subject, `${place}: ${room}`, "make room, before commands are refused");
  return ok(subject, `${place}: can be written, ${room}`);
}

/** The folder itself, or the nearest above it that is there. */
function nearest(folder: string, machine: DiskView): string {
  let at = folder;
  while (!machine.facts(at) && at !== dirname(at)) at = dirname(at);
  return at;
}
