/** How the program ends, by the names of sysexits.h. */
export const exitCodes = {
  ok: 0,
  /** Something was found that fails: what programs that watch machines go by. The only one that sysexits.h does not name. */
  unwell: 1,
  /** EX_USAGE: the command line was wrong. */
  usage: 64,
  /** EX_DATAERR: what was looked at is not as it should be. */
  damaged: 65,
  /** EX_UNAVAILABLE: the port is taken, the device is not there. */
  unavailable: 69,
  /** EX_SOFTWARE: a mistake of ours. */
  software: 70,
  /** EX_IOERR: reading or writing failed. */
  io: 74,
  /** EX_NOPERM: the system does not permit it. */
  noPermission: 77,
  /** EX_CONFIG: the configuration, or a file that it names, is wrong. */
  config: 78,
} as const;

/** One of the codes above. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
