import { bits, flag, layout, rest } from "../../../ipmi-js/bytes/layout.ts";
import { netFns } from "../../../ipmi-js/commands/command.ts";
import { once } from "../../../ipmi-js/commands/define.ts";
import { getDeviceId, getSelfTestResults } from "../../../ipmi-js/commands/device.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { decodeRequest, encodeResponse, type RequestMessage } from "../../../ipmi-js/wire/message.ts";
import type { SatelliteDescription } from "../file/inventory-shapes.ts";
import { needs, type Caller, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

/** @see IPMI 2.0, section 22.7 */
const sendMessage = once(
  "Send Message",
  netFns.app,
  0x34,
  layout({
    channel: bits(0, 0, 4),
    isAuthenticated: flag(0, 4),
    isEncrypted: flag(0, 5),
    tracking: bits(0, 6, 2),
    message: rest(1),
  }),
  layout({ data: rest(0) }),
);

const TRACKED = 1;
/** Nothing acknowledges the address. */
const NOT_ACKNOWLEDGED = 0x83;

/** What a controller on the IPMB answers: completion code and data. */
function answerOf(satellite: SatelliteDescription, { netFn, command }: RequestMessage): [number, Uint8Array] {
  if (netFn !== netFns.app) return [completionCodes.invalidCommand, new Uint8Array()];
  if (command === getSelfTestResults.code) return [0, getSelfTestResults.reply.encode({ result: "passed", detail: 0 })];
  if (command !== getDeviceId.code) return [completionCodes.invalidCommand, new Uint8Array()];
  const [major = "0", minor = "0"] = satellite.firmware.split(".");
  const reply = getDeviceId.reply.encode({
    deviceId: satellite.deviceId,
    hasDeviceSdrs: false,
    deviceRevision: 0,
    isUpdating: false,
    firmwareMajor: Number(major),
    firmwareMinor: Number(minor),
    ipmiVersion: "2.0",
    isChassisDevice: false,
    isBridge: false,
    isEventGenerator: false,
    isEventReceiver: false,
    hasFru: false,
    hasSel: false,
    hasSdrRepository: false,
    hasSensors: false,
    manufacturerId: 0,
    productId: 0,
    auxiliaryFirmware: undefined,
  });
  return [0, reply];
}

function deliver(caller: Caller, satellite: SatelliteDescription, request: RequestMessage): void {
  const [completionCode, data] = answerOf(satellite, request);
  caller.sendAlso(
    encodeResponse({
      ...request,
      netFn: request.netFn + 1,
      requesterAddress: caller.requesterAddress,
      requesterLun: 0,
      completionCode,
      data,
    }),
  );
}

/** Messages for controllers behind the BMC: the answer of one follows the reply, as another message. */
export function addBridgeCommands(commands: CommandSet): void {
  commands.on(sendMessage, needs.user, (caller, { channel, tracking, message }) => {
    const request = decodeRequest(message);
    if (typeof request === "string") refuse(completionCodes.invalidDataField);
    // Untracked, the answer would go to the message queue, which nothing here reads.
    if (tracking !== TRACKED) refuse(completionCodes.invalidDataField);
    const satellite = caller.model.description.controllers.find(
      (other) => other.channel === channel && other.address === request.responderAddress && other.present,
    );
    if (!satellite) refuse(NOT_ACKNOWLEDGED);
    deliver(caller, satellite, request);
    return { data: new Uint8Array() };
  });
}
