import type { Command } from "./commands/command.ts";

/** Completion codes by which procedures decide what to do next. @see IPMI 2.0, table 5-2 */
export const completionCodes = {
  nodeBusy: 0xc0,
  invalidCommand: 0xc1,
  invalidForLun: 0xc2,
  timeout: 0xc3,
  outOfSpace: 0xc4,
  reservationCancelled: 0xc5,
  requestTruncated: 0xc6,
  requestLengthInvalid: 0xc7,
  requestLengthExceeded: 0xc8,
  parameterOutOfRange: 0xc9,
  cannotReturnBytes: 0xca,
  notPresent: 0xcb,
  invalidDataField: 0xcc,
  illegalForSensor: 0xcd,
  cannotRespond: 0xce,
  duplicateRequest: 0xcf,
  sdrUpdating: 0xd0,
  firmwareUpdating: 0xd1,
  initializing: 0xd2,
  destinationUnavailable: 0xd3,
  insufficientPrivilege: 0xd4,
  notInPresentState: 0xd5,
  disabled: 0xd6,
  unspecified: 0xff,
} as const;

/** @see IPMI 2.0, table 5-2 */
const generic: Readonly<Record<number, string>> = {
  0x00: "completed normally",
  0xc0: "node busy",
  0xc1: "invalid or unsupported command",
  0xc2: "command invalid for this LUN",
  0xc3: "timeout while the command was processed",
  0xc4: "out of space",
  0xc5: "reservation cancelled, or invalid reservation",
  0xc6: "request data truncated",
  0xc7: "length of request data invalid",
  0xc8: "length limit of request data exceeded",
  0xc9: "parameter out of range",
  0xca: "cannot return as many bytes as were asked for",
  0xcb: "sensor, data or record is not present",
  0xcc: "invalid data field in the request",
  0xcd: "command illegal for this sensor or type of record",
  0xce: "no response could be made",
  0xcf: "cannot execute a duplicated request",
  0xd0: "no response could be made: the SDR repository is being updated",
  0xd1: "no response could be made: the controller's firmware is being updated",
  0xd2: "no response could be made: the BMC is initialising",
  0xd3: "destination unavailable",
  0xd4: "insufficient privilege: the user, or the level that the session was opened with, may not do this",
  0xd5: "not supported in the present state",
  0xd6: "sub-function disabled or unavailable",
  0xff: "unspecified error",
};

const parameterErrors = {
  0x80: "parameter not supported",
  0x81: "another party is setting parameters",
  0x82: "parameter is read-only",
  0x83: "parameter is write-only",
} as const;

const reservationLost = { 0x81: "cannot execute the command: an SEL erase is under way" } as const;

const cannotReadFru = { 0x81: "FRU device busy" } as const;

/** Codes 80h–BEh, which mean something else with every command. From the replies of each, IPMI 2.0 and DCMI 1.5. */
const specific: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  "Get Session Challenge": { 0x81: "invalid user name", 0x82: "null user name is not enabled" },
  "Activate Session": {
    0x81: "no session slot is free",
    0x82: "no session slot is free for this user",
    0x83: "no session slot is free at this privilege level: the user's limit does not allow it",
    0x84: "session sequence number out of range",
    0x85: "invalid session id",
    0x86: "the requested privilege level exceeds the user's or the channel's limit",
  },
  "Set Session Privilege Level": {
    0x80: "the user has no access at this privilege level",
    0x81: "the requested privilege level exceeds the user's or the channel's limit",
    0x82: "user level authentication cannot be disabled",
  },
  "Close Session": { 0x87: "invalid session id", 0x88: "invalid session handle" },
  "Set Channel Access": {
    0x82: "set is not supported on this channel",
    0x83: "access mode is not supported on this channel",
  },
  "Get Channel Access": { 0x82: "this channel has no sessions" },
  "Set User Password": { 0x80: "the password does not match", 0x81: "the password has the wrong size" },
  "Send Message": {
    0x80: "invalid session handle",
    0x81: "lost arbitration on the bus",
    0x82: "bus error",
    0x83: "no acknowledgement: nothing is at this address",
  },
  "Master Write-Read": {
    0x81: "lost arbitration on the bus",
    0x82: "bus error",
    0x83: "no acknowledgement: nothing is at this address",
    0x84: "truncated read",
  },
  "Get Message": { 0x80: "no message is waiting" },
  "Reset Watchdog Timer": { 0x80: "the watchdog timer was never set" },
  "Set LAN Configuration Parameters": parameterErrors,
  "Get LAN Configuration Parameters": { 0x80: "parameter not supported" },
  "Set System Boot Options": parameterErrors,
  "Get System Boot Options": { 0x80: "parameter not supported" },
  "Read FRU Data": cannotReadFru,
  "Write FRU Data": { 0x80: "write-protected offset", ...cannotReadFru },
  "Get SEL Info": reservationLost,
  "Get SEL Entry": reservationLost,
  "Add SEL Entry": { 0x80: "not supported for this type of record", ...reservationLost },
  "Delete SEL Entry": { 0x80: "not supported for this type of record", ...reservationLost },
  "Get Device SDR": { 0x80: "record changed since it was last read" },
  "Get Power Limit": { 0x80: "no power limit is active" },
  "Set Power Limit": {
    0x84: "power limit out of range",
    0x85: "correction time out of range",
    0x89: "statistics sampling period out of range",
  },
};

const classOf = (code: number): string => {
  if (code >= 0x01 && code <= 0x7e) return "error of the manufacturer's own";
  if (code >= 0x80 && code <= 0xbe) return "error of this command's own";
  return "reserved code";
};

/**
 * A completion code in words, with the code: `insufficient privilege (D4h)`.
 *
 * @param command whose reply it was; codes 80h–BEh mean something else with each
 * @see IPMI 2.0, table 5-2
 */
export function describeCompletionCode(code: number, command?: Pick<Command<never, unknown>, "name">): string {
  const words = generic[code] ?? (command && specific[command.name]?.[code]) ?? classOf(code);
  return `${words} (${code.toString(16).toUpperCase().padStart(2, "0")}h)`;
}
