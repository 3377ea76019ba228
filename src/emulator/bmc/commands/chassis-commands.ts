import {
  chassisControl,
  chassisIdentify,
  getChassisCapabilities,
  getChassisStatus,
  getPohCounter,
  getSystemRestartCause,
  setPowerRestorePolicy,
} from "../../../ipmi-js/commands/chassis.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import type { BmcModel } from "../model/bmc-model.ts";
import type { PowerControl } from "../model/chassis.ts";
import { followers } from "../model/happenings.ts";
import { LAN_CHANNEL } from "../model/lan-settings.ts";
import { needs, type Caller, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

const BMC = 0x20;
const MINUTES_PER_HOUR = 60;
/** When the request does not say how long. @see IPMI 2.0, section 28.5 */
const DEFAULT_IDENTIFY_S = 15;
/** Offsets of sensor types 05h, 08h and 0Dh. */
const [CHASSIS_INTRUSION, SUPPLY_FAILURE, DRIVE_FAULT] = [0, 1, 1];
const FAN = 0x04;
/** Comparisons of "lower critical" and "lower non-recoverable". */
const TOO_LOW = 0b110;

const hasCoolingFault = ({ sensors, surroundings }: BmcModel) =>
  sensors.analog.some((sensor) => sensor.sensorType === FAN && (sensor.read(surroundings).comparison & TOO_LOW) !== 0);

const buttons = {
  isPowerButtonDisabled: false,
  isResetButtonDisabled: false,
  isDiagnosticButtonDisabled: false,
  isStandbyButtonDisabled: false,
  canDisablePowerButton: false,
  canDisableResetButton: false,
  canDisableDiagnosticButton: false,
  canDisableStandbyButton: false,
} as const;

const noButtons = {
  isPowerButtonDisabled: undefined,
  isResetButtonDisabled: undefined,
  isDiagnosticButtonDisabled: undefined,
  isStandbyButtonDisabled: undefined,
  canDisablePowerButton: undefined,
  canDisableResetButton: undefined,
  canDisableDiagnosticButton: undefined,
  canDisableStandbyButton: undefined,
} as const;

function statusOf({ model }: Caller) {
  const { chassis, identify, sensors, description } = model;
  const { identifyReported, chassisStatusBytes } = description.quirks;
  return {
    isOn: chassis.isOn,
    isOverloaded: false,
    isInterlocked: false,
    hasPowerFault: sensors.isAny(followers.powerSupply, SUPPLY_FAILURE),
    hasPowerControlFault: false,
    restorePolicy: chassis.restorePolicy,
    wentOffByAcFailure: false,
    wentOffByOverload: false,
    wentOffByInterlock: false,
    wentOffByFault: false,
    wentOnByCommand: chassis.wentOnByCommand,
    isIntruded: sensors.isAny(followers.intrusion, CHASSIS_INTRUSION),
    isFrontPanelLocked: false,
    hasDriveFault: sensors.isAny(followers.driveSlot, DRIVE_FAULT),
    hasCoolingFault: hasCoolingFault(model),
    identifyState: identifyReported ? identify.state : "off",
    knowsIdentifyState: identifyReported,
    ...(chassisStatusBytes === 4 ? buttons : noButtons),
  } as const;
}

const controls: readonly PowerControl[] = ["off", "on", "cycle", "reset", "diagnostic-interrupt", "soft-off"];

/** Chassis commands but for the boot options, IPMI 2.0 section 28. */
export function addChassisCommands(commands: CommandSet): void {
  commands
    .on(getChassisCapabilities, needs.user, () => ({
      hasIntrusionSensor: true,
      hasFrontPanelLockout: false,
      hasDiagnosticInterrupt: true,
      hasPowerInterlock: false,
      fruAddress: BMC,
      sdrAddress: BMC,
      selAddress: BMC,
      systemManagementAddress: BMC,
      bridgeAddress: BMC,
    }))
    .on(getChassisStatus, needs.user, statusOf)
    .on(chassisControl, needs.operator, ({ model: { chassis, bootOptions } }, { control }) => {
      const action = controls.find((name) => name === control) ?? refuse(completionCodes.invalidDataField);
      if (!chassis.control(action, "chassis-control")) refuse(completionCodes.notInPresentState);
      bootOptions.noteControl();
      return {};
    })
    .on(chassisIdentify, needs.operator, ({ model }, { intervalSeconds, isForced }) => {
      const { identify, description } = model;
      if (isForced !== undefined && !description.quirks.identifyForce) refuse(completionCodes.requestLengthInvalid);
      if (isForced === true) identify.lightUntilFurtherNotice();
      else identify.light(intervalSeconds ?? DEFAULT_IDENTIFY_S);
      return {};
    })
    .on(setPowerRestorePolicy, needs.operator, ({ model: { chassis } }, { policy }) => {
      if (policy.startsWith("reserved-")) refuse(completionCodes.invalidDataField);
      if (policy === "always-off" || policy === "previous" || policy === "always-on") chassis.restorePolicy = policy;
      return { canStayOff: true, canRestorePrevious: true, canPowerOn: true };
    })
    .on(getSystemRestartCause, needs.user, ({ model: { chassis } }) => ({
      cause: chassis.restartCause,
      channel: chassis.restartCause === "chassis-control" ? LAN_CHANNEL : 0,
    }))
    .on(getPohCounter, needs.user, ({ model: { chassis } }) => ({
      minutesPerCount: MINUTES_PER_HOUR,
      counter: chassis.powerOnHours,
    }));
}
