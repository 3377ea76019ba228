import type { PowerControl } from "./model/chassis.ts";
import type { SessionCounters } from "./sessions/session-table.ts";

/** Counted since the start. */
export interface BmcCounters {
  /** Datagrams that have come. */
  readonly received: number;
  readonly sent: number;
  /** Those that are no RMCP, cut short, damaged, or of a session that there is not. */
  readonly rejected: number;
  /** Requests that came again, and were answered without being carried out again. */
  readonly repeated: number;
  /** Requests by the command's name, those of unknown ones under `unknown`. */
  readonly commands: Readonly<Record<string, number>>;
  /** Control actions that were begun. */
  readonly controls: Readonly<Record<PowerControl, number>>;
  readonly sessions: Readonly<SessionCounters>;
  /** Faults of the emulation itself: always 0. */
  readonly failures: number;
}

/** With what the socket has to say. */
export interface EmulatedBmcCounters extends BmcCounters {
  /** Answers for clients that were no longer there. */
  readonly unreachable: number;
}
