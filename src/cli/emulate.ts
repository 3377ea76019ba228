import type { ByteStream } from "../bus/byte-stream.ts";
import { Line } from "../bus/line.ts";
import { BusEmulator } from "../emulator/bus-emulator.ts";
import { EmulatedModem } from "../emulator/emulated-modem.ts";
import { serveEmulator } from "../emulator/emulated-line.ts";
import { systemClock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import { lineEvents, lineTrace } from "../telemetry/line-log.ts";
import { createLog } from "../telemetry/log.ts";
import { loadBoardFile } from "../emulator/load-board-file.ts";
import { optionOf, textOf, type CommandContext, type Invocation } from "./command.ts";
import { compileFreely } from "./compiler-policy.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { configWithoutFile } from "./settings.ts";
import { endOnUncaughtErrors, untilToldToStop } from "./shutdown.ts";
import type { EmulateWorld } from "./emulate-world.ts";
import { UsageError } from "./usage-error.ts";

const realWorld: EmulateWorld = {
  openPort: async (path, options) => (await import("bun-serialport")).SerialPort.open(path, options),
  createLog,
  process,
  clock: systemClock,
};

/** `opendcre emulate`: a rack, or a BMC where `--bmc` is given. */
export async function emulate(invocation: Invocation, context: CommandContext, world = realWorld): Promise<ExitCode> {
  const isBmc = optionOf(invocation, "bmc") !== undefined;
  refuseOthers(invocation, isBmc ? ["device", "baud-rate", "baud-delay", "hat"] : ["host", "port"], isBmc);
  if (!isBmc) return emulateRack(invocation, context, world);
  const { emulateBmc } = await import("./emulate-bmc.ts");
  return emulateBmc(invocation, context, world);
}

/** Options of the one say nothing about the other. @throws UsageError */
function refuseOthers(invocation: Invocation, others: readonly string[], isBmc: boolean): void {
  const given = others.find((name) => optionOf(invocation, name) !== undefined);
  if (given === undefined) return;
  throw new UsageError(
    isBmc ? `--${given} is for a rack; a BMC takes --host and --port` : `--${given} goes with --bmc`,
  );
}

/** Answers on a serial port as the boards of a board file would, until the process is told to stop. */
async function emulateRack(invocation: Invocation, context: CommandContext, world: EmulateWorld): Promise<ExitCode> {
  const toldToStop = untilToldToStop(world.process, world.clock);
  const path = textOf(invocation, "device");
  if (path === undefined) throw new UsageError("opendcre emulate needs a serial port to answer on: --device TTY");
  const { bus, emulator: emulation, log: logging } = configWithoutFile(invocation, context);
  const file = loadBoardFile(invocation.argument);
  const log = await world.createLog(logging);
  endOnUncaughtErrors(world.process, log);
  const line = await Line.open({
    path,
    open: () => world.openPort(path, { baudRate: bus.baudRate }),
    reopen: { firstPauseMs: bus.reopenMinMs, longestPauseMs: bus.reopenMaxMs },
    clock: world.clock,
    events: lineEvents(log),
  });
  const trace = lineTrace(log, "trace");
  const emulated = serveEmulator(steadyStream(line), new BusEmulator(file), {
    clock: world.clock,
    ...(emulation.baudDelay !== null && { baudDelay: emulation.baudDelay }),
    ...(optionOf(invocation, "hat") !== undefined && { modem: new EmulatedModem("bytes") }),
    ...(trace && { log: trace }),
  });
  log.info({ bus: path, file: invocation.argument ?? null }, `emulating a rack on ${path}`);
  compileFreely();
  const signal = await toldToStop;
  log.info({ signal }, "stopping");
  emulated.stop();
  await line.close().catch((error: unknown) => log.error({ err: toError(error) }, "the port was not given back"));
  return exitCodes.ok;
}

/** A line as a stream that is never lost: what is written while the port is away goes where it would on an open cable. */
function steadyStream(line: Line): ByteStream {
  return {
    path: line.path,
    subscribe(listener) {
      line.listen({ data: (bytes) => listener.data(bytes), lost: () => undefined });
      return () => line.listen({ data: () => undefined, lost: () => undefined });
    },
    async write(bytes) {
      if (line.state.kind === "down") return;
      const { stream } = line.state;
      await stream.write(bytes).catch((error: unknown) => line.fail(toError(error), stream));
    },
    flush(direction) {
      if (line.state.kind === "up") line.state.stream.flush(direction);
    },
    close: () => line.close(),
  };
}
