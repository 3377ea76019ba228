import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Backend } from "../devices/backend.ts";
import { BMC_BIT, boardId } from "../devices/ids.ts";
import { defaultBmcs } from "../emulator/bmc/load-bmc-file.ts";
import { EmulatedBmc } from "../emulator/bmc/emulated-bmc.ts";
import type { BmcDescription } from "../emulator/bmc/file/bmc-shape.ts";
import type { BmcDefinition } from "../ipmi/bmc-definition.ts";
import type { BmcEvents } from "../ipmi/bmc-events.ts";
import { defaultDiscoveryPolicy } from "../ipmi/bmc-discovery.ts";
import { defaultLinkPolicy } from "../ipmi/bmc-link.ts";
import { InventoryCache, noStore, type InventoryStore } from "../ipmi/inventory-cache.ts";
import { IpmiBackend } from "../ipmi/ipmi-backend.ts";
import { openLanBmc } from "../ipmi/lan-bmc.ts";
import { credentialIn, loadBmcFile } from "../ipmi/file/load-bmc-file.ts";
import { defaultSettlePolicy } from "../ipmi/power.ts";
import { Secret } from "../ipmi/secret.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import { bmcEvents } from "../telemetry/bmc-log.ts";
import type { Log } from "../telemetry/log.ts";
import type { Environment } from "./environment.ts";
import { stateDirectory } from "./state-directory.ts";

/** The BMCs of the appliance. */
export interface Bmcs {
  readonly backend: Backend;
  /** Reads the BMC file again; one that is wrong changes nothing and is logged, and gives false. */
  reload(): Promise<boolean>;
  /** Refuses what waits and what comes, closes all sessions. */
  close(): Promise<void>;
}

/**
 * The BMCs that the file lists. They are looked for in the background.
 *
 * @throws BmcFileError, and what node:fs throws of the BMC file
 */
export function startBmcs(file: string, config: Config, env: Environment, log: Log): Bmcs {
  const load = () => definitionsIn(file, config, env, log);
  const backend = backendOf(load(), storeOf(config, env, log), config, bmcEvents(log));
  const reload = async () => {
    let definitions: readonly BmcDefinition[];
    try {
      definitions = load();
    } catch (error) {
      const { message } = toError(error);
      log.error({ event: "reload", file }, `${file} was not taken, and the BMCs stay as they were: ${message}`);
      return false;
    }
    await backend.reload(definitions);
    log.info({ event: "reload", file, bmcs: definitions.length }, `${file} was read again: ${definitions.length} BMCs`);
    return true;
  };
  let reloading = Promise.resolve(true);
  return { backend, reload: () => (reloading = reloading.then(reload, reload)), close: () => backend.close() };
}

/** Whoever waits for the emulated BMCs to be known does so for this long at most. */
const INVENTORY_LIMIT_MS = 3000;

/** Two BMCs that exist in the program alone, on free ports of the loopback address. They are there when their sensors are known. */
export async function startEmulatedBmcs(config: Config, log: Log): Promise<Bmcs> {
  await using started = new AsyncDisposableStack();
  const definitions = await emulatedBmcs(log, started);
  const inventories = Promise.withResolvers<void>();
  let missing = definitions.length;
  const events = bmcEvents(log);
  const backend = backendOf(definitions, noStore, config, {
    ...events,
    inventoried(...what) {
      events.inventoried(...what);
      if (--missing === 0) inventories.resolve();
    },
  });
  started.defer(() => backend.close());
  const limit = clock.after(INVENTORY_LIMIT_MS, inventories.resolve);
  await inventories.promise;
  limit.cancel();
  const parts = started.move();
  return { backend, reload: () => Promise.resolve(true), close: () => parts.disposeAsync() };
}

function definitionsIn(file: string, config: Config, env: Environment, log: Log): readonly BmcDefinition[] {
  if (config.ipmi.mayBmcConfigBeMissing && !existsSync(file)) {
    log.warn({ event: "reload", file }, `${file} is not there: no BMCs are served`);
    return [];
  }
  const { bmcs, notices } = loadBmcFile(file, credentialIn(env["CREDENTIALS_DIRECTORY"]));
  for (const { level, message } of notices) log[level]({}, message);
  return bmcs;
}

function backendOf(
  definitions: readonly BmcDefinition[],
  store: InventoryStore,
  config: Config,
  events: BmcEvents,
): IpmiBackend {
  return new IpmiBackend(definitions, {
    openBmc: (definition) => openLanBmc(definition, clock),
    store,
    clock,
    random: Math.random,
    events,
    link: defaultLinkPolicy,
    discovery: defaultDiscoveryPolicy,
    settle: defaultSettlePolicy,
    queueLimit: config.ipmi.queueLimit,
  });
}

function storeOf(config: Config, env: Environment, log: Log): InventoryStore {
  const directory = stateDirectory("bmcs", config, env, log);
  if (directory === undefined) return noStore;
  return new InventoryCache(directory, (path, reason) =>
    log.warn({ event: "state", file: path }, `${path} cannot be used and will be written anew: ${reason.message}`),
  );
}

async function emulatedBmcs(log: Log, started: AsyncDisposableStack): Promise<BmcDefinition[]> {
  const definitions: BmcDefinition[] = [];
  for (const [index, description] of defaultBmcs().entries()) {
    const bmc = await EmulatedBmc.start({ description, clock, log: emulationLog(log, description.name) });
    started.defer(() => bmc.stop());
    const { host, port } = bmc;
    log.info(
      { host, port, bmc: description.name },
      `emulating the BMC of ${description.name} on ${host}, UDP port ${port}`,
    );
    definitions.push(definitionOf(description, BMC_BIT + index + 1, host, port));
  }
  return definitions;
}

function definitionOf({ name, users }: BmcDescription, board: number, host: string, port: number): BmcDefinition {
  const administrator = users.find(({ privilege, enabled }) => privilege === 4 && enabled);
  if (!administrator) throw new TypeError(`the emulated BMC ${name} has no administrator`);
  const { name: username, password } = administrator;
  const access = { username, password: new Secret(password), privilege: "administrator", cipherSuite: "auto" } as const;
  return { board: boardId(board), host, port, name, ...access };
}

const emulationLog = (log: Log, bmc: string) => ({
  network: (error: Error) => log.warn({ bmc, err: error }, `the emulated BMC of ${bmc}: ${error.message}`),
  failure: (message: string, error: unknown) =>
    log.error({ bmc, err: toError(error) }, `the emulated BMC of ${bmc}: ${message}`),
});
