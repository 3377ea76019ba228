import { accessSync, constants, existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Config } from "../config/config.ts";
import { toError } from "../lib/to-error.ts";
import type { Environment } from "./environment.ts";
import { directoryOf, namedDirectory } from "./state-directory.ts";

/** Where a trail is written. */
export interface AuditPlace {
  readonly path: string;
  /** Why it is in the user's own folder and not in the usual one; undefined where it is where it should be. */
  readonly whyElsewhere: string | undefined;
  /** Why it cannot be written there, as far as can be seen without trying; undefined where it can. */
  readonly fault: string | undefined;
}

/** Says why a folder cannot be written, or be made; undefined where it can. */
type FolderCheck = (directory: string) => string | undefined;

const whyNotWritable: FolderCheck = (directory) => {
  if (!existsSync(directory) && directory !== dirname(directory)) return whyNotWritable(dirname(directory));
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return toError(error).message;
  }
};

const trailIn = (directory: string) => join(directory, "audit", "audit.jsonl");

/** The file of the audit trail: the one that is named, or the one in the folder for what is kept. Administrative acts, which change that folder, are in it. */
export const auditPath = (config: Config, env: Environment): string =>
  config.audit.file ?? trailIn(directoryOf(config, env));

/** Where a user's programs keep such things; undefined where nobody says. @see XDG Base Directory Specification, "$XDG_STATE_HOME" */
function ownDirectory({ XDG_STATE_HOME: state = "", HOME: home = "" }: Environment): string | undefined {
  // One that is not absolute is to be ignored.
  if (isAbsolute(state)) return join(state, "opendcre");
  return isAbsolute(home) ? join(home, ".local", "state", "opendcre") : undefined;
}

/** Where a server writes its trail: where nobody has named a place, and the usual folder cannot be written, in the user's own. */
function auditPlace(config: Config, env: Environment, why: FolderCheck): AuditPlace {
  const path = auditPath(config, env);
  const fault = why(dirname(path));
  const isNamed = config.audit.file !== null || namedDirectory(config, env) !== undefined;
  const own = isNamed || fault === undefined ? undefined : ownDirectory(env);
  const elsewhere = own === undefined ? undefined : trailIn(own);
  if (elsewhere === undefined || why(dirname(elsewhere)) !== undefined) return { path, whyElsewhere: undefined, fault };
  return { path: elsewhere, whyElsewhere: fault, fault: undefined };
}

/** Where the trail is to be written; undefined where there is to be none. */
export function wantedAuditPlace(config: Config, env: Environment, why = whyNotWritable): AuditPlace | undefined {
  const { mode, file } = config.audit;
  const isAsked = mode === "on" || file !== null || namedDirectory(config, env) !== undefined;
  if (mode === "off" || (config.emulator.enabled && !isAsked)) return undefined;
  return auditPlace(config, env, why);
}

/** The trail of this machine, for those who look at it: the user's own, where there is one. */
export function auditPathToRead(config: Config, env: Environment, why = whyNotWritable): string {
  const { path, whyElsewhere } = auditPlace(config, env, why);
  return whyElsewhere === undefined || existsSync(dirname(path)) ? path : auditPath(config, env);
}
