import { accessSync, constants, lchownSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import { toError } from "../lib/to-error.ts";
import type { Log } from "../telemetry/log.ts";
import type { Environment } from "./environment.ts";

/** Where systemd and Debian keep such things. @see systemd.exec(5), "StateDirectory=" */
const USUAL_DIRECTORY = "/var/lib/opendcre";

/** The folder that the configuration, systemd or custom names. */
export const directoryOf = (config: Config, env: Environment): string => namedDirectory(config, env) ?? USUAL_DIRECTORY;

/** The folder that the configuration or systemd names; undefined where neither does. */
export function namedDirectory({ state }: Config, env: Environment): string | undefined {
  // systemd names several, with colons between them, where a unit asks for several.
  const [ofSystemd = ""] = env["STATE_DIRECTORY"]?.split(":") ?? [];
  return state.directory ?? (ofSystemd === "" ? undefined : ofSystemd);
}

/**
 * A folder of this name for what is kept, made where it is not there. Undefined, with a line in the log, where nothing can be written:
 * the appliance goes on, and learns everything anew at each start.
 */
export function stateDirectory(name: string, config: Config, env: Environment, log: Log): string | undefined {
  const directory = join(directoryOf(config, env), name);
  try {
    if (mkdirSync(directory, { recursive: true, mode: 0o750 }) === directory) giveToOwnerAbove(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
    return directory;
  } catch (error) {
    const { message } = toError(error);
    log.warn(
      { event: "state", directory },
      `nothing is kept from this start to the next (state.directory): ${message}`,
    );
    return undefined;
  }
}

/** What root makes when it tries the program out is the service's, too, where the folder above it is. */
function giveToOwnerAbove(directory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(directory));
  lchownSync(directory, uid, gid);
}
