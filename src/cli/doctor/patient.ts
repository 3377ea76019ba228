import { existsSync, readFileSync } from "node:fs";
import type { Environment } from "../../appliance/environment.ts";
import type { Config } from "../../config/config.ts";
import { textOf, type CommandContext, type Invocation } from "../command.ts";
import { parseCommandLine } from "../command-line.ts";
import { serve } from "../serve-command.ts";
import { configFor } from "../settings.ts";
import { parseEnvironmentFile, wordsOf } from "./unit-environment.ts";

const UNITS = ["/etc/systemd/system/opendcre.service", "/usr/lib/systemd/system/opendcre.service"];
const ENVIRONMENT_FILE = "/etc/default/opendcre";
/** What the unit names as StateDirectory. */
const STATE_DIRECTORY = "/var/lib/opendcre";

/** What is looked at: the service as it is installed, or what the command line and its environment name. */
export interface Patient {
  readonly isService: boolean;
  readonly env: Environment;
  /** The configuration as `serve` would have it. @throws ConfigError, UsageError */
  load(): Config;
}

/** Where the unit of the package and its environment are; others in tests. */
interface UnitPlaces {
  readonly units: readonly string[];
  readonly environmentFile: string;
}

const installed: UnitPlaces = { units: UNITS, environmentFile: ENVIRONMENT_FILE };

/** Names a configuration here: then it is not the service's that is meant. */
const namesConfiguration = (invocation: Invocation, env: Environment) =>
  textOf(invocation, "config") !== undefined || Object.keys(env).some((name) => name.startsWith("OPENDCRE_"));

/** Decides what is looked at. @throws what node:fs throws of the unit's environment file */
export function patientOf(invocation: Invocation, context: CommandContext, places = installed): Patient {
  const { env } = context;
  if (namesConfiguration(invocation, env) || !places.units.some((path) => existsSync(path)))
    return { isService: false, env, load: () => configFor(invocation, context) };
  const { environmentFile } = places;
  const variables = existsSync(environmentFile) ? parseEnvironmentFile(readFileSync(environmentFile, "utf8")) : {};
  const ofUnit: Environment = { STATE_DIRECTORY, ...variables };
  return {
    isService: true,
    env: ofUnit,
    load() {
      const ofService = parseCommandLine(serve, wordsOf(variables["OPENDCRE_OPTS"]));
      return configFor(ofService, { ...context, env: ofUnit });
    },
  };
}
