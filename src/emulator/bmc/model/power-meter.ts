/** What was measured since measuring began. */
export interface PowerStatistics {
  readonly current: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly average: number;
}

/** Watts, and what they have been. @see DCMI 1.5, section 6.6.1 */
export class PowerMeter {
  readonly #watts: () => number;
  #minimum = Number.POSITIVE_INFINITY;
  #maximum = 0;
  #sum = 0;
  #count = 0;

  constructor(watts: () => number) {
    this.#watts = watts;
  }

  /** Takes a sample. */
  sample(): number {
    const watts = this.#watts();
    this.#minimum = Math.min(this.#minimum, watts);
    this.#maximum = Math.max(this.#maximum, watts);
    this.#sum += watts;
    this.#count++;
    return watts;
  }

  read(): PowerStatistics {
    const current = Math.round(this.sample());
    return {
      current,
      minimum: Math.round(this.#minimum),
      maximum: Math.round(this.#maximum),
      average: Math.round(this.#sum / this.#count),
    };
  }
}
