import type { Command } from "./command.ts";
import { getSystemBootOptions, setSystemBootOptions } from "./boot-options.ts";
import {
  getChannelInfo,
  getChannelAccess,
  getUserAccess,
  setUserAccess,
  getUserName,
  setUserName,
  setUserPassword,
} from "./channel-user.ts";
import {
  getChassisCapabilities,
  getChassisStatus,
  chassisControl,
  chassisIdentify,
  setPowerRestorePolicy,
  getSystemRestartCause,
  getPohCounter,
} from "./chassis.ts";
import {
  getDcmiCapabilitiesInfo,
  getPowerReading,
  getPowerLimit,
  setPowerLimit,
  activatePowerLimit,
  getAssetTag,
  setAssetTag,
  getManagementControllerIdString,
  setManagementControllerIdString,
  getDcmiSensorInfo,
  getTemperatureReadings,
} from "./dcmi.ts";
import {
  getDeviceId,
  coldReset,
  warmReset,
  getSelfTestResults,
  getAcpiPowerState,
  getDeviceGuid,
  getSystemGuid,
  getMessageFlags,
  getBmcGlobalEnables,
} from "./device.ts";
import { getFruInventoryAreaInfo, readFruData, writeFruData } from "./fru-commands.ts";
import { getLanConfigurationParameters, setLanConfigurationParameters } from "./lan.ts";
import {
  getSdrRepositoryInfo,
  getSdrRepositoryAllocationInfo,
  reserveSdrRepository,
  getSdr,
  getSdrRepositoryTime,
  getDeviceSdrInfo,
  getDeviceSdr,
  reserveDeviceSdrRepository,
} from "./sdr.ts";
import {
  getSelInfo,
  getSelAllocationInfo,
  reserveSel,
  getSelEntry,
  addSelEntry,
  deleteSelEntry,
  clearSel,
  getSelTime,
  setSelTime,
  getSelTimeUtcOffset,
  setSelTimeUtcOffset,
} from "./sel.ts";
import {
  getSensorReading,
  getSensorThresholds,
  setSensorThresholds,
  getSensorHysteresis,
  setSensorHysteresis,
  getSensorType,
  getSensorEventEnable,
  setSensorEventEnable,
  getSensorEventStatus,
  rearmSensorEvents,
  getSensorReadingFactors,
} from "./sensor.ts";
import {
  getChannelAuthenticationCapabilities,
  getSessionChallenge,
  activateSession,
  setSessionPrivilegeLevel,
  closeSession,
  getSessionInfo,
  getChannelCipherSuites,
} from "./session.ts";
import { resetWatchdogTimer, setWatchdogTimer, getWatchdogTimer } from "./watchdog.ts";

/** Every command that is declared, by topic. Programs name commands by their own exports; this is for what looks them up. */
export const commandTable = {
  bootOptions: [getSystemBootOptions, setSystemBootOptions],
  channelsAndUsers: [
    getChannelInfo,
    getChannelAccess,
    getUserAccess,
    setUserAccess,
    getUserName,
    setUserName,
    setUserPassword,
  ],
  chassis: [
    getChassisCapabilities,
    getChassisStatus,
    chassisControl,
    chassisIdentify,
    setPowerRestorePolicy,
    getSystemRestartCause,
    getPohCounter,
  ],
  dcmi: [
    getDcmiCapabilitiesInfo,
    getPowerReading,
    getPowerLimit,
    setPowerLimit,
    activatePowerLimit,
    getAssetTag,
    setAssetTag,
    getManagementControllerIdString,
    setManagementControllerIdString,
    getDcmiSensorInfo,
    getTemperatureReadings,
  ],
  device: [
    getDeviceId,
    coldReset,
    warmReset,
    getSelfTestResults,
    getAcpiPowerState,
    getDeviceGuid,
    getSystemGuid,
    getMessageFlags,
    getBmcGlobalEnables,
  ],
  fru: [getFruInventoryAreaInfo, readFruData, writeFruData],
  lan: [getLanConfigurationParameters, setLanConfigurationParameters],
  sdr: [
    getSdrRepositoryInfo,
    getSdrRepositoryAllocationInfo,
    reserveSdrRepository,
    getSdr,
    getSdrRepositoryTime,
    getDeviceSdrInfo,
    getDeviceSdr,
    reserveDeviceSdrRepository,
  ],
  sel: [
    getSelInfo,
    getSelAllocationInfo,
    reserveSel,
    getSelEntry,
    addSelEntry,
    deleteSelEntry,
    clearSel,
    getSelTime,
    setSelTime,
    getSelTimeUtcOffset,
    setSelTimeUtcOffset,
  ],
  sensor: [
    getSensorReading,
    getSensorThresholds,
    setSensorThresholds,
    getSensorHysteresis,
    setSensorHysteresis,
    getSensorType,
    getSensorEventEnable,
    setSensorEventEnable,
    getSensorEventStatus,
    rearmSensorEvents,
    getSensorReadingFactors,
  ],
  session: [
    getChannelAuthenticationCapabilities,
    getSessionChallenge,
    activateSession,
    setSessionPrivilegeLevel,
    closeSession,
    getSessionInfo,
    getChannelCipherSuites,
  ],
  watchdog: [resetWatchdogTimer, setWatchdogTimer, getWatchdogTimer],
} as const;

/** A command whatever it is asked with and answers. */
export type AnyCommand = Command<unknown, unknown>;

const byNumber = new Map<string, AnyCommand>(
  Object.values(commandTable)
    .flat<readonly (readonly AnyCommand[])[]>()
    .map((command) => [`${command.netFn} ${command.code} ${command.body}`, command]),
);

/** The command with these numbers; undefined where none is declared. `body` is that of group commands. */
export const findCommand = (netFn: number, code: number, body?: number): AnyCommand | undefined =>
  byNumber.get(`${netFn} ${code} ${body}`);
