import { EmulatedBmc } from "../emulator/bmc/emulated-bmc.ts";
import { loadBmcFile } from "../emulator/bmc/load-bmc-file.ts";
import { listenErrorOf } from "../lib/listen-error.ts";
import { toError } from "../lib/to-error.ts";
import { optionOf, textOf, type CommandContext, type Invocation } from "./command.ts";
import { compileFreely } from "./compiler-policy.ts";
import type { EmulateWorld } from "./emulate-world.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { configWithoutFile } from "./settings.ts";
import { endOnUncaughtErrors, untilToldToStop } from "./shutdown.ts";
import { UsageError } from "./usage-error.ts";

const IPMI_PORT = 623;
const HIGHEST_PORT = 65_535;

/** The UDP port that the command line names. @throws UsageError */
function portOf(invocation: Invocation): number {
  const text = textOf(invocation, "port");
  if (text === undefined) return IPMI_PORT;
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= HIGHEST_PORT) return port;
  throw new UsageError(`--port ${text}: expected a whole number from 0 to ${HIGHEST_PORT}`);
}

/** `opendcre emulate --bmc`: answers over UDP as the BMC in a file would, until the process is told to stop. */
export async function emulateBmc(
  invocation: Invocation,
  context: CommandContext,
  world: EmulateWorld,
): Promise<ExitCode> {
  const toldToStop = untilToldToStop(world.process, world.clock);
  if (invocation.argument !== undefined)
    throw new UsageError(`unexpected argument "${invocation.argument}"; a BMC's file follows --bmc`);
  const port = portOf(invocation);
  const file = optionOf(invocation, "bmc");
  const description = loadBmcFile(file === true ? null : file);
  const log = await world.createLog(configWithoutFile(invocation, context).log);
  endOnUncaughtErrors(world.process, log);
  const host = textOf(invocation, "host") ?? "127.0.0.1";
  const listening = EmulatedBmc.start({
    description,
    host,
    port,
    clock: world.clock,
    log: {
      network: (error) => log.warn({ err: error }, error.message),
      failure: (message, error) => log.error({ err: toError(error) }, message),
    },
  });
  const bmc = await listening.catch((error: unknown) => {
    throw listenErrorOf(error, host, port);
  });
  const place = { host: bmc.host, port: bmc.port };
  log.info(
    { ...place, bmc: description.name },
    `emulating the BMC of ${description.name} on ${bmc.host}, UDP port ${bmc.port}`,
  );
  compileFreely();
  const signal = await toldToStop;
  log.info({ signal }, "stopping");
  await bmc.stop();
  return exitCodes.ok;
}
