import type { Config } from "../config/config.ts";
import { DEFAULT_CONFIG_FILE } from "../config/load-config.ts";
import { loadBoardFile } from "../emulator/load-board-file.ts";
import { textOf, type CommandContext, type Invocation } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { configFor } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** `opendcre check-config`: reads everything that serving would read, and serves nothing. */
export async function checkConfig(invocation: Invocation, context: CommandContext): Promise<ExitCode> {
  const named = textOf(invocation, "config");
  const { argument } = invocation;
  if (named !== undefined && argument !== undefined)
    throw new UsageError("the configuration file is named twice; expected FILE or --config FILE");
  const config = configFor(invocation, context, argument ?? named);
  if (config.emulator.enabled || config.emulator.file !== null) loadBoardFile(config.emulator.file);
  await context.print(`ok: ${summary(config)}`);
  return exitCodes.ok;
}

function summary(config: Config): string {
  const { server, bus, emulator, log } = config;
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  const rack = emulator.enabled
    ? `the emulated rack ${emulator.file === null ? "that is built in" : `in ${emulator.file}`}`
    : bus.device === null
      ? "no boards"
      : `the bus at ${bus.device}, ${bus.baudRate} baud`;
  const lines = [
    config.fileName ?? `no configuration file (${DEFAULT_CONFIG_FILE} does not exist)`,
    `  listens on http://${host}:${server.port}${server.endpointPrefix}`,
    `  serves ${rack}`,
    `  logs from ${log.level} on; requests: ${log.access}`,
    ...config.notices.map(({ level, message }) => `  ${level}: ${message}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
