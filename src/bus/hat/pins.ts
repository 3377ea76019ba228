/** A line of the header that leads to the HAT. Everything throws where the system refuses. */
export interface Pin {
  /** Whether it is high. */
  read(): boolean;
  /** Drives it. */
  drive(isHigh: boolean): void;
  /** Lets go of it: it is an input. */
  float(): void;
}

/** The lines to the modem besides the two of the UART. All of them are inputs at first. @see device bus specification, "The power-line HAT" */
export interface Pins {
  /** Low while the modem takes its bytes as commands. */
  readonly command: Pin;
  /** Which frequency of the pair is in use: low the first, high the second. */
  readonly frequencySelect: Pin;
  /** High while the modem is awake. */
  readonly inh: Pin;
  /** A pulse to low wakes the modem. */
  readonly nSleep: Pin;
}
