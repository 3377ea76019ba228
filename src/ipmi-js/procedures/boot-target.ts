import type { Codec } from "../bytes/layout.ts";
import {
  bootParameters,
  getSystemBootOptions,
  setSystemBootOptions,
  type BootDevice,
  type BootFlags,
  type BootParameter,
  type BootParameterName,
  type BootType,
} from "../commands/boot-options.ts";
import type { Requester } from "../commands/command.ts";
import { completionCodeOf, isRefusedWith, pause, unlessRefused, type ProcedureOptions } from "./procedure-options.ts";

/** Set System Boot Options: another party is setting parameters. @see IPMI 2.0, section 28.12 */
const SET_IN_PROGRESS = 0x81;
const IN_PROGRESS_ATTEMPTS = 5;
const IN_PROGRESS_PAUSE_MS = 200;

/** The BIOS is marked as one that has not yet handled the boot information. */
const BIOS_MASK = 0x01;

/**
 * Reads one boot option parameter.
 *
 * @throws IpmiError
 * @see IPMI 2.0, table 28-14
 */
export async function readBootParameter<N extends BootParameterName>(
  requester: Requester,
  name: N,
  options?: ProcedureOptions,
): Promise<BootParameter<N>> {
  const { parameter, data } = codecOf(name);
  const reply = await requester.execute(getSystemBootOptions, { parameter, set: 0, block: 0 }, options);
  return data.decode(reply.data);
}

/** Writes one boot option parameter. @throws IpmiError */
export async function writeBootParameter<N extends BootParameterName>(
  requester: Requester,
  name: N,
  value: BootParameter<N>,
  options?: ProcedureOptions,
): Promise<void> {
  const { parameter, data } = codecOf(name);
  await requester.execute(setSystemBootOptions, { parameter, isLocked: false, data: data.encode(value) }, options);
}

interface ParameterCodec<N extends BootParameterName> {
  readonly parameter: number;
  readonly data: Codec<BootParameter<N>>;
}

const codecs: { readonly [N in BootParameterName]: ParameterCodec<N> } = bootParameters;

const codecOf = <N extends BootParameterName>(name: N): ParameterCodec<N> => codecs[name];

/** Where a system is to start from. */
export interface BootTargetRequest {
  readonly device: BootDevice;
  /** For all boots to come; the next one only by default. */
  readonly isPersistent?: boolean;
  /** Legacy by default, as an unset bit means. */
  readonly bootType?: BootType;
  /**
   * Keeps the BMC from dropping the request after 60 s without a power action, where it can be told so. True by default: people take longer
   * than that between setting and switching.
   */
  readonly keepsOnTimeout?: boolean;
}

/** What became of a request. */
export interface BootTargetOutcome {
  /** As they were read back. */
  readonly flags: BootFlags;
  /** True where the BMC kept the device. */
  readonly tookEffect: boolean;
  /** Members of the request that read otherwise now. Some BMCs keep the device, and say that it is not valid. */
  readonly differences: readonly ("isValid" | "isPersistent" | "bootType" | "device")[];
  /** True where the BMC took it that the request shall outlast 60 s. */
  readonly outlastsTimeout: boolean;
}

/** What the system starts from next; it counts where `isValid` is true. @throws IpmiError */
export const getBootTarget = (requester: Requester, options?: ProcedureOptions): Promise<BootFlags> =>
  readBootParameter(requester, "bootFlags", options);

/** @returns whether the BMC took it */
async function keepOnTimeout(requester: Requester, options: ProcedureOptions): Promise<boolean> {
  const now = await unlessRefused(readBootParameter(requester, "flagValidityClearing", options));
  if (now?.keepsOnTimeout) return true;
  const value = {
    ...(now ?? {
      keepsOnPowerButton: false,
      keepsOnResetButton: false,
      keepsOnWatchdog: false,
      keepsOnEventFilter: false,
    }),
    keepsOnTimeout: true,
  };
  return taken(writeBootParameter(requester, "flagValidityClearing", value, options));
}

async function taken(written: Promise<void>): Promise<boolean> {
  try {
    await written;
    return true;
  } catch (error) {
    if (completionCodeOf(error) === undefined) throw error;
    return false;
  }
}

/** Announces a change, and ends it afterwards, where the BMC knows that. Waits for another party that is at it. */
async function duringChange(
  requester: Requester,
  options: ProcedureOptions,
  change: () => Promise<void>,
): Promise<void> {
  const mark = (progress: "in-progress" | "complete") =>
    writeBootParameter(requester, "setInProgress", { progress }, options);
  let isMarked = false;
  for (let attempt = 1; !isMarked; attempt++) {
    try {
      await mark("in-progress");
      isMarked = true;
    } catch (error) {
      if (completionCodeOf(error) === undefined) throw error;
      // BMCs that have no such parameter take the others all the same; whoever else began and never ended has no say for ever.
      if (!isRefusedWith(error, SET_IN_PROGRESS) || attempt === IN_PROGRESS_ATTEMPTS) break;
      await pause(IN_PROGRESS_PAUSE_MS, options);
    }
  }
  const end = async () => isMarked && (await taken(mark("complete")));
  try {
    await change();
  } catch (error) {
    // What became of the change is what counts.
    await end().catch(() => undefined);
    throw error;
  }
  await end();
}

function differencesOf(flags: BootFlags, request: Required<BootTargetRequest>): BootTargetOutcome["differences"] {
  const { device, isPersistent, bootType } = request;
  const wanted = { isValid: true, isPersistent, bootType, device } as const;
  const names = ["isValid", "isPersistent", "bootType", "device"] as const;
  return names.filter((name) => flags[name] !== wanted[name]);
}

/**
 * Says where the system is to start from, and reads back what the BMC made of it.
 *
 * @throws IpmiError where the boot flags cannot be written or read back; what is written around them may be refused
 * @see IPMI 2.0, section 28.12 and table 28-14
 */
export async function setBootTarget(
  requester: Requester,
  request: BootTargetRequest,
  options: ProcedureOptions = {},
): Promise<BootTargetOutcome> {
  const whole = { isPersistent: false, bootType: "legacy", keepsOnTimeout: true, ...request } as const;
  const outlastsTimeout = whole.keepsOnTimeout && (await keepOnTimeout(requester, options));
  await duringChange(requester, options, async () => {
    const unhandled = { mask: BIOS_MASK, byOsLoader: false, byServicePartition: false, bySystemManagement: false };
    await taken(
      writeBootParameter(requester, "infoAcknowledge", { ...unhandled, byBios: true, byOem: false }, options),
    );
    await writeBootParameter(requester, "bootFlags", flagsFor(whole), options);
  });
  const flags = await getBootTarget(requester, options);
  const differences = differencesOf(flags, whole);
  return { flags, tookEffect: !differences.includes("device"), differences, outlastsTimeout };
}

const flagsFor = ({ device, isPersistent, bootType }: Required<BootTargetRequest>): BootFlags => ({
  isValid: true,
  isPersistent,
  bootType,
  device,
  clearsCmos: false,
  locksKeyboard: false,
  blanksScreen: false,
  locksResetButton: false,
  locksPowerButton: false,
  verbosity: "default",
  forcesProgressTraps: false,
  bypassesPassword: false,
  locksSleepButton: false,
  consoleRedirection: "default",
  overridesSharedMode: false,
  mux: "recommended",
  deviceInstance: 0,
});
