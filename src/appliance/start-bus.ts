import { networkInterfaces } from "node:os";
import { SerialPort } from "bun-serialport";
import { openPty } from "bun-serialport/testing";
import { BusBackend } from "../bus/bus-backend.ts";
import { controllerIdOf } from "../bus/controller-id.ts";
import { sequenceCounter } from "../bus/exchange.ts";
import { ExchangeRunner } from "../bus/exchange-runner.ts";
import { Line } from "../bus/line.ts";
import type { Config } from "../config/config.ts";
import { BusEmulator } from "../emulator/bus-emulator.ts";
import { serveEmulator } from "../emulator/emulated-line.ts";
import { loadBoardFile } from "../emulator/load-board-file.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { lineEvents, lineTrace } from "../telemetry/line-log.ts";
import type { Log } from "../telemetry/log.ts";

/** Boards that exist in a file alone, at the other end of a pseudo terminal. Returns the path of our end. */
export function startEmulator(config: Config, log: Log, started: AsyncDisposableStack): string {
  const { file, baudDelay } = config.emulator;
  const emulator = new BusEmulator(loadBoardFile(file));
  const pty = started.use(openPty());
  const served = serveEmulator(pty.port, emulator, { clock, ...(baudDelay !== null && { baudDelay }) });
  started.defer(() => served.stop());
  log.info({ path: pty.path, file }, `emulating a rack on ${pty.path}`);
  return pty.path;
}

/** The boards behind the serial port at `path`. @throws SerialPortError */
export async function startBus(
  path: string,
  { bus }: Config,
  log: Log,
  started: AsyncDisposableStack,
): Promise<BusBackend> {
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
