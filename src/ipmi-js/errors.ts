/**
 * What can go wrong.
 *
 * - `invalid-argument`: options or values that the protocol has no room for; nothing was sent
 * - `network`: the host name is unknown, or the system refuses to send
 * - `timeout`: no answer by the deadline
 * - `cancelled`: the caller's signal was aborted
 * - `busy`: as many calls wait already as may; nothing was sent
 * - `closed`: the client was closed
 * - `authentication`: a step of the session's set-up failed; `detail.step` says which, the message the likely cause
 * - `no-resources`: the BMC has no room for another session now
 * - `unsupported`: the BMC does not offer what was asked for (cipher suite, authentication type, IPMI version)
 * - `session-lost`: the session ended while a command was under way that must not be sent twice: `detail.mayHaveBeenCarriedOut`
 * - `completion-code`: the BMC refuses the command; `detail.completionCode`
 * - `malformed-reply`: an answer to the command that is not what the specification says
 * - `damaged-data`: a record (SDR, FRU, SEL) that cannot be understood
 */
export type IpmiErrorCode =
  | "invalid-argument"
  | "network"
  | "timeout"
  | "cancelled"
  | "busy"
  | "closed"
  | "authentication"
  | "no-resources"
  | "unsupported"
  | "session-lost"
  | "completion-code"
  | "malformed-reply"
  | "damaged-data";

/** The exchanges that make a session, in their order. */
export type SessionStep =
  | "get-channel-authentication-capabilities"
  | "get-channel-cipher-suites"
  | "get-session-challenge"
  | "activate-session"
  | "open-session"
  | "rakp-1-2"
  | "rakp-3-4"
  | "set-session-privilege-level";

/** The place and the evidence of a failure. */
export interface IpmiErrorDetail {
  /** Host and port, as they were given. */
  readonly address?: string;
  /** The command, as the specification names it. */
  readonly command?: string;
  readonly step?: SessionStep;
  /** What a refused command was answered with, 01h–FFh. */
  readonly completionCode?: number;
  /** RMCP+ status code of a refused session, IPMI 2.0 table 13-15. */
  readonly statusCode?: number;
  /** Datagrams sent for what failed. */
  readonly attempts?: number;
  /** Whether the BMC may have done what it was asked although no answer came. */
  readonly mayHaveBeenCarriedOut?: boolean;
  readonly expected?: string;
  readonly received?: string;
}

/** Everything that this package throws. Messages are sentences for people; they never hold passwords, keys or hashes. */
export class IpmiError extends Error {
  override readonly name = "IpmiError";
  readonly code: IpmiErrorCode;
  readonly detail: IpmiErrorDetail;

  constructor(code: IpmiErrorCode, message: string, detail: IpmiErrorDetail = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}
