import type { Clock } from "../clock.ts";
import { systemClock } from "../clock.ts";
import type { CallOptions } from "../commands/command.ts";
import { IpmiError } from "../errors.ts";

/** How a procedure, which is many calls, is to be made. `deadlineMs` is that of each call; `signal` ends them all. */
export interface ProcedureOptions extends CallOptions {
  /** For pauses; the machine's by default. */
  readonly clock?: Clock;
  /** 0 to 1, for pauses that differ from those of other clients; `Math.random` by default. */
  readonly random?: () => number;
}

const cancelled = () => new IpmiError("cancelled", "The call was cancelled.");

/** Waits. @throws IpmiError `cancelled`, at once when the signal is aborted */
export function pause(delayMs: number, { clock = systemClock, signal }: ProcedureOptions): Promise<void> {
  if (signal?.aborted) return Promise.reject(cancelled());
  return new Promise((resolve, reject) => {
    const abort = () => {
      timer.cancel();
      reject(cancelled());
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** The completion code with which a command was refused; undefined for all other failures. */
export const completionCodeOf = (error: unknown): number | undefined =>
  error instanceof IpmiError && error.code === "completion-code" ? error.detail.completionCode : undefined;

/** Whether a command was refused with one of these codes. */
export function isRefusedWith(error: unknown, ...codes: readonly number[]): boolean {
  const code = completionCodeOf(error);
  return code !== undefined && codes.includes(code);
}

/** The answer, or undefined where the BMC refuses the command, whatever it says. */
export async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (completionCodeOf(error) === undefined) throw error;
    return undefined;
  }
}
