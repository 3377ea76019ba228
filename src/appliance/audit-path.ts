import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import { toError } from "../lib/to-error.ts";
import type { Environment } from "./environment.ts";
import { directoryOf, namedDirectory } from "./state-directory.ts";

/** The file of the audit trail. */
export const auditPath = (config: Config, env: Environment): string =>
  config.audit.file ?? join(directoryOf(config, env), "audit", "audit.jsonl");

/** Why a folder cannot be written, or be made; undefined where it can. */
function whyNotWritable(directory: string): string | undefined {
  if (!existsSync(directory) && directory !== dirname(directory)) return whyNotWritable(dirname(directory));
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return toError(error).message;
  }
}

/** Where the trail is to be written; undefined where there is to be none, with a word to `note` where that is for want of a folder. */
export function wantedAuditPath(config: Config, env: Environment, note: (reason: string) => void): string | undefined {
  const { mode, file } = config.audit;
  const path = auditPath(config, env);
  if (mode === "off") return undefined;
  if (mode === "on" || file !== null || namedDirectory(config, env) !== undefined) return path;
  if (config.emulator.enabled) return undefined;
  const reason = whyNotWritable(dirname(path));
  if (reason === undefined) return path;
  note(reason);
  return undefined;
}
