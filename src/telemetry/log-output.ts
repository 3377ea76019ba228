/** Where lines go. */
export interface LogOutput {
  /** True where people look on. */
  readonly isTerminal: boolean;
  /** True where the journal reads lines of text, which takes a priority in front of each. */
  readonly isJournal?: boolean;
  /** Takes a line, its end included. */
  write(line: string): void;
  /** Lines that could not be written since this was last asked. */
  takeLostLines(): number;
}

/** An output that keeps lines for a while. */
export interface BufferedOutput extends LogOutput {
  /** Writes everything now, as the last thing that a process does. */
  flush(): void;
}
