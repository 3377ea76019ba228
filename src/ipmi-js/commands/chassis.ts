import { bits, empty, flag, layout, named, optional, u32, u8, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { once, repeatable } from "./define.ts";

/** Addresses are slave addresses on the IPMB, 20h the BMC. @see IPMI 2.0, section 28.1 */
export const getChassisCapabilities = repeatable(
  "Get Chassis Capabilities",
  netFns.chassis,
  0x00,
  empty,
  layout({
    hasIntrusionSensor: flag(0, 0),
    hasFrontPanelLockout: flag(0, 1),
    hasDiagnosticInterrupt: flag(0, 2),
    hasPowerInterlock: flag(0, 3),
    fruAddress: u8(1),
    sdrAddress: u8(2),
    selAddress: u8(3),
    systemManagementAddress: u8(4),
    /** 20h where it is absent. */
    bridgeAddress: optional(u8(5)),
  }),
);
export type ChassisCapabilities = Decoded<typeof getChassisCapabilities.reply>;

const restorePolicies = { 0: "always-off", 1: "previous", 2: "always-on", 3: "unknown" } as const;
const identifyStates = { 0: "off", 1: "timed", 2: "indefinite" } as const;

/**
 * Some BMCs leave out the last byte, and some say nothing about the identify state: `identifyState` means something only where
 * `knowsIdentifyState` is true.
 *
 * @see IPMI 2.0, section 28.2
 */
export const getChassisStatus = repeatable(
  "Get Chassis Status",
  netFns.chassis,
  0x01,
  empty,
  layout({
    isOn: flag(0, 0),
    isOverloaded: flag(0, 1),
    /** The power supply is locked because an interlock is open. */
    isInterlocked: flag(0, 2),
    hasPowerFault: flag(0, 3),
    hasPowerControlFault: flag(0, 4),
    restorePolicy: named(bits(0, 5, 2), restorePolicies),
    wentOffByAcFailure: flag(1, 0),
    wentOffByOverload: flag(1, 1),
    wentOffByInterlock: flag(1, 2),
    wentOffByFault: flag(1, 3),
    wentOnByCommand: flag(1, 4),
    isIntruded: flag(2, 0),
    isFrontPanelLocked: flag(2, 1),
    hasDriveFault: flag(2, 2),
    hasCoolingFault: flag(2, 3),
    identifyState: named(bits(2, 4, 2), identifyStates),
    knowsIdentifyState: flag(2, 6),
    isPowerButtonDisabled: optional(flag(3, 0)),
    isResetButtonDisabled: optional(flag(3, 1)),
    isDiagnosticButtonDisabled: optional(flag(3, 2)),
    isStandbyButtonDisabled: optional(flag(3, 3)),
    canDisablePowerButton: optional(flag(3, 4)),
    canDisableResetButton: optional(flag(3, 5)),
    canDisableDiagnosticButton: optional(flag(3, 6)),
    canDisableStandbyButton: optional(flag(3, 7)),
  }),
);
export type ChassisStatus = Decoded<typeof getChassisStatus.reply>;

const controls = ["off", "on", "cycle", "reset", "diagnostic-interrupt", "soft-off"] as const;

/** What Chassis Control can be asked for: `off` at once, `soft-off` by way of the operating system. */
export type ChassisControl = (typeof controls)[number];

/** Answered before it takes effect. @see IPMI 2.0, section 28.3 */
export const chassisControl = once(
  "Chassis Control",
  netFns.chassis,
  0x02,
  layout({ control: named(bits(0, 0, 4), controls) }),
  empty,
);

/** The longest that a timed identification lasts. */
export const LONGEST_IDENTIFY_SECONDS = 255;

/** @see IPMI 2.0, section 28.5 */
export const chassisIdentify = once(
  "Chassis Identify",
  netFns.chassis,
  0x04,
  layout({
    /** 0 for off; 15 s where it is absent. */
    intervalSeconds: optional(u8(0)),
    /** True for on until further notice, whatever the interval. Not every BMC takes this byte. */
    isForced: optional(flag(1, 0)),
  }),
  empty,
);

/** What to do when power comes back; `no-change` only asks which policies there are. */
const settablePolicies = { 0: "always-off", 1: "previous", 2: "always-on", 3: "no-change" } as const;

/** @see IPMI 2.0, section 28.8 */
export const setPowerRestorePolicy = repeatable(
  "Set Power Restore Policy",
  netFns.chassis,
  0x06,
  layout({ policy: named(bits(0, 0, 3), settablePolicies) }),
  layout({ canStayOff: flag(0, 0), canRestorePrevious: flag(0, 1), canPowerOn: flag(0, 2) }),
);

const restartCauses = [
  "unknown",
  "chassis-control",
  "reset-button",
  "power-button",
  "watchdog",
  "oem",
  "power-restored-always-on",
  "power-restored-previous",
  "event-filter-reset",
  "event-filter-power-cycle",
  "soft-reset",
  "clock",
] as const;

/** @see IPMI 2.0, section 28.11 */
export const getSystemRestartCause = repeatable(
  "Get System Restart Cause",
  netFns.chassis,
  0x07,
  empty,
  layout({
    cause: named(bits(0, 0, 4), restartCauses),
    /** By which the command came, with `chassis-control`. */
    channel: optional(u8(1)),
  }),
);

/** Power-on hours: `counter` times `minutesPerCount`. @see IPMI 2.0, section 28.14 */
export const getPohCounter = repeatable(
  "Get POH Counter",
  netFns.chassis,
  0x0f,
  empty,
  layout({ minutesPerCount: u8(0), counter: u32(1) }),
);
