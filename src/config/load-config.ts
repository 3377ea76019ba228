import { toConfig, type Config } from "./config.ts";
import { configFileVariable, readEnvironment, type Environment } from "./environment.ts";
import { ConfigError, type ConfigProblem, type Origin } from "./errors.ts";
import { readConfigFile, type FileReading } from "./file.ts";
import { applyRules } from "./rules.ts";
import { configSchema, settingSchemas, type ConfigValues, type SettingPath } from "./schema.ts";
import { faultOf, fits, valueOfText, type Setting } from "./setting.ts";

/** Read where no file is named, if it is there. */
export const DEFAULT_CONFIG_FILE = "/etc/opendcre/opendcre.json";

/** A setting from the command line. */
export interface ConfigOption {
  /** The option that people typed: `--port`. */
  readonly name: string;
  readonly path: SettingPath;
  /** What followed it; true for an option that stands alone. */
  readonly value: string | true;
}

/** Where a configuration comes from. */
export interface ConfigSources {
  /** The file that the command line names; null reads none at all. */
  readonly fileName?: string | null | undefined;
  readonly options?: readonly ConfigOption[];
  readonly env: Environment;
  /** Returns a file's text, or throws what node:fs throws. */
  readonly readFile: (path: string) => string;
}

interface NamedFile {
  readonly path: string;
  readonly text: string;
}

const nothingRead: FileReading = {
  isWellFormed: true,
  isLegacy: false,
  settings: [],
  problems: [],
  notices: [],
};

/**
 * Makes the configuration: the command line goes before environment variables, these before the file, and the file before the
 * defaults. The file is the one that the command line names, else the one that `OPENDCRE_CONFIG` names, else
 * `/etc/opendcre/opendcre.json` where it exists.
 *
 * @throws ConfigError with everything that is wrong, also with settings that another source overrides
 */
export function loadConfig(sources: ConfigSources): Config {
  const file = openConfigFile(sources);
  const inFile = file ? readConfigFile(file.path, file.text) : nothingRead;
  const inEnvironment = readEnvironment(sources.env);
  const settings = [...inFile.settings, ...inEnvironment.settings, ...(sources.options ?? []).map(settingOf)];
  const problems = [...inFile.problems];
  const sound: Setting[] = [];
  const faulty = new Set<SettingPath>();
  for (const setting of settings) {
    const message = faultOf(setting);
    if (message === undefined) sound.push(setting);
    else {
      problems.push({ origin: setting.origin, message });
      faulty.add(setting.path);
    }
  }
  const origins = new Map(sound.map(({ path, origin }) => [path, origin]));
  const outcome = applyRules({ values: withDefaults(sound), origins, faulty });
  // From a file that is no JSON nothing is known, so that nothing follows.
  if (inFile.isWellFormed) problems.push(...outcome.problems);
  if (problems.length > 0) throw new ConfigError("invalid-config", inOrder(problems));
  const notices = [...inFile.notices, ...inEnvironment.notices, ...outcome.notices];
  const bmcConfig = origins.get("ipmi.bmc_config");
  const mayBmcConfigBeMissing = inFile.isLegacy && bmcConfig?.kind === "file";
  const isBusNamed = origins.has("bus.device") || origins.has("bus.hardware");
  const mayBusBeMissing = !isBusNamed && outcome.values.ipmi.bmc_config !== null;
  return toConfig(outcome.values, { fileName: file?.path ?? null, mayBmcConfigBeMissing, mayBusBeMissing, notices });
}

const settingOf = ({ name, path, value }: ConfigOption): Setting => ({
  path,
  value: value === true ? true : valueOfText(path, value),
  origin: { kind: "option", name },
  spelling: JSON.stringify(value),
});

function openConfigFile({ fileName, env, readFile }: ConfigSources): NamedFile | undefined {
  if (fileName === null) return undefined;
  const variable = env[configFileVariable];
  const named = fileName ?? (variable === "" ? undefined : variable);
  const path = named ?? DEFAULT_CONFIG_FILE;
  try {
    return { path, text: readFile(path) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (named === undefined && code === "ENOENT") return undefined;
    const origin: Origin = { kind: "file", fileName: path, place: "" };
    const reason = code === "ENOENT" ? "no such file" : error instanceof Error ? error.message : String(error);
    const message = `the configuration file cannot be read: ${reason}`;
    throw new ConfigError("unreadable-config", [{ origin, message }], { cause: error });
  }
}

/** Mistakes in the file by their place in it, the others after them. */
const inOrder = (problems: readonly ConfigProblem[]) => problems.toSorted((a, b) => rankOf(a) - rankOf(b));

const rankOf = ({ origin }: ConfigProblem) =>
  origin.kind === "file" && origin.position
    ? origin.position.line * 2 ** 20 + origin.position.column
    : Number.MAX_SAFE_INTEGER;

/** The defaults with the settings laid over them, the later ones over the earlier. */
function withDefaults(settings: readonly Setting[]): ConfigValues {
  const given = new Map<string, unknown>(settings.map(({ path, value }) => [path, value]));
  const values: Record<string, Record<string, unknown>> = {};
  for (const [path, schema] of settingSchemas) {
    const [section = "", key = ""] = path.split(".");
    values[section] = { ...values[section], [key]: given.has(path) ? given.get(path) : schema["default"] };
  }
  if (!fits(configSchema, values)) throw new TypeError("a default does not fit its own schema");
  return values;
}
