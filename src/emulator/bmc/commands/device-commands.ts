import {
  coldReset,
  getAcpiPowerState,
  getBmcGlobalEnables,
  getDeviceGuid,
  getDeviceId,
  getSelfTestResults,
  getSystemGuid,
  warmReset,
} from "../../../ipmi-js/commands/device.ts";
import { needs, type Caller, type CommandSet } from "./command-set.ts";

const restart = (caller: Caller) => {
  caller.afterwards(() => caller.restart());
  return {};
};

/** "Global" commands, IPMI 2.0 section 20. */
export function addDeviceCommands(commands: CommandSet): void {
  commands
    .on(getDeviceId, needs.user, ({ model: { description } }) => {
      const { device, sdrs } = description;
      const [major = "0", minor = "0"] = device.firmware.split(".");
      return {
        deviceId: device.id,
        hasDeviceSdrs: sdrs !== "repository",
        deviceRevision: device.revision,
        isUpdating: false,
        firmwareMajor: Number(major),
        firmwareMinor: Number(minor),
        ipmiVersion: "2.0",
        isChassisDevice: true,
        isBridge: description.controllers.length > 0,
        isEventGenerator: true,
        isEventReceiver: true,
        hasFru: description.frus.length > 0,
        hasSel: true,
        hasSdrRepository: sdrs === "repository",
        hasSensors: true,
        manufacturerId: device.manufacturerId,
        productId: device.productId,
        auxiliaryFirmware: device.auxFirmware,
      };
    })
    .on(coldReset, needs.administrator, restart)
    .on(warmReset, needs.administrator, restart)
    .on(getSelfTestResults, needs.user, () => ({ result: "passed", detail: 0 }))
    .on(getAcpiPowerState, needs.user, ({ model: { chassis } }) => ({
      system: chassis.isOn ? "s0-working" : "s5-soft-off",
      device: "d0",
    }))
    .on(getDeviceGuid, needs.user, ({ model }) => ({ guid: model.description.device.guid }))
    .on(getSystemGuid, needs.nothing, ({ model }) => ({ guid: model.description.device.guid }))
    .on(getBmcGlobalEnables, needs.user, () => ({
      isMessageQueueInterruptEnabled: false,
      isEventBufferInterruptEnabled: false,
      isEventBufferEnabled: false,
      isSelEnabled: true,
      oem: 0,
    }));
}
