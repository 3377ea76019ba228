import { closestName } from "../lib/closest-name.ts";
import type { Notice } from "./config.ts";
import { isSettingPath, settingSchemas, type SettingPath } from "./schema.ts";
import { valueOfText, type Setting } from "./setting.ts";

/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names the configuration file. */
export const configFileVariable = "OPENDCRE_CONFIG";

/** Options of the service, of which systemd makes words of the command line before the program is started. They stay in the environment. */
const serviceOptionsVariable = "OPENDCRE_OPTS";

/** Variables of ours that are no settings. */
const otherVariables: ReadonlySet<string> = new Set([configFileVariable, serviceOptionsVariable]);

/** The variable of a setting: `OPENDCRE_SERVER_PORT` for `server.port`. */
const variableOf = (path: SettingPath): string => `OPENDCRE_${path.replace(".", "_").toUpperCase()}`;

const pathsByVariable: ReadonlyMap<string, SettingPath> = new Map(
  [...settingSchemas.keys()].filter(isSettingPath).map((path) => [variableOf(path), path]),
);

/** What the environment says. A variable with our prefix and no setting may be somebody else's: it only gets a warning. */
export function readEnvironment(env: Environment): { settings: Setting[]; notices: Notice[] } {
  const settings: Setting[] = [];
  const notices: Notice[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith("OPENDCRE_") || otherVariables.has(name) || text === undefined) continue;
    const path = pathsByVariable.get(name);
    if (path) {
      settings.push({
        path,
        value: valueOfText(path, text),
        origin: { kind: "variable", name },
        spelling: JSON.stringify(text),
      });
    } else {
      const closest = closestName(name, pathsByVariable.keys());
      const hint = closest ? `; did you mean ${closest}?` : "";
      notices.push({ level: "warn", message: `environment variable ${name} is not a setting and is ignored${hint}` });
    }
  }
  return { settings, notices };
}
