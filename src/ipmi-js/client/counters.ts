import type { Rejection } from "../session/session-codec.ts";

/** What has happened since the client was made. */
export interface IpmiCounters {
  /** Datagrams. */
  readonly sent: number;
  readonly received: number;
  /** Datagrams sent again because no answer came. */
  readonly retransmitted: number;
  /** Commands that were answered. */
  readonly answered: number;
  /** Requests sent again because the BMC was busy. */
  readonly busy: number;
  /** Datagrams that were dropped, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Times that the system or the peer's host refused a datagram. */
  readonly refused: number;
  readonly sessionsOpened: number;
  /** Sessions that ended in silence. */
  readonly sessionsLost: number;
}

export type DropReason =
  | Rejection
  /** No IPMI message, or one whose checksum is wrong. */
  | "damaged-message"
  /** Answers a request that has been answered already, or that nobody waits for any more. */
  | "late"
  /** Another type of payload than was asked for. */
  | "unexpected-payload"
  /** From another address than the BMC's, where the system shows them. */
  | "foreign-address";

/** The counters themselves, for those who count. */
export type MutableCounters = { -readonly [K in keyof Omit<IpmiCounters, "dropped">]: number } & {
  readonly dropped: Record<DropReason, number>;
};

export const newCounters = (): MutableCounters => ({
  sent: 0,
  received: 0,
  retransmitted: 0,
  answered: 0,
  busy: 0,
  dropped: {
    malformed: 0,
    "foreign-session": 0,
    "bad-authentication": 0,
    "bad-padding": 0,
    replayed: 0,
    "damaged-message": 0,
    late: 0,
    "unexpected-payload": 0,
    "foreign-address": 0,
  },
  refused: 0,
  sessionsOpened: 0,
  sessionsLost: 0,
});
