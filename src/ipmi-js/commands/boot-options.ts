import { bits, bytesAt, empty, flag, layout, named, optional, rest, u32, u8, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { repeatable } from "./define.ts";

/** @see IPMI 2.0, section 28.13 */
export const getSystemBootOptions = repeatable(
  "Get System Boot Options",
  netFns.chassis,
  0x09,
  layout({
    parameter: bits(0, 0, 7),
    /** Which of several, 0 for parameters that are there once. */
    set: u8(1),
    block: u8(2),
  }),
  layout({
    version: bits(0, 0, 4),
    parameter: bits(1, 0, 7),
    isLocked: flag(1, 7),
    data: rest(2),
  }),
);

/** @see IPMI 2.0, section 28.12 */
export const setSystemBootOptions = repeatable(
  "Set System Boot Options",
  netFns.chassis,
  0x08,
  layout({
    parameter: bits(0, 0, 7),
    /** Marks the parameter as invalid. Without data only this is set. */
    isLocked: flag(0, 7),
    data: rest(1),
  }),
  empty,
);

const progress = ["complete", "in-progress", "commit"] as const;

const bootDevices = {
  0: "no-override",
  1: "pxe",
  2: "hdd",
  3: "hdd-safe-mode",
  4: "diagnostic-partition",
  5: "cd",
  6: "bios-setup",
  7: "remote-floppy",
  8: "remote-cd",
  9: "remote-media",
  11: "remote-hdd",
  15: "floppy",
} as const;

/** Where a system can be told to start from; `hdd` is the default disk, `cd` any CD or DVD, `floppy` any removable medium. */
export type BootDevice = (typeof bootDevices)[keyof typeof bootDevices];

const bootTypes = ["legacy", "efi"] as const;
export type BootType = (typeof bootTypes)[number];

const verbosities = ["default", "quiet", "verbose"] as const;
const redirections = ["default", "skipped", "enabled"] as const;
const muxOverrides = ["recommended", "bmc", "system"] as const;

/** Who has handled boot information: bits of a write mask, and of the data. */
const acknowledgements = (at: number) => ({
  byBios: flag(at, 0),
  byOsLoader: flag(at, 1),
  byServicePartition: flag(at, 2),
  bySystemManagement: flag(at, 3),
  byOem: flag(at, 4),
});

/** Number and form of the data of each parameter. @see IPMI 2.0, table 28-14 */
export const bootParameters = {
  setInProgress: { parameter: 0, data: layout({ progress: named(bits(0, 0, 2), progress) }) },
  servicePartitionSelector: { parameter: 1, data: layout({ selector: u8(0) }) },
  servicePartitionScan: {
    parameter: 2,
    data: layout({ isDiscovered: flag(0, 0), scansAtNextBoot: flag(0, 1) }),
  },
  /** When the BMC clears the valid bit of the boot flags by itself; a set bit keeps it from doing so. */
  flagValidityClearing: {
    parameter: 3,
    data: layout({
      keepsOnPowerButton: flag(0, 0),
      keepsOnResetButton: flag(0, 1),
      keepsOnWatchdog: flag(0, 2),
      /** Else the flags end 60 s after they were set, unless a Chassis Control command comes before. */
      keepsOnTimeout: flag(0, 3),
      keepsOnEventFilter: flag(0, 4),
    }),
  },
  infoAcknowledge: {
    parameter: 4,
    data: layout({
      /** Which bits of `acknowledged` are written. */
      mask: u8(0),
      ...acknowledgements(1),
    }),
  },
  bootFlags: {
    parameter: 5,
    data: layout(
      {
        isValid: flag(0, 7),
        /** True for all boots to come, false for the next one. */
        isPersistent: flag(0, 6),
        bootType: named(bits(0, 5, 1), bootTypes),
        clearsCmos: flag(1, 7),
        locksKeyboard: flag(1, 6),
        device: named(bits(1, 2, 4), bootDevices),
        blanksScreen: flag(1, 1),
        locksResetButton: flag(1, 0),
        locksPowerButton: optional(flag(2, 7)),
        verbosity: optional(named(bits(2, 5, 2), verbosities)),
        forcesProgressTraps: optional(flag(2, 4)),
        bypassesPassword: optional(flag(2, 3)),
        locksSleepButton: optional(flag(2, 2)),
        consoleRedirection: optional(named(bits(2, 0, 2), redirections)),
        overridesSharedMode: optional(flag(3, 3)),
        mux: optional(named(bits(3, 0, 3), muxOverrides)),
        /** Which of several devices, 0 for any. */
        deviceInstance: optional(bits(4, 0, 5)),
      },
      5,
    ),
  },
  initiatorInfo: {
    parameter: 6,
    data: layout({
      channel: bits(0, 0, 4),
      sessionId: u32(1),
      /** Seconds, as SEL times are. */
      time: u32(5),
    }),
  },
  /** Text or data for the system's start, 16 bytes at a time. */
  initiatorMailbox: { parameter: 7, data: layout({ block: u8(0), data: bytesAt(1, 16) }) },
} as const;

export type BootParameterName = keyof typeof bootParameters;

/** What a parameter's data says. */
export type BootParameter<N extends BootParameterName> = Decoded<(typeof bootParameters)[N]["data"]>;
export type BootFlags = BootParameter<"bootFlags">;
