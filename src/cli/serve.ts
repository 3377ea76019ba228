import type { Appliance } from "../appliance/appliance.ts";
import type { Environment } from "../appliance/environment.ts";
import type { Config } from "../config/config.ts";
import { systemClock, type Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import { createLog, type Log, type LogOptions, type OwnLog } from "../telemetry/log.ts";
import { connectToServiceManager } from "../systemd/connect.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import type { CommandContext, Invocation } from "./command.ts";
import { compileFreely } from "./compiler-policy.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { reloader } from "./reload.ts";
import { configFor } from "./settings.ts";
import { countHangUps, endOnUncaughtErrors, untilToldToStop, type ProcessEvents } from "./shutdown.ts";
import { commit, version } from "../version.ts";

/** What serving needs of the world; handed in by tests. */
export interface ServeWorld {
  startAppliance(config: Config, env: Environment, log: Log): Promise<Appliance>;
  createLog(options: LogOptions): Promise<OwnLog>;
  connectToServiceManager(env: Environment): Promise<ServiceManager>;
  readonly process: ProcessEvents;
  readonly clock: Clock;
}

const realWorld: ServeWorld = {
  startAppliance: async (config, env, log) =>
    (await import("../appliance/appliance.ts")).startAppliance(config, env, log),
  createLog,
  connectToServiceManager: (env) => connectToServiceManager(env, process.pid, systemClock),
  process,
  clock: systemClock,
};

/** The end waits so long for files that are being read again. */
const RELOAD_GRACE_MS = 1000;

const elapsed = (clock: Clock, durationMs: number) =>
  new Promise<void>((resolve) => void clock.after(durationMs, resolve));

/** `opendcre serve`: runs the appliance until the process is told to stop. */
export async function serve(invocation: Invocation, context: CommandContext, world = realWorld): Promise<ExitCode> {
  const toldToStop = untilToldToStop(world.process, world.clock);
  const hangUps = countHangUps(world.process);
  const config = configFor(invocation, context);
  const log = await world.createLog(config.log);
  endOnUncaughtErrors(world.process, log);
  for (const { level, message } of config.notices) log[level]({}, message);
  const appliance = await start(world, config, context.env, log);
  const { url, busPath } = appliance;
  log.info({ url, bus: busPath, version, commit, config: config.fileName }, `listening on ${url}`);
  const manager = await world.connectToServiceManager(context.env);
  const readAgain = reloader({ load: () => configFor(invocation, context), config, appliance, log });
  manager.ready(`listening on ${url}`);
  let reloads = 0;
  let reloaded = Promise.resolve();
  hangUps.handleWith(() => {
    reloads++;
    manager.reloading();
    reloaded = readAgain().then(() => {
      if (--reloads === 0) manager.ready(`listening on ${url}`);
    });
  });
  manager.watch(
    () => appliance.isAlive(),
    () => log.fatal({ event: "watchdog" }, "the bus hangs: the service manager is to start this program again"),
  );
  compileFreely();
  const signal = await toldToStop;
  hangUps.handleWith(() => undefined);
  manager.stopping();
  log.info({ signal }, "stopping");
  // What is read again is not to start what has just been stopped.
  await Promise.race([reloaded, elapsed(world.clock, RELOAD_GRACE_MS)]);
  await appliance.stop().catch((error: unknown) => log.error({ err: toError(error) }, "stopping failed"));
  log.info({}, "stopped");
  return exitCodes.ok;
}

async function start(world: ServeWorld, config: Config, env: Environment, log: Log): Promise<Appliance> {
  try {
    return await world.startAppliance(config, env, log);
  } catch (error) {
    // People get one line on standard error; where it comes from is for those who look for mistakes.
    log.debug({ err: toError(error) }, "the start failed");
    throw error;
  }
}
