import { IpmiError, type IpmiErrorCode } from "ipmi-js";
import type { Command } from "../devices/command.ts";
import { DeviceError, type DeviceErrorCode, type DeviceErrorDetail } from "../devices/errors.ts";
import { formatBoardId, formatDeviceId } from "../devices/ids.ts";

/** What a failure of ipmi-js is to whoever asked for a device. */
const codes: Readonly<Record<IpmiErrorCode, DeviceErrorCode>> = {
  "invalid-argument": "unsupported",
  network: "no-response",
  timeout: "no-response",
  cancelled: "cancelled",
  busy: "busy",
  closed: "shutting-down",
  authentication: "refused",
  "no-resources": "refused",
  unsupported: "refused",
  "session-lost": "no-response",
  "completion-code": "refused",
  "malformed-reply": "damaged-response",
  "damaged-data": "damaged-response",
};

/** The place of a command's failure. */
export const detailOf = (command: Command): DeviceErrorDetail =>
  "device" in command ? { board: command.board, device: command.device } : { board: command.board };

/** `device 0001 on board 40000001 (rack 7)`, or the board alone. */
export function placeOf(command: Command, bmc: string): string {
  const board = `board ${formatBoardId(command.board)} (${bmc})`;
  return "device" in command ? `device ${formatDeviceId(command.device)} on ${board}` : board;
}

/** True where nobody can know whether the BMC did what it was asked. */
export const mayHaveBeenCarriedOut = (error: unknown): error is IpmiError =>
  error instanceof IpmiError && error.detail.mayHaveBeenCarriedOut === true;

/** A message without the full stop that ends it. */
export const withoutStop = (message: string) => message.replace(/\.$/, "");

/** The failure of a command as everyone above the back end knows it: what failed, where, and why. */
export function deviceErrorOf(error: unknown, what: string, command: Command, bmc: string): unknown {
  if (error instanceof DeviceError) {
    if (error.detail.board !== undefined) return error;
    const message = `The ${what} ${placeOf(command, bmc)} failed: ${error.message}`;
    return new DeviceError(error.code, message, { ...error.detail, ...detailOf(command) }, { cause: error });
  }
  if (!(error instanceof IpmiError)) return error;
  const { attempts, expected, received } = error.detail;
  const detail = {
    ...detailOf(command),
    ...(attempts !== undefined && { attempts }),
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
  };
  const message = `The ${what} ${placeOf(command, bmc)} failed: ${withoutStop(error.message)}.`;
  return new DeviceError(codes[error.code], message, detail, { cause: error });
}
