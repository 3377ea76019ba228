import { bits, layout, rest } from "../bytes/layout.ts";
import { netFns, type BridgeTarget } from "../commands/command.ts";
import { BMC_ADDRESS, encodeRequest } from "../wire/message.ts";

/** @see IPMI 2.0, section 22.7 */
export const SEND_MESSAGE = { name: "Send Message", netFn: netFns.app, code: 0x34 } as const;

/** The BMC notes who has asked, and sends the controller's answer there. */
const TRACK_REQUEST = 1;

const sendMessage = layout({ tracking: bits(0, 6, 2), channel: bits(0, 0, 4), message: rest(1) });

/** A request to another controller. */
interface BridgedRequest {
  readonly netFn: number;
  readonly code: number;
  readonly lun: number;
  readonly data: Uint8Array;
}

/**
 * Data of Send Message around a request to another controller. Both have the same rqSeq, so that the answer bears it whichever of the two a BMC
 * hands back.
 */
export function encodeBridged(request: BridgedRequest, target: BridgeTarget, sequence: number): Uint8Array {
  const message = encodeRequest({
    netFn: request.netFn,
    command: request.code,
    sequence,
    responderAddress: target.address,
    responderLun: request.lun,
    requesterAddress: BMC_ADDRESS,
    requesterLun: 0,
    data: request.data,
  });
  return sendMessage.encode({ tracking: TRACK_REQUEST, channel: target.channel, message });
}
