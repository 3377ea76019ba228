import { chassisIdentify, getChassisStatus, LONGEST_IDENTIFY_SECONDS } from "../commands/chassis.ts";
import type { Requester } from "../commands/command.ts";
import { completionCodes } from "../completion-codes.ts";
import { isRefusedWith, type ProcedureOptions } from "./procedure-options.ts";

/** How the light is on: `indefinite` until it is switched off, `timed` until it ends by itself or is renewed. */
export type IdentifyOutcome =
  | { readonly mode: "off" }
  | { readonly mode: "indefinite" }
  | { readonly mode: "timed"; readonly seconds: number };

const {
  requestLengthInvalid,
  requestLengthExceeded,
  parameterOutOfRange,
  invalidDataField,
  notInPresentState,
  disabled,
} = completionCodes;

/** Whether a light was not forced because the BMC does not take that: a timed one it may. */
export const isForceRefused = (error: unknown): boolean =>
  isRefusedWith(
    error,
    requestLengthInvalid,
    requestLengthExceeded,
    parameterOutOfRange,
    invalidDataField,
    notInPresentState,
    disabled,
  );

/**
 * Switches the light by which people find a chassis.
 *
 * On is forced where the BMC takes that. Where it does not, or takes it and says that the light is timed, it is on for the longest interval there
 * is, 255 s: renew it before that.
 *
 * @throws IpmiError
 * @see IPMI 2.0, section 28.5
 */
export async function setIdentify(
  requester: Requester,
  isOn: boolean,
  options: ProcedureOptions = {},
): Promise<IdentifyOutcome> {
  if (!isOn) {
    await requester.execute(chassisIdentify, { intervalSeconds: 0, isForced: undefined }, options);
    return { mode: "off" };
  }
  const timed = { mode: "timed", seconds: LONGEST_IDENTIFY_SECONDS } as const;
  const request = { intervalSeconds: LONGEST_IDENTIFY_SECONDS, isForced: undefined };
  try {
    // With the interval besides: a BMC that ignores the second byte has the light on, and not off.
    await requester.execute(chassisIdentify, { ...request, isForced: true }, options);
  } catch (error) {
    if (!isForceRefused(error)) throw error;
    await requester.execute(chassisIdentify, request, options);
    return timed;
  }
  const { knowsIdentifyState, identifyState } = await requester.execute(getChassisStatus, {}, options);
  return knowsIdentifyState && identifyState === "timed" ? timed : { mode: "indefinite" };
}

/** Switches the light on for a time, 1–255 s. @throws IpmiError */
export const identifyFor = async (requester: Requester, seconds: number, options?: ProcedureOptions): Promise<void> => {
  await requester.execute(chassisIdentify, { intervalSeconds: seconds, isForced: undefined }, options);
};
