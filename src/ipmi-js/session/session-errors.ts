import type { Command } from "../commands/command.ts";
import { completionCodes, describeCompletionCode } from "../completion-codes.ts";
import { LengthError } from "../bytes/layout.ts";
import { IpmiError, type SessionStep } from "../errors.ts";
import type { SessionPrivilege } from "./session-request.ts";
import { describeStatus, statusCodes } from "./status-codes.ts";

/** Why set-ups fail, in words: which step, and the likely cause. */

/** The steps as people read them. */
export const stepNames: Readonly<Record<SessionStep, string>> = {
  "get-channel-authentication-capabilities": "Get Channel Authentication Capabilities",
  "get-channel-cipher-suites": "Get Channel Cipher Suites",
  "get-session-challenge": "Get Session Challenge",
  "activate-session": "Activate Session",
  "open-session": "Open Session",
  "rakp-1-2": "RAKP 1/2",
  "rakp-3-4": "RAKP 3/4",
  "set-session-privilege-level": "Set Session Privilege Level",
};

/** Who was refused. */
export interface Applicant {
  readonly username: string;
  readonly privilege: SessionPrivilege;
  /** True where the user is looked up by name and level. */
  readonly isRoleLookup?: boolean;
  /** The cipher suite proposed. */
  readonly suite?: number;
}

const nameOf = ({ username }: Applicant): string =>
  username === "" ? "the user without a name" : `user "${username}"`;

/** What a silence in a step may mean besides a BMC that is not there; undefined where it means no more than that. */
export function silenceCause(step: SessionStep, applicant: Applicant): string | undefined {
  const causes: Partial<Record<SessionStep, string>> = {
    "activate-session": "BMCs do not answer where the password is wrong",
    "open-session": "the BMC may know IPMI 1.5 only",
    "rakp-1-2": `some BMCs do not answer where ${nameOf(applicant)} is unknown or may not use privilege level ${applicant.privilege}`,
    "rakp-3-4": "some BMCs do not answer where the password is wrong",
    "set-session-privilege-level": "the BMC does not take the session's packets: the K_g that was given may be wrong",
  };
  return causes[step];
}

const noRoom: ReadonlySet<number> = new Set([
  statusCodes.insufficientResources,
  statusCodes.insufficientResourcesAtRole,
]);
const notOffered: ReadonlySet<number> = new Set([
  statusCodes.invalidAuthenticationAlgorithm,
  statusCodes.invalidIntegrityAlgorithm,
  statusCodes.noMatchingAuthenticationPayload,
  statusCodes.noMatchingIntegrityPayload,
  statusCodes.invalidConfidentialityAlgorithm,
  statusCodes.noCipherSuiteMatch,
]);

function statusCause(status: number, applicant: Applicant): string | undefined {
  if (notOffered.has(status)) {
    const proposal = applicant.suite === undefined ? "what was proposed" : `cipher suite ${applicant.suite}`;
    return `the BMC does not offer ${proposal}`;
  }
  const level = `privilege level ${applicant.privilege}`;
  switch (status) {
    case statusCodes.insufficientResources:
      return "the BMC has no room for another session now";
    case statusCodes.insufficientResourcesAtRole:
      return `the BMC has no room for another session at ${level} now`;
    case statusCodes.unauthorizedName:
      return applicant.isRoleLookup
        ? `${nameOf(applicant)} is unknown, disabled, has no access by LAN, or has another level than ${applicant.privilege}`
        : `${nameOf(applicant)} is unknown, disabled or has no access by LAN`;
    case statusCodes.invalidRole:
    case statusCodes.unauthorizedRole:
      return `${nameOf(applicant)} may not use ${level}, or the channel does not allow it`;
    case statusCodes.invalidIntegrityCheckValue:
      return "the BMC finds our authentication code wrong: the password may be";
    case statusCodes.invalidNameLength:
      return "the user name is longer than this BMC takes";
    default:
      return undefined;
  }
}

/** A step that the BMC answered with an RMCP+ status other than 0. */
export function statusError(step: SessionStep, status: number, applicant: Applicant): IpmiError {
  const cause = statusCause(status, applicant);
  const code = noRoom.has(status) ? "no-resources" : notOffered.has(status) ? "unsupported" : "authentication";
  return new IpmiError(
    code,
    `${stepNames[step]} failed: ${cause === undefined ? "" : `${cause}; `}the BMC says ${describeStatus(status)}`,
    { step, statusCode: status },
  );
}

/** Answers that say nothing about who asks. */
const passing: ReadonlySet<number> = new Set([
  completionCodes.nodeBusy,
  completionCodes.timeout,
  completionCodes.cannotRespond,
  completionCodes.firmwareUpdating,
  completionCodes.initializing,
]);

function refusalCause(step: SessionStep, completionCode: number, applicant: Applicant): string | undefined {
  const mayNot = `${nameOf(applicant)} may not use privilege level ${applicant.privilege} on this channel; try a lower one`;
  if (step === "set-session-privilege-level")
    return [0x80, 0x81, completionCodes.insufficientPrivilege].includes(completionCode) ? mayNot : undefined;
  if (step === "activate-session") return [0x83, 0x86].includes(completionCode) ? mayNot : undefined;
  if (step === "get-session-challenge" && completionCode === 0x81)
    return `${nameOf(applicant)} is unknown, disabled or has no access by LAN`;
  return undefined;
}

/** A step whose command the BMC refused. */
export function refusalError(
  step: SessionStep,
  command: Pick<Command<never, unknown>, "name">,
  completionCode: number,
  applicant: Applicant,
): IpmiError {
  const cause = refusalCause(step, completionCode, applicant);
  const isFull = step === "activate-session" && (completionCode === 0x81 || completionCode === 0x82);
  const code = isFull ? "no-resources" : passing.has(completionCode) ? "completion-code" : "authentication";
  const words = describeCompletionCode(completionCode, command);
  return new IpmiError(
    code,
    `${stepNames[step]} failed: ${cause === undefined ? "" : `${cause}; `}the BMC says ${words}`,
    { step, command: command.name, completionCode },
  );
}

/** A step whose answer is not what the specification says. */
export const malformedError = (step: SessionStep, cause: LengthError): IpmiError =>
  new IpmiError(
    "malformed-reply",
    `${stepNames[step]} failed: the BMC's answer is ${cause.received} bytes long, not at least ${cause.expected}`,
    { step, expected: `${cause.expected} bytes`, received: `${cause.received} bytes` },
    { cause },
  );

/** RAKP message 2's code does not fit. */
export function wrongPasswordError(isTruncated: boolean, applicant: Applicant): IpmiError {
  const cause = isTruncated
    ? "the BMC keeps only the first 16 bytes of the password; set one of at most 16 bytes, or give those alone"
    : `the password of ${nameOf(applicant)} is wrong`;
  return new IpmiError(
    "authentication",
    `${stepNames["rakp-1-2"]} failed: the BMC's authentication code does not fit our password; ${cause}`,
    { step: "rakp-1-2" },
  );
}

/** RAKP message 4's check value does not fit although the BMC knows the password: then only K_g can differ. */
export function wrongKgError(isGiven: boolean, fitsWithout: boolean): IpmiError {
  const given = fitsWithout ? "the BMC has no K_g, but one was given" : "the K_g that was given is not the BMC's";
  return new IpmiError(
    "authentication",
    `${stepNames["rakp-3-4"]} failed: the BMC's integrity check value is wrong; ${isGiven ? given : "the BMC seems to have a K_g, which must be given"}`,
    { step: "rakp-3-4" },
  );
}
