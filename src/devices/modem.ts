/** How the power-line modem of the HAT is set, as read from its registers. @see device bus specification, "The power-line HAT" */
export interface ModemConfiguration {
  /** Which frequency of the pair is in use: 0 the first, 1 the second. */
  readonly frequencyNumber: 0 | 1;
  readonly remoteLoopback: boolean;
  readonly interferenceHopping: boolean;
  readonly longWakeUpMessage: boolean;
  readonly autoSleep: boolean;
  readonly autoWakeUpMessage: boolean;
  readonly loopbackEnabled: boolean;
  readonly interferenceDetected: boolean;
  readonly firstFrequencyMhz: number;
  readonly secondFrequencyMhz: number;
  /** In bit/s. */
  readonly bitRate: number;
}
