import type { IpmiError, SessionStep } from "../errors.ts";

/** Why a datagram was not taken. Each is counted; none is an error. */
export type Rejection =
  /** No RMCP, or cut short. */
  | "malformed"
  /** For another session, or none. */
  | "foreign-session"
  /** Its authentication code is wrong, or missing where one was agreed. */
  | "bad-authentication"
  /** It cannot be decrypted. */
  | "bad-padding"
  /** Its sequence number was seen before, or is too old. */
  | "replayed";

/** What was in a datagram. */
export type Opened =
  | { readonly kind: "payload"; readonly payloadType: number; readonly payload: Uint8Array }
  | { readonly kind: "rejected"; readonly reason: Rejection };

/** An established session: how payloads become datagrams, and datagrams payloads. No timer, no I/O. */
export interface SessionCodec {
  /** The number by which the BMC knows the session. */
  readonly bmcSessionId: number;
  /** The privilege level that the session was opened with: 2 user, 3 operator, 4 administrator. */
  readonly privilege: number;
  /** A datagram with a session sequence number of its own. `payloadType` 0, an IPMI message, where it is absent. */
  seal(payload: Uint8Array, payloadType?: number): Uint8Array;
  open(datagram: Uint8Array): Opened;
}

/** What to do next in a handshake. */
export type HandshakeStep =
  /** Send it, and what `repeat` returns while no answer comes. */
  | { readonly kind: "send"; readonly step: SessionStep; readonly datagram: Uint8Array }
  /** The datagram was none of ours; go on waiting. */
  | { readonly kind: "ignored"; readonly reason: Rejection }
  | { readonly kind: "established"; readonly session: SessionCodec }
  | { readonly kind: "failed"; readonly error: IpmiError };

/** Sets a session up, up to and including the privilege level: a state machine with no timer and no I/O. */
export interface Handshake {
  start(): HandshakeStep;
  received(datagram: Uint8Array): HandshakeStep;
  /**
   * What to send where no answer came: the last datagram once more, or within the new session the same request under a session
   * sequence number of its own, since a BMC drops numbers that it has seen.
   */
  repeat(): Uint8Array;
  /**
   * For a handshake that failed or is given up before it is established: a datagram that makes the BMC forget it, to be sent once,
   * with no answer expected. Undefined where the BMC holds nothing.
   */
  farewell(): Uint8Array | undefined;
}
