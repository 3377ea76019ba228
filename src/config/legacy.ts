import type { Notice } from "./config.ts";
import type { ConfigProblem, Origin } from "./errors.ts";
import type { SettingPath } from "./schema.ts";
import { mismatch, type Setting } from "./setting.ts";

/** The keys of OpenDCRE 1.2's `opendcre_config.json`, and the settings that they are today. */
const successors: ReadonlyMap<string, SettingPath> = new Map<string, SettingPath>([
  ["endpoint_prefix", "server.endpoint_prefix"],
  ["port", "server.port"],
  ["serial_default", "bus.device"],
  ["bus_baud", "bus.baud_rate"],
  ["retry_limit", "bus.retry_limit"],
  ["time_slice", "bus.time_slice"],
  ["bmc_config", "ipmi.bmc_config"],
  ["ssl_enable", "tls.enabled"],
]);

/** Every key of the old file. */
export const legacyKeys: readonly string[] = [...successors.keys(), "lockfile"];

/** What to write in place of an old key in a file that has sections. */
export const successorOf = (key: string): string => successors.get(key) ?? "nothing in its place";

/** What an old file says. */
export interface LegacyReading {
  readonly settings: readonly Setting[];
  readonly problems: readonly ConfigProblem[];
  readonly notices: readonly Notice[];
}

/** An entry of the old file. */
export interface LegacyEntry {
  readonly key: string;
  readonly value: unknown;
  readonly spelling: string | undefined;
  readonly origin: Origin;
}

/** Reads the entries of an old file; those with unknown keys are the caller's to refuse. */
export function readLegacyEntries(fileName: string, entries: readonly LegacyEntry[]): LegacyReading {
  const settings: Setting[] = [];
  const problems: ConfigProblem[] = [];
  const notices: Notice[] = [
    { level: "info", message: `${fileName} is a configuration of OpenDCRE 1.2; it is understood as it stands` },
  ];
  for (const { key, value, spelling, origin } of entries) {
    const path = successors.get(key);
    if (path) settings.push({ path, value, origin, spelling });
    else if (key === "lockfile" && typeof value === "string") {
      notices.push({
        level: "info",
        message: `${fileName}: lockfile is not used: the serial port itself is locked while it is open`,
      });
    } else problems.push({ origin, message: mismatch(value, "a path", spelling) });
  }
  return { settings, problems, notices };
}
