import type { AccessLog, ErrorLog } from "../api/access-log.ts";
import { API_VERSION } from "../api/v1/version.ts";
import type { Config } from "../config/config.ts";
import type { Command } from "../devices/command.ts";
import { DeviceError } from "../devices/errors.ts";
import { formatBoardId, formatDeviceId } from "../devices/ids.ts";
import type { ControlWitness } from "../devices/inventory.ts";
import { systemClock } from "../lib/clock.ts";
import { combinedLine } from "../telemetry/log-files/combined-format.ts";
import { logAccess, logControl } from "../telemetry/access-log.ts";
import type { Log } from "../telemetry/log.ts";

/** Writes down every command that changes something, with its outcome. */
export const controlWitness =
  (log: Log): ControlWitness =>
  (command, { requestId, remote }, outcome) =>
    logControl(log, {
      requestId,
      remote,
      command: command.kind,
      board: formatBoardId(command.board),
      device: "device" in command ? formatDeviceId(command.device) : undefined,
      value: valueOf(command),
      outcome: wordFor(outcome),
    });

/** How a command ended: `ok`, or the code of an error. */
export const wordFor = (outcome: "ok" | Error): string =>
  outcome === "ok" ? "ok" : outcome instanceof DeviceError ? outcome.code : outcome.name;

/** What a command sets its device to. */
export function valueOf(command: Command): string | undefined {
  if (command.kind === "power") return command.action;
  if (command.kind === "led") return command.on ? "on" : "off";
  if (command.kind === "fan") return command.rpm;
  return command.kind === "boot-target" ? command.target : undefined;
}

/** Which requests are written down. */
export function accessLog({ log: { access }, server: { endpointPrefix } }: Config, log: Log): AccessLog | undefined {
  if (access === "off") return undefined;
  const probe = access === "commands" ? `${endpointPrefix}${API_VERSION}/test` : undefined;
  return (entry, call) => {
    if (entry.path === probe && entry.status === 200) return;
    logAccess(log, entry);
    if (!log.accessFile) return;
    const { name, via } = call.caller;
    const details = { user: via === "none" ? undefined : name, header: (header: string) => call.header(header) };
    log.accessFile.access(combinedLine(entry, details, systemClock.wallMs()));
  };
}

/** Failures that devices cause are a matter of course and known by their code; anything else is a mistake of ours. */
export const errorLog =
  (log: Log): ErrorLog =>
  (error, { requestId, method, path }) => {
    const fields = { event: "failure", request_id: requestId, method, path };
    if (!(error instanceof DeviceError)) {
      log.error({ ...fields, err: error }, `${method} ${path} failed: ${error.message}`);
      return;
    }
    const { board, device, ...detail } = error.detail;
    const place = {
      board: board === undefined ? undefined : formatBoardId(board),
      device: device === undefined ? undefined : formatDeviceId(device),
    };
    log.warn({ ...fields, code: error.code, ...place, detail }, error.message);
  };
