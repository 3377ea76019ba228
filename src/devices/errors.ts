import type { BoardId, DeviceId } from "./ids.ts";

/**
 * What can go wrong between a command and its device.
 *
 * - `no-such-board`: no back end has this board, and nothing was sent
 * - `no-response`: the device did not answer in time
 * - `damaged-response`: it answered, but damaged, as often as it was asked
 * - `bad-value`: it answered well, but not with a value that fits its type
 * - `refused`: the device took the command and said no
 * - `unsupported`: the back end has no such command, and nothing was sent
 * - `line-down`: the serial line is gone, or went while the command was under way
 * - `busy`: too much is waiting already, and nothing was sent
 * - `cancelled`: the caller has gone while the command was waiting, and nothing was sent
 * - `forbidden`: the caller may not do this on this board, and nothing was sent
 * - `protected`: nobody may switch this board off or cycle it, and nothing was sent
 * - `board-busy`: another command that changes something is under way on this board, and nothing was sent
 * - `cooling-down`: a power command on this board has only just ended, and nothing was sent
 * - `audit-unavailable`: the command could not be written to the audit trail first, and nothing was sent
 * - `shutting-down`: the appliance is stopping, and nothing was sent
 */
export type DeviceErrorCode =
  | "no-such-board"
  | "no-response"
  | "damaged-response"
  | "bad-value"
  | "refused"
  | "unsupported"
  | "line-down"
  | "busy"
  | "cancelled"
  | "forbidden"
  | "protected"
  | "board-busy"
  | "cooling-down"
  | "audit-unavailable"
  | "shutting-down";

/** The place and the evidence of a failure, for the log and for API versions that show it. */
export interface DeviceErrorDetail {
  readonly board?: BoardId;
  readonly device?: DeviceId;
  /** With `busy`, `cooling-down`, `shutting-down`: seconds after which trying again makes sense. */
  readonly retryAfterS?: number;
  /** Frames sent for the command, the first one included. */
  readonly attempts?: number;
  readonly expected?: string;
  readonly received?: string;
}

/** A command that did not succeed. The message is a sentence for people that names what failed. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
  readonly code: DeviceErrorCode;
  readonly detail: DeviceErrorDetail;

  constructor(code: DeviceErrorCode, message: string, detail: DeviceErrorDetail = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}
