/** How long the client waits, and for what. Milliseconds where nothing else is said. */
export interface Timing {
  /** Silence after which a request is sent again. Each further silence is longer by `growth`. */
  readonly firstRetransmitMs: number;
  readonly growth: number;
  /** Datagrams sent for one request before the session counts as lost. */
  readonly attempts: number;
  /** The same for a session that has been silent for `suspectAfterMs`, or where something went unanswered: it is probably lost already. */
  readonly attemptsWhenSuspect: number;
  /** BMCs forget sessions after 30 to 60 s without a request. */
  readonly suspectAfterMs: number;
  /** Before a command that must not be sent twice, a session that has been silent for this long is tried with one that may be. */
  readonly confirmAfterMs: number;
  /** What a call may take in all, waiting for others and setting a session up included. */
  readonly deadlineMs: number;
  /** Pause before a BMC is asked again that says it is busy (completion code C0h). Doubled each time. */
  readonly busyPauseMs: number;
  readonly busyRetries: number;
  /** Pause before the next try where the BMC has no room for another session. Doubled each time, up to 8 times. */
  readonly noResourcesPauseMs: number;
  /** What an orderly close may take. */
  readonly closeMs: number;
}

export const defaultTiming: Timing = {
  firstRetransmitMs: 500,
  growth: 1.5,
  attempts: 5,
  attemptsWhenSuspect: 3,
  suspectAfterMs: 20_000,
  confirmAfterMs: 2_000,
  deadlineMs: 20_000,
  busyPauseMs: 50,
  busyRetries: 3,
  noResourcesPauseMs: 1_000,
  closeMs: 1_000,
};

/** How often something is sent, and when again. */
export interface Schedule {
  readonly firstRetransmitMs: number;
  readonly growth: number;
  readonly attempts: number;
}

/** Silence after the nth datagram, n from 1 on, before the next or before it is given up. */
export const silenceAfter = (schedule: Schedule, attempt: number): number =>
  schedule.firstRetransmitMs * schedule.growth ** (attempt - 1);

/** The silences one after the other. */
export const silences = (schedule: Schedule): readonly number[] =>
  Array.from({ length: schedule.attempts }, (_, index) => silenceAfter(schedule, index + 1));

/** Silence until a request is given up, if everything is sent. */
export const wholeSilence = (schedule: Schedule): number =>
  silences(schedule).reduce((totalMs, silenceMs) => totalMs + silenceMs, 0);
