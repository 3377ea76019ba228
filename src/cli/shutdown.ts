import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { Log } from "../telemetry/log.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";

/** The process, as far as its end is concerned. */
export interface ProcessEvents {
  on(
    event: "SIGTERM" | "SIGINT" | "SIGHUP" | "uncaughtException" | "unhandledRejection",
    listener: (what: unknown) => void,
  ): unknown;
  exit(code: ExitCode): void;
}

/** A process that was told to stop has ended after this long, whatever happens; systemd and people wait little longer. */
const LONGEST_STOP_MS = 4800;

const stopSignals = ["SIGTERM", "SIGINT"] as const;

/**
 * Resolves with the name of the first signal that asks the process to stop. From then on it has `LONGEST_STOP_MS` to end by
 * itself. Further signals change nothing.
 */
export function untilToldToStop(process: ProcessEvents, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of stopSignals) {
      process.on(signal, () => {
        if (isStopping) return;
        isStopping = true;
        clock.after(LONGEST_STOP_MS, () => process.exit(exitCodes.ok));
        resolve(signal);
      });
    }
  });
}

/** SIGHUP from now on: those that come before someone handles them are not lost, and do not end the process. */
export function countHangUps(process: ProcessEvents): { handleWith(action: () => void): void } {
  let missed = false;
  let handle = (): void => {
    missed = true;
  };
  process.on("SIGHUP", () => handle());
  return {
    handleWith(action) {
      handle = action;
      if (missed) action();
    },
  };
}

/** Has errors that nobody caught logged, and the process ended: what state it is in, nobody knows. */
export function endOnUncaughtErrors(process: ProcessEvents, log: Log): void {
  const end = (what: string) => (thrown: unknown) => {
    log.fatal({ err: toError(thrown) }, `${what}: the program ends`);
    process.exit(exitCodes.software);
  };
  process.on("uncaughtException", end("an error was not caught"));
  process.on("unhandledRejection", end("a rejection was not handled"));
}
