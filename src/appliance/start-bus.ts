import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { SerialPort, SerialPortError, type SerialPortErrorCode } from "bun-serialport";
import { openPty } from "bun-serialport/testing";
import { BusBackend } from "../bus/bus-backend.ts";
import { controllerIdOf } from "../bus/controller-id.ts";
import { sequenceCounter } from "../bus/exchange.ts";
import { ExchangeRunner } from "../bus/exchange-runner.ts";
import { Line } from "../bus/line.ts";
import type { Config } from "../config/config.ts";
import { BusEmulator } from "../emulator/bus-emulator.ts";
import type { ModemConfiguration } from "../devices/modem.ts";
import type { CommandContext } from "../devices/backend.ts";
import { serveEmulator } from "../emulator/emulated-line.ts";
import { EmulatedModem, type EmulatedPins } from "../emulator/emulated-modem.ts";
import { loadBoardFile } from "../emulator/load-board-file.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { lineEvents, lineTrace } from "../telemetry/line-log.ts";
import type { Log } from "../telemetry/log.ts";

/** Where the bus is: a serial port, and the lines to a modem at it where these are emulated, too. */
export interface BusPlace {
  readonly path: string;
  readonly pins?: EmulatedPins;
}

/** The bus with all that belongs to it. */
export interface Bus {
  readonly backend: BusBackend;
  /** Asks the modem of the power-line HAT; absent where there is no HAT. */
  readonly modemConfiguration?: (context: CommandContext) => Promise<ModemConfiguration>;
  /** Refuses what waits and what comes; resolves when what is under way has ended. */
  close(): Promise<void>;
}

/** The serial port of the bus; undefined where there is none, or only the usual one, which is not there and is not missed. */
export function busPlaceIn({ bus: { device: path }, mayBusBeMissing }: Config, log: Log): BusPlace | undefined {
  if (path === null) return undefined;
  if (!mayBusBeMissing || existsSync(path)) return { path };
  log.warn(
    { event: "no-bus", bus: path },
    `there is no ${path}, and BMCs alone are served: bus.device (or --device) names the serial port of a bus; null there says that there is none`,
  );
  return undefined;
}

/** Boards that exist in a file alone, at the other end of a pseudo terminal, and the modem in between where the bus has one. */
export function startEmulator(config: Config, log: Log, started: AsyncDisposableStack): BusPlace {
  const { file, baudDelay } = config.emulator;
  const emulator = new BusEmulator(loadBoardFile(file));
  const modem = config.bus.hardware === "hat" ? new EmulatedModem("pins") : undefined;
  const pty = started.use(openPty());
  const options = { clock, ...(baudDelay !== null && { baudDelay }), ...(modem && { modem }) };
  const served = serveEmulator(pty.port, emulator, options);
  started.defer(() => served.stop());
  log.info({ bus: pty.path, file }, `emulating a rack on ${pty.path}`);
  return { path: pty.path, ...(modem && { pins: modem.pins }) };
}

/** Why a port cannot be opened that may well be there later, as after a power cut: without anybody changing the configuration. */
const passing: ReadonlySet<SerialPortErrorCode> = new Set<SerialPortErrorCode>([
  "not-found",
  "permission-denied",
  "busy",
  "unplugged",
  "io",
]);

/** The boards behind a serial port. Where BMCs are served, too, a port that is not there yet does not keep these from being. @throws SerialPortError, GpioError */
export async function startBus(
  { path, pins }: BusPlace,
  config: Config,
  log: Log,
  started: AsyncDisposableStack,
): Promise<Bus> {
  const { bus, ipmi } = config;
  const isAllThereIs = ipmi.bmcConfig === null;
  const line = await Line.open({
    path,
    open: () => SerialPort.open(path, { baudRate: bus.baudRate }),
    maybeLater: (reason) => !isAllThereIs && reason instanceof SerialPortError && passing.has(reason.code),
    reopen: { firstPauseMs: bus.reopenMinMs, longestPauseMs: bus.reopenMaxMs },
    clock,
    events: lineEvents(log),
  });
  started.defer(() => line.close());
  const { timeoutMs, retryLimit, collisionPauseMs, queueLimit, timeSlice } = bus;
  const policy = { timeoutMs, retryLimit, collisionPauseMs };
  const runner = new ExchangeRunner(line, policy, sequenceCounter(), clock, lineTrace(log, "debug"));
  const controllerId = controllerIdOf(firstMacAddress());
  const backend = new BusBackend({ runner, clock, queueLimit, controllerId, timeSlice });
  if (bus.hardware !== "hat") return { backend, close: () => backend.close() };
  const { startHat } = await import("./start-hat.ts");
  const hat = startHat({ line, runner, backend, pins }, config, log, started);
  return {
    backend,
    modemConfiguration: ({ signal }) => hat.configuration(signal),
    close() {
      hat.close();
      return backend.close();
    },
  };
}

/** The address of the first network interface that leads out of the machine. */
const firstMacAddress = (): string | undefined =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal }) => !internal)?.mac;
