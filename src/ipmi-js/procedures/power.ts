import { systemClock } from "../clock.ts";
import { chassisControl, getChassisStatus, type ChassisControl, type ChassisStatus } from "../commands/chassis.ts";
import type { Requester } from "../commands/command.ts";
import { completionCodes } from "../completion-codes.ts";
import { IpmiError } from "../errors.ts";
import { isRefusedWith, pause, type ProcedureOptions } from "./procedure-options.ts";

/** How long to wait until a chassis is as it was told to be. */
export interface PowerOptions extends ProcedureOptions {
  /** Milliseconds altogether, 10,000 by default; 0 for one look. Waiting for an operating system to end takes minutes. */
  readonly limitMs?: number;
  /** Milliseconds between two looks, 250 by default. */
  readonly pollMs?: number;
}

const LIMIT_MS = 10_000;
const POLL_MS = 250;

/** A cycle that is not seen to switch off within this time was quicker than our looks. The shortest pause of most chassis is a second. */
const CYCLE_SEEN_MS = 3000;

/** What became of a power action. */
export interface PowerOutcome {
  /** As it was last read. */
  readonly status: ChassisStatus;
  /** True where it is as the action wants it; always for actions that leave power as it is. */
  readonly agrees: boolean;
}

const { nodeBusy, timeout, cannotRespond, initializing, unspecified } = completionCodes;

/** Failures that pass: some BMCs are busy, or silent, while they switch. */
const isPassing = (error: unknown): boolean =>
  isRefusedWith(error, nodeBusy, timeout, cannotRespond, initializing, unspecified) ||
  (error instanceof IpmiError && error.code === "timeout");

/** Whether power must be on after an action; undefined where it stays as it is. */
const isOnAfter = (control: ChassisControl): boolean | undefined => {
  if (control === "on" || control === "cycle") return true;
  if (control === "off" || control === "soft-off") return false;
  return undefined;
};

/** Tells from the looks at a chassis whether the action is over. */
class PowerWatch {
  readonly #control: ChassisControl;
  readonly #startMs: number;
  #wasOff = false;

  constructor(control: ChassisControl, startMs: number) {
    this.#control = control;
    this.#startMs = startMs;
  }

  agrees({ isOn }: ChassisStatus, nowMs: number): boolean {
    const wanted = isOnAfter(this.#control);
    if (wanted === undefined) return true;
    this.#wasOff ||= !isOn;
    const isCycleOver = this.#control !== "cycle" || this.#wasOff || nowMs - this.#startMs >= CYCLE_SEEN_MS;
    return isOn === wanted && isCycleOver;
  }
}

/**
 * Switches a chassis, and looks at its status until that agrees or time is up. The command is sent once: where nobody can know what became of
 * it, this fails with `mayHaveBeenCarriedOut`.
 *
 * @throws IpmiError where the command fails, or no look brings an answer
 * @see IPMI 2.0, section 28.3
 */
export async function setPower(
  requester: Requester,
  control: ChassisControl,
  options: PowerOptions = {},
): Promise<PowerOutcome> {
  await requester.execute(chassisControl, { control }, options);
  return powerSettled(() => requester.execute(getChassisStatus, {}, options), control, options);
}

/**
 * Looks at a chassis that has been told to do something until its status agrees, or time is up. Looks that fail as those at a busy BMC do are
 * made again.
 *
 * @throws what `look` throws, where it is something else, or no look brings an answer
 */
export async function powerSettled(
  look: () => Promise<ChassisStatus>,
  control: ChassisControl,
  options: PowerOptions = {},
): Promise<PowerOutcome> {
  const { clock = systemClock, limitMs = LIMIT_MS, pollMs = POLL_MS } = options;
  const startMs = clock.monotonicMs();
  const watch = new PowerWatch(control, startMs);
  let last: ChassisStatus | undefined;
  for (;;) {
    let failure: unknown;
    try {
      last = await look();
      if (watch.agrees(last, clock.monotonicMs())) return { status: last, agrees: true };
    } catch (error) {
      if (!isPassing(error)) throw error;
      failure = error;
    }
    if (clock.monotonicMs() - startMs + pollMs > limitMs) {
      if (last) return { status: last, agrees: false };
      throw failure;
    }
    await pause(pollMs, options);
  }
}
