import type { Appliance } from "../appliance.ts";
import type { Config } from "../config/config.ts";
import { systemClock, type Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import { createLog, type Log, type LogOptions } from "../telemetry/log.ts";
import type { CommandContext, Invocation } from "./command.ts";
import { compileFreely } from "./compiler-policy.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { configFor } from "./settings.ts";
import { endOnUncaughtErrors, untilToldToStop, type ProcessEvents } from "./shutdown.ts";
import { commit, version } from "../version.ts";

/** What serving needs of the world; handed in by tests. */
export interface ServeWorld {
  startAppliance(config: Config, log: Log): Promise<Appliance>;
  createLog(options: LogOptions): Promise<Log>;
  readonly process: ProcessEvents;
  readonly clock: Clock;
}

const realWorld: ServeWorld = {
  startAppliance: async (config, log) => (await import("../appliance.ts")).startAppliance(config, log),
  createLog,
  process,
  clock: systemClock,
};

/** `opendcre serve`: runs the appliance until the process is told to stop. */
export async function serve(invocation: Invocation, context: CommandContext, world = realWorld): Promise<ExitCode> {
  const toldToStop = untilToldToStop(world.process, world.clock);
  const config = configFor(invocation, context);
  const log = await world.createLog(config.log);
  endOnUncaughtErrors(world.process, log);
  for (const { level, message } of config.notices) log[level]({}, message);
  const appliance = await start(world, config, log);
  const { url, busPath } = appliance;
  log.info({ url, bus: busPath, version, commit, config: config.fileName }, `listening on ${url}`);
  compileFreely();
  const signal = await toldToStop;
  log.info({ signal }, "stopping");
  await appliance.stop().catch((error: unknown) => log.error({ err: toError(error) }, "stopping failed"));
  log.info({}, "stopped");
  return exitCodes.ok;
}

async function start(world: ServeWorld, config: Config, log: Log): Promise<Appliance> {
  try {
    return await world.startAppliance(config, log);
  } catch (error) {
    // People get one line on standard error; where it comes from is for those who look for mistakes.
    log.debug({ err: toError(error) }, "the start failed");
    throw error;
  }
}
