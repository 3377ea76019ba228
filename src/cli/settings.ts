import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { loadConfig, type ConfigOption } from "../config/load-config.ts";
import { textOf, type CommandContext, type GivenOption, type Invocation } from "./command.ts";

/** The settings that an option stands for. */
function settingsOf({ spec, value }: GivenOption): ConfigOption[] {
  const name = `--${spec.name}`;
  const settings: ConfigOption[] = [];
  if (spec.enables) settings.push({ name, path: spec.enables, value: true });
  if (spec.setting && (value !== undefined || !spec.enables))
    settings.push({ name, path: spec.setting, value: value ?? true });
  return settings;
}

const readFile = (path: string) => readFileSync(path, "utf8");

/**
 * The configuration that a command line, the environment and the files make together.
 *
 * @throws ConfigError
 */
export const configFor = (
  invocation: Invocation,
  { env }: CommandContext,
  fileName = textOf(invocation, "config"),
): Config => loadConfig({ fileName, options: invocation.options.flatMap(settingsOf), env, readFile });

/**
 * The configuration that a command line makes with the variables of the log alone: for commands that are not the server, whose
 * settings are none of theirs.
 *
 * @throws ConfigError
 */
export function configWithoutFile(invocation: Invocation, { env }: CommandContext): Config {
  const logEnv = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("OPENDCRE_LOG_")));
  return loadConfig({ fileName: null, options: invocation.options.flatMap(settingsOf), env: logEnv, readFile });
}
