import { dirname, resolve } from "node:path";
import { closestName } from "../lib/closest-name.ts";
import {
  formatPath,
  JsonSyntaxError,
  parseJsonDocument,
  type JsonDocument,
  type JsonPath,
} from "../lib/json-document.ts";
import type { Notice } from "./config.ts";
import type { ConfigProblem, Origin } from "./errors.ts";
import { legacyKeys, readLegacyEntries, successorOf } from "./legacy.ts";
import { isSettingPath, sectionNames, settingSchemas, type SettingPath } from "./schema.ts";
import { listed, mismatch, type Setting } from "./setting.ts";

/** What a configuration file says. */
export interface FileReading {
  /** False where the text is not even JSON. */
  readonly isWellFormed: boolean;
  /** True for a file of OpenDCRE 1.2. */
  readonly isLegacy: boolean;
  readonly settings: readonly Setting[];
  readonly problems: readonly ConfigProblem[];
  readonly notices: readonly Notice[];
}

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Settings that name files: in a configuration file they are relative to its folder. */
const filePaths: ReadonlySet<SettingPath> = new Set<SettingPath>([
  "audit.file",
  "auth.htpasswd",
  "emulator.file",
  "ipmi.bmc_config",
  "ldap.bind_password_file",
  "ldap.ca_file",
  "log.directory",
  "oidc.ca_file",
  "state.directory",
  "tls.certificate",
  "tls.key",
  "tls.client_ca",
]);

/** Reads a configuration file of either format. The values are not checked yet; what else may be wrong is listed. */
export function readConfigFile(fileName: string, text: string): FileReading {
  let document: JsonDocument;
  try {
    document = parseJsonDocument(text, { comments: true });
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const problems = error.problems.map(({ place, position, message }) => ({
      origin: { kind: "file", fileName, place, position } as const,
      message,
    }));
    return { isWellFormed: false, isLegacy: false, settings: [], problems, notices: [] };
  }
  const reading = new DocumentReader(fileName, document).read();
  return {
    ...reading,
    isWellFormed: true,
    settings: reading.settings.map((setting) => fromFolder(dirname(fileName), setting)),
  };
}

function fromFolder(folder: string, setting: Setting): Setting {
  if (setting.path === "tls.further" && Array.isArray(setting.value))
    return { ...setting, value: setting.value.map((entry: unknown) => withPathsFrom(folder, entry)) };
  if (!filePaths.has(setting.path) || typeof setting.value !== "string" || setting.value === "") return setting;
  return { ...setting, value: resolve(folder, setting.value) };
}

/** An entry of `tls.further`, whatever else may be wrong with it. */
function withPathsFrom(folder: string, entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  const paths = ["certificate", "key"].flatMap((name) => {
    const path = entry[name];
    return typeof path === "string" && path !== "" ? [[name, resolve(folder, path)]] : [];
  });
  return { ...entry, ...Object.fromEntries(paths) };
}

const keysOf = (section: string) =>
  [...settingSchemas.keys()]
    .filter((path) => path.startsWith(`${section}.`))
    .map((path) => path.slice(section.length + 1));

class DocumentReader {
  readonly #fileName: string;
  readonly #document: JsonDocument;
  readonly #settings: Setting[] = [];
  readonly #problems: ConfigProblem[] = [];

  constructor(fileName: string, document: JsonDocument) {
    this.#fileName = fileName;
    this.#document = document;
  }

  read(): Omit<FileReading, "isWellFormed"> {
    const root = this.#document.value;
    if (!isObject(root)) this.#mismatch([], root, "an object");
    else {
      const keys = Object.keys(root);
      const hasSections = keys.some((key) => sectionNames.includes(key));
      if (!hasSections && keys.some((key) => legacyKeys.includes(key))) return this.#readLegacy(root);
      this.#readSections(root);
    }
    return { isLegacy: false, settings: this.#settings, problems: this.#problems, notices: [] };
  }

  #readSections(root: JsonObject): void {
    for (const [name, section] of Object.entries(root)) {
      if (legacyKeys.includes(name)) {
        const message = `a key of OpenDCRE 1.2's flat format in a file with sections; expected ${successorOf(name)}`;
        this.#problem([name], message);
      } else if (!sectionNames.includes(name)) this.#unknown([name], [...sectionNames, ...legacyKeys], sectionNames);
      else if (isObject(section)) this.#readSection(name, section);
      else this.#mismatch([name], section, "an object");
    }
  }

  #readSection(name: string, section: JsonObject): void {
    for (const [key, value] of Object.entries(section)) {
      const path = `${name}.${key}`;
      const jsonPath = [name, key];
      if (!isSettingPath(path)) this.#unknown(jsonPath, keysOf(name));
      else
        this.#settings.push({ path, value, origin: this.#origin(jsonPath), spelling: this.#document.textAt(jsonPath) });
    }
  }

  #readLegacy(root: JsonObject): Omit<FileReading, "isWellFormed"> {
    const entries = Object.entries(root).flatMap(([key, value]) => {
      if (!legacyKeys.includes(key)) this.#unknown([key], legacyKeys);
      else return { key, value, spelling: this.#document.textAt([key]), origin: this.#origin([key]) };
      return [];
    });
    const reading = readLegacyEntries(this.#fileName, entries);
    return { ...reading, isLegacy: true, problems: [...this.#problems, ...reading.problems] };
  }

  #unknown(path: JsonPath, candidates: readonly string[], expected = candidates): void {
    const closest = closestName(String(path.at(-1)), candidates);
    this.#problem(path, `unknown key; ${closest ? `did you mean "${closest}"?` : `expected ${listed(expected)}`}`);
  }

  #mismatch(path: JsonPath, value: unknown, expected: string): void {
    this.#problem(path, mismatch(value, expected, this.#document.textAt(path)));
  }

  #problem(path: JsonPath, message: string): void {
    this.#problems.push({ origin: this.#origin(path), message });
  }

  #origin(path: JsonPath): Origin {
    return {
      kind: "file",
      fileName: this.#fileName,
      place: formatPath(path),
      position: this.#document.positionAt(path),
    };
  }
}
