import type { Appliance } from "../appliance/appliance.ts";
import type { Config } from "../config/config.ts";
import { toError } from "../lib/to-error.ts";
import type { OwnLog } from "../telemetry/log.ts";

interface ReloaderOptions {
  /** Reads the configuration anew. @throws ConfigError */
  readonly load: () => Config;
  /** The configuration that the appliance was started with. */
  readonly config: Config;
  readonly appliance: Pick<Appliance, "reload">;
  readonly log: OwnLog;
}

/** Settings that take effect when they are read again; a section's name stands for all of its settings. */
const reloadable: ReadonlySet<string> = new Set([
  "log.level",
  "limits",
  "auth",
  "ldap",
  "oidc",
  "control",
  "tls.certificate",
  "tls.further",
  "tls.client_ca",
  "tls.min_version",
  "tls.self_signed_names",
]);

/** `maxBodyBytes` as a configuration file spells it: `max_body_bytes`. */
const asInFile = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The settings in which two configurations differ: `server.port`. */
function changedSettings(before: Config, after: Config): string[] {
  const sections = Object.entries(after).filter(([, value]) => isSection(value));
  return sections.flatMap(([section, values]) => {
    const old: unknown = Object.entries(before).find(([name]) => name === section)?.[1];
    const oldValues = new Map(Object.entries(isSection(old) ? old : {}));
    return Object.entries(values)
      .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(oldValues.get(key)))
      .map(([key]) => `${section}.${asInFile(key)}`);
  });
}

const takesEffect = (setting: string) => reloadable.has(setting) || reloadable.has(setting.split(".", 1)[0] ?? "");

/**
 * What reads everything again that may change while the program runs, one time after the other. A
 * configuration that is wrong changes nothing. Never rejects: what went wrong is in the log.
 */
export function reloader({ load, config: started, appliance, log }: ReloaderOptions): () => Promise<void> {
  let known = started;
  const readAgain = async () => {
    log.reopen();
    log.info({ event: "reload", signal: "SIGHUP" }, "reading again what may change");
    let config: Config;
    try {
      config = load();
    } catch (error) {
      const { message } = toError(error);
      log.error({ event: "reload" }, `the configuration was not taken, and everything stays as it was: ${message}`);
      return;
    }
    const taken = changedSettings(known, config).filter(takesEffect);
    const said = new Set(known.notices.map(({ message }) => message));
    known = config;
    log.setLevel(config.log.level);
    for (const { level, message } of config.notices) if (!said.has(message)) log[level]({ event: "reload" }, message);
    const isAllTaken = await appliance.reload(config, taken);
    const waiting = changedSettings(started, config).filter((setting) => !takesEffect(setting));
    const except = isAllTaken ? "" : ", except for what is said above";
    if (taken.length > 0) log.info({ event: "reload", settings: taken }, `taken: ${taken.join(", ")}${except}`);
    if (waiting.length > 0)
      log.warn({ event: "reload", settings: waiting }, `changed, but only a restart takes it: ${waiting.join(", ")}`);
  };
  const readAgainOrSayWhyNot = () =>
    readAgain().catch((error: unknown) => log.error({ event: "reload", err: toError(error) }, "reading again failed"));
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = async (): Promise<void> => {
    next = undefined;
    await (running = readAgainOrSayWhyNot());
    running = undefined;
  };
  // However many signals come while one is served, reading once more after it is enough for all of them.
  return () => (running ? (next ??= running.then(begin)) : begin());
}
