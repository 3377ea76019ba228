import { networkInterfaces } from "node:os";
import { SerialPort } from "bun-serialport";
import { openPty } from "bun-serialport/testing";
import type { AccessLog, ErrorLog } from "./api/access-log.ts";
import { listen } from "./api/listener.ts";
import { createApi } from "./api/server.ts";
import { API_VERSION } from "./api/v1/version.ts";
import { BusBackend } from "./bus/bus-backend.ts";
import { controllerIdOf } from "./bus/controller-id.ts";
import { sequenceCounter } from "./bus/exchange.ts";
import { ExchangeRunner } from "./bus/exchange-runner.ts";
import { Line } from "./bus/line.ts";
import { loadBoardFile } from "./emulator/load-board-file.ts";
import { version } from "./version.ts";
import type { Config } from "./config/config.ts";
import type { Command } from "./devices/command.ts";
import { DeviceError } from "./devices/errors.ts";
import { formatBoardId, formatDeviceId } from "./devices/ids.ts";
import { Inventory, type ControlWitness } from "./devices/inventory.ts";
import { BusEmulator } from "./emulator/bus-emulator.ts";
import { serveEmulator } from "./emulator/emulated-line.ts";
import { systemClock } from "./lib/clock.ts";
import { logAccess, logControl } from "./telemetry/access-log.ts";
import { lineEvents, lineTrace } from "./telemetry/line-log.ts";
import type { Log } from "./telemetry/log.ts";

/** A running appliance. */
export interface Appliance {
  /** Where it answers: `http://127.0.0.1:5000/opendcre/1.2/`. */
  readonly url: string;
  /** The serial port of the device bus; null where there is none. */
  readonly busPath: string | null;
  /** Answers what is queued with 503, finishes what is under way, gives everything back. May be called again. */
  stop(): Promise<void>;
}

const clock = systemClock;

/**
 * Builds the appliance from its configuration and starts it, from the wire up. What was started before something fails is given
 * back.
 *
 * @throws BoardFileError, SerialPortError, ListenError, and what node:fs throws of the board file
 */
export async function startAppliance(config: Config, log: Log): Promise<Appliance> {
  await using started = new AsyncDisposableStack();
  const busPath = config.emulator.enabled ? startEmulator(config, log, started) : config.bus.device;
  const bus = busPath === null ? undefined : await startBus(busPath, config, log, started);
  const { host, port, endpointPrefix: prefix, cors, maxBodyBytes, shutdownGraceMs: graceMs } = config.server;
  const api = createApi({
    inventory: new Inventory(bus ? [bus] : [], controlWitness(log)),
    version,
    prefix,
    cors,
    limits: { maxBodyBytes },
    accessLog: accessLog(config, log),
    errorLog: errorLog(log),
  });
  const listener = listen({ api, host, port, graceMs });
  const parts = started.move();
  const stop = async () => {
    // First the queue, so that nobody waits in it any longer; then the requests under way; then what they use.
    await Promise.all([bus?.close(), listener.stop()]);
    await parts.disposeAsync();
  };
  let stopping: Promise<void> | undefined;
  return { url: `${listener.origin}${prefix}${API_VERSION}/`, busPath, stop: () => (stopping ??= stop()) };
}

/** Boards that exist in a file alone, at the other end of a pseudo terminal. Returns the path of our end. */
function startEmulator({ emulator: { file, baudDelay } }: Config, log: Log, started: AsyncDisposableStack): string {
  const emulator = new BusEmulator(loadBoardFile(file));
  const pty = started.use(openPty());
  const served = serveEmulator(pty.port, emulator, { clock, ...(baudDelay !== null && { baudDelay }) });
  started.defer(() => served.stop());
  log.info({ path: pty.path, file }, `emulating a rack on ${pty.path}`);
  return pty.path;
}

async function startBus(path: string, { bus }: Config, log: Log, started: AsyncDisposableStack): Promise<BusBackend> {
  const line = await Line.open({
    path,
    open: () => SerialPort.open(path, { baudRate: bus.baudRate }),
    reopen: { firstPauseMs: bus.reopenMinMs, longestPauseMs: bus.reopenMaxMs },
    clock,
    events: lineEvents(log),
  });
  started.defer(() => line.close());
  const { timeoutMs, retryLimit, collisionPauseMs, queueLimit, timeSlice } = bus;
  const policy = { timeoutMs, retryLimit, collisionPauseMs };
  const runner = new ExchangeRunner(line, policy, sequenceCounter(), clock, lineTrace(log, "debug"));
  return new BusBackend({ runner, clock, queueLimit, controllerId: controllerIdOf(firstMacAddress()), timeSlice });
}

/** The address of the first network interface that leads out of the machine. */
const firstMacAddress = (): string | undefined =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal }) => !internal)?.mac;

/** Writes down every command that changes something, with its outcome. */
const controlWitness =
  (log: Log): ControlWitness =>
  (command, { requestId, remote }, outcome) =>
    logControl(log, {
      requestId,
      remote,
      command: command.kind,
      board: formatBoardId(command.board),
      device: "device" in command ? formatDeviceId(command.device) : undefined,
      value: valueOf(command),
      outcome: outcome === "ok" ? "ok" : outcome instanceof DeviceError ? outcome.code : outcome.name,
    });

/** What a command sets its device to. */
function valueOf(command: Command): string | undefined {
  if (command.kind === "power") return command.action;
  if (command.kind === "led") return command.on ? "on" : "off";
  if (command.kind === "fan") return command.rpm;
  return command.kind === "boot-target" ? command.target : undefined;
}

/** Which requests are written down. */
function accessLog({ log: { access }, server: { endpointPrefix } }: Config, log: Log): AccessLog | undefined {
  if (access === "off") return undefined;
  const probe = access === "commands" ? `${endpointPrefix}${API_VERSION}/test` : undefined;
  return (entry) => {
    if (entry.path !== probe || entry.status !== 200) logAccess(log, entry);
  };
}

/** Failures that devices cause are a matter of course and known by their code; anything else is a mistake of ours. */
const errorLog =
  (log: Log): ErrorLog =>
  (error, { requestId, method, path }) => {
    const fields = { event: "failure", request_id: requestId, method, path };
    if (error instanceof DeviceError) log.warn({ ...fields, code: error.code, detail: error.detail }, error.message);
    else log.error({ ...fields, err: error }, `${method} ${path} failed: ${error.message}`);
  };
