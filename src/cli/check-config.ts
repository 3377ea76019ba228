import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { DEFAULT_CONFIG_FILE } from "../config/load-config.ts";
import { loadBoardFile } from "../emulator/load-board-file.ts";
import type { BmcFile } from "../ipmi/file/bmc-file.ts";
import type { GivenTls } from "../tls/load-tls.ts";
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
  const bmcs = await bmcsOf(config, context);
  const tls = config.tls.enabled ? (await import("../tls/load-tls.ts")).readGiven(config.tls, Date.now()) : undefined;
  const { checkCredentials } = await import("./check-credentials.ts");
  const oddities = await checkCredentials(config, context.env);
  await context.print(`ok: ${summary(config, bmcs, tls)}${oddities.map((text) => `  warn: ${text}\n`).join("")}`);
  return exitCodes.ok;
}

/** What the BMC file says; undefined where there is none. */
async function bmcsOf({ ipmi }: Config, { env }: CommandContext): Promise<BmcFile | undefined> {
  const { bmcConfig: file, mayBmcConfigBeMissing } = ipmi;
  if (file === null || (mayBmcConfigBeMissing && !existsSync(file))) return undefined;
  const [{ loadBmcFile }, { serviceCredential }] = await Promise.all([
    import("../ipmi/file/load-bmc-file.ts"),
    import("./service-credentials.ts"),
  ]);
  return loadBmcFile(file, serviceCredential(env));
}

/** What is served over IPMI, in a line. */
function bmcLine({ ipmi }: Config, bmcs: BmcFile | undefined): string[] {
  if (bmcs) return [`  serves ${bmcs.bmcs.length} BMCs, listed in ${ipmi.bmcConfig}`];
  return ipmi.bmcConfig === null ? [] : [`  serves no BMCs: ${ipmi.bmcConfig} is not there`];
}

/** Which certificates are served, in a line each, and what is not right with them. */
function tlsLines(tls: GivenTls | undefined): string[] {
  if (!tls) return [];
  const served = [tls.main, ...tls.further].map((certificate) =>
    certificate
      ? `  certificate ${certificate.path} is for ${certificate.leaf.subjectAltName ?? "no names"}, valid until ${certificate.leaf.validTo}`
      : "  makes a certificate of its own",
  );
  const clients = tls.clientCa === undefined ? [] : ["  asks clients for a certificate"];
  return [...served, ...clients, ...tls.warnings.map((warning) => `  warn: ${warning}`)];
}

function rackIn({ bus, emulator, mayBusBeMissing }: Config): string {
  const { device, baudRate } = bus;
  if (emulator.enabled)
    return `the emulated rack ${emulator.file === null ? "that is built in" : `in ${emulator.file}`}`;
  if (device === null) return "no bus";
  if (mayBusBeMissing && !existsSync(device))
    return `no bus: there is no ${device}, and nobody has named a serial port`;
  return `the bus at ${device}, ${baudRate} baud`;
}

function summary(config: Config, bmcs: BmcFile | undefined, tls: GivenTls | undefined): string {
  const { server, log } = config;
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  const lines = [
    config.fileName ?? `no configuration file (${DEFAULT_CONFIG_FILE} does not exist)`,
    `  listens on http${tls ? "s" : ""}://${host}:${server.port}${server.endpointPrefix}`,
    ...tlsLines(tls),
    `  serves ${rackIn(config)}`,
    ...bmcLine(config, bmcs),
    `  logs from ${log.level} on; requests: ${log.access}`,
    ...[...config.notices, ...(bmcs?.notices ?? [])].map(({ level, message }) => `  ${level}: ${message}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
