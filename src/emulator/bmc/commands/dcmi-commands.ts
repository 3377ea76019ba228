import {
  activatePowerLimit,
  DCMI_TEXT_PORTION,
  dcmiCapabilities,
  getAssetTag,
  getDcmiCapabilitiesInfo,
  getManagementControllerIdString,
  getPowerLimit,
  getPowerReading,
  setAssetTag,
  setManagementControllerIdString,
  setPowerLimit,
} from "../../../ipmi-js/commands/dcmi.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import type { BmcModel } from "../model/bmc-model.ts";
import { MAX_DCMI_TEXT, type TextStore } from "../model/dcmi-settings.ts";
import { LAN_CHANNEL } from "../model/lan-settings.ts";
import { needs, type CommandSet } from "./command-set.ts";
import { addDcmiSensorCommands } from "./dcmi-sensor-commands.ts";
import { refuse } from "./refusal.ts";

/** DCMI 1.5, and the second revision of its parameters. @see DCMI 1.5, table 6-2 */
const version = { major: 1, minor: 5, revision: 2 } as const;
const NO_CHANNEL = 0xff;
const BMC_SLAVE = 0x20 >> 1;
const SAMPLING_S = 1;
/** Entries that the 12 bits of the capability have room for. */
const MOST_ENTRIES_TOLD = 0x0f_ff;
/** The limit is told with it: what would be in force. @see DCMI 1.5, section 6.6.2 */
const NO_ACTIVE_LIMIT = 0x80;

/** Bytes 3 and 4 of the mandatory platform attributes: GUID and asset tag; temperatures. @see DCMI 1.5, table 6-3 */
function withIdentification(attributes: Uint8Array): Uint8Array {
  const [GUID, ASSET_TAG, TEMPERATURES] = [0x01, 0x04, 0x01];
  return attributes.with(2, GUID | ASSET_TAG).with(3, TEMPERATURES);
}

function capabilities({ log }: BmcModel, parameter: string): Uint8Array {
  switch (parameter) {
    case "supported":
      return dcmiCapabilities.supported.encode({
        hasPowerManagement: true,
        hasSystemInterface: true,
        hasSerial: false,
        hasSecondaryLan: false,
      });
    case "mandatory-platform-attributes":
      return withIdentification(
        dcmiCapabilities.mandatoryPlatformAttributes.encode({
          selEntries: Math.min(log.capacity, MOST_ENTRIES_TOLD),
          flushesRecords: false,
          flushesAll: false,
          rollsOver: false,
          temperatureSamplingSeconds: SAMPLING_S,
        }),
      );
    case "optional-platform-attributes":
      return dcmiCapabilities.optionalPlatformAttributes.encode({
        powerDeviceAddress: BMC_SLAVE,
        powerDeviceChannel: 0,
        powerDeviceRevision: 1,
      });
    case "manageability-access":
      return dcmiCapabilities.manageabilityAccess.encode({
        primaryLanChannel: LAN_CHANNEL,
        secondaryLanChannel: NO_CHANNEL,
        serialChannel: NO_CHANNEL,
      });
    case "enhanced-power-statistics":
      return dcmiCapabilities.enhancedPowerStatistics.encode({ count: 0, periods: new Uint8Array() });
    default:
      return refuse(completionCodes.invalidDataField);
  }
}

function powerReading({ meter, dcmi, clock, agenda, startMs }: BmcModel) {
  const isEmpty = dcmi.emptyReadings > 0;
  if (isEmpty) dcmi.emptyReadings--;
  const { current, minimum, maximum, average } = isEmpty
    ? { current: 0, minimum: 0, maximum: 0, average: 0 }
    : meter.read();
  return {
    currentW: current,
    minimumW: minimum,
    maximumW: maximum,
    averageW: average,
    time: clock.seconds,
    periodMs: Math.min(0xff_ff_ff_ff, Math.round(agenda.nowMs - startMs)),
    isActive: !isEmpty,
  };
}

/** A portion of a text. */
function readText({ bytes }: TextStore, offset: number, count: number) {
  if (count > DCMI_TEXT_PORTION || offset > MAX_DCMI_TEXT) refuse(completionCodes.parameterOutOfRange);
  return { length: bytes.length, data: bytes.slice(offset, offset + count) };
}

function writeText(store: TextStore, offset: number, count: number, data: Uint8Array) {
  if (count !== data.length) refuse(completionCodes.requestLengthInvalid);
  if (count > DCMI_TEXT_PORTION || !store.write(offset, data)) refuse(completionCodes.parameterOutOfRange);
  return { length: store.bytes.length };
}

/** A BMC without DCMI knows none of these. */
const requireDcmi = (model: BmcModel): BmcModel =>
  model.dcmi.isSupported ? model : refuse(completionCodes.invalidCommand);

/** DCMI 1.5, section 6. */
export function addDcmiCommands(commands: CommandSet): void {
  commands
    .on(getDcmiCapabilitiesInfo, needs.nothing, ({ model }, { parameter }) => ({
      ...version,
      data: capabilities(requireDcmi(model), parameter),
    }))
    .on(getPowerReading, needs.user, ({ model }, { mode }) =>
      // There are no averaging periods but that since the start.
      mode === "system" ? powerReading(requireDcmi(model)) : refuse(completionCodes.invalidDataField),
    )
    .on(getAssetTag, needs.user, ({ model }, { offset, count }) =>
      readText(requireDcmi(model).dcmi.assetTag, offset, count),
    )
    .on(setAssetTag, needs.operator, ({ model }, { offset, count, data }) =>
      writeText(requireDcmi(model).dcmi.assetTag, offset, count, data),
    )
    .on(getManagementControllerIdString, needs.user, ({ model }, { offset, count }) =>
      readText(requireDcmi(model).dcmi.controllerId, offset, count),
    )
    .on(setManagementControllerIdString, needs.administrator, ({ model }, { offset, count, data }) =>
      writeText(requireDcmi(model).dcmi.controllerId, offset, count, data),
    );
  addLimits(commands);
  addDcmiSensorCommands(commands);
}

function addLimits(commands: CommandSet): void {
  commands
    .on(getPowerLimit, needs.user, ({ model }) => {
      const { limit } = requireDcmi(model).dcmi;
      return limit.isActive ? limit : refuse(NO_ACTIVE_LIMIT, getPowerLimit.reply.encode(limit));
    })
    .on(setPowerLimit, needs.operator, ({ model }, request) => {
      if (request.action.startsWith("reserved-")) refuse(completionCodes.invalidDataField);
      const { dcmi } = requireDcmi(model);
      dcmi.limit = { ...request, isActive: dcmi.limit.isActive };
      return {};
    })
    .on(activatePowerLimit, needs.operator, ({ model }, { isActive }) => {
      const { dcmi } = requireDcmi(model);
      dcmi.limit = { ...dcmi.limit, isActive };
      return {};
    });
}
