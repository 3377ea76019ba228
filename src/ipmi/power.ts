import { DeviceError } from "../devices/errors.ts";
import type { PowerStatus } from "../devices/reading.ts";
import type { ChassisStatus } from "../ipmi-js/commands/chassis.ts";
import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { Bmc } from "./bmc.ts";
import { mayHaveBeenCarriedOut } from "./bmc-errors.ts";
import { pause } from "./pause.ts";

/** What can be done with a chassis' power. */
export type PowerControl = "on" | "off" | "cycle";

/** How long to wait until a chassis is as it was told to be. */
export interface SettlePolicy {
  /** Altogether. */
  readonly limitMs: number;
  /** Between two looks at it. */
  readonly pollMs: number;
}

/** Chassis take seconds to switch off; who asked waits for a few of them at most. */
export const defaultSettlePolicy: SettlePolicy = { limitMs: 5000, pollMs: 250 };

/** @see BMC bridge specification, "power" */
export const powerStatusOf = (status: ChassisStatus, inputPowerW: number): PowerStatus => ({
  raw: "0,0,0,0",
  on: status.isOn,
  ok: !status.isOverloaded && !status.hasPowerFault && !status.hasPowerControlFault,
  overCurrent: status.isOverloaded,
  underVoltage: status.hasPowerFault,
  inputPowerW,
  inputVoltageV: 0,
  outputCurrentA: 0,
});

/**
 * Switches a chassis, and waits until its status agrees, or for as long as the policy says.
 *
 * Where nobody can know whether the BMC has carried it out, the status tells: one that agrees after all has what was wanted; where it does not,
 * on and off are sent once more, because neither can have been carried out. What became of a cycle, no status tells.
 *
 * @throws DeviceError where the outcome stays unknown, IpmiError
 */
export async function switchPower(
  bmc: Bmc,
  control: PowerControl,
  clock: Clock,
  policy: SettlePolicy,
): Promise<ChassisStatus> {
  const doubt = await send(bmc, control);
  if (!doubt) return settled(bmc, control, clock, policy);
  const status = await settled(bmc, control, clock, policy).catch((error: unknown) => {
    throw outcomeUnknown(control, doubt, `and then its status could not be read: ${toError(error).message}`);
  });
  if (control === "cycle") throw outcomeUnknown(control, doubt, `the chassis is ${status.isOn ? "on" : "off"} now`);
  if (agrees(status, control)) return status;
  const again = await send(bmc, control);
  const end = await settled(bmc, control, clock, policy);
  if (again && !agrees(end, control))
    throw outcomeUnknown(control, again, `the chassis is ${end.isOn ? "on" : "off"} now`);
  return end;
}

/** Sends the command, once. Returns the failure that leaves open what became of it, if there is one. */
async function send(bmc: Bmc, control: PowerControl): Promise<Error | undefined> {
  try {
    await bmc.controlChassis(control);
    return undefined;
  } catch (error) {
    if (mayHaveBeenCarriedOut(error)) return error;
    throw error;
  }
}

const agrees = (status: ChassisStatus, control: PowerControl) => status.isOn === (control !== "off");

/** The status as soon as it agrees, or as it is when time is up. */
async function settled(bmc: Bmc, control: PowerControl, clock: Clock, policy: SettlePolicy): Promise<ChassisStatus> {
  const endMs = clock.monotonicMs() + policy.limitMs;
  let status = await bmc.getChassisStatus();
  while (!agrees(status, control) && clock.monotonicMs() + policy.pollMs <= endMs) {
    await pause(clock, policy.pollMs);
    status = await bmc.getChassisStatus();
  }
  return status;
}

const outcomeUnknown = (control: PowerControl, doubt: Error, now: string) =>
  new DeviceError(
    "no-response",
    `power ${control} may or may not have been carried out, and was not sent again (${doubt.message}); ${now}.`,
    {},
    { cause: doubt },
  );
