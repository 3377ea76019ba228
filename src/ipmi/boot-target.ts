import type { BootTarget } from "../devices/command.ts";
import { DeviceError } from "../devices/errors.ts";
import type { Bmc, BootSelection } from "./bmc.ts";
import { mayHaveBeenCarriedOut } from "./bmc-errors.ts";

/** What reading a selection needs to know of the BMC, and learns. */
export interface BootValidity {
  /** True where the BMC is known never to say that a selection is valid: then its device counts by itself. */
  ignoresBootValidity: boolean;
}

/** What the chassis boots from next. @throws IpmiError; DeviceError where API 1.2 has no word for it */
export async function readBootTarget(bmc: Bmc, validity: BootValidity): Promise<BootTarget> {
  return targetOf(await bmc.getBootSelection(), validity);
}

/**
 * Sets it for the next boot, and returns what was read back. Setting it twice is setting it once: where nobody knows whether it was set, it is
 * set again unless it reads so.
 *
 * @throws IpmiError; DeviceError where the BMC reads back another device
 */
export async function setBootTarget(bmc: Bmc, target: BootTarget, validity: BootValidity): Promise<BootTarget> {
  let selection: BootSelection;
  try {
    selection = await bmc.setBootTarget(target);
  } catch (error) {
    if (!mayHaveBeenCarriedOut(error)) throw error;
    selection = await bmc.getBootSelection();
    if (selection.target !== target || !selection.isValid) selection = await bmc.setBootTarget(target);
  }
  // It has just been set, with the valid bit: a BMC that returns the device without the bit does not keep it.
  if (target !== "no_override" && selection.target === target) validity.ignoresBootValidity = !selection.isValid;
  return targetOf(selection, validity);
}

function targetOf({ target, device, isValid }: BootSelection, { ignoresBootValidity }: BootValidity): BootTarget {
  if (!isValid && !ignoresBootValidity) return "no_override";
  if (target !== undefined) return target;
  const message = `it boots from ${device} next, for which there is no word but hdd, pxe and no_override.`;
  throw new DeviceError("bad-value", message, { expected: "hdd, pxe or no_override", received: device });
}
