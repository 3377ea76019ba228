/** Offsets of events, a bit each. */
export interface EventMasks {
  readonly assertions: number;
  readonly deassertions: number;
}

/** What can be set of any sensor. @see IPMI 2.0, section 35.10 */
export class SensorSettings {
  isScanning = true;
  sendsEvents = true;
  /** Events that the sensor can generate at all. */
  readonly possible: EventMasks;
  #enabled: EventMasks;

  constructor(possible: EventMasks) {
    this.possible = possible;
    this.#enabled = possible;
  }

  get enabled(): EventMasks {
    return this.#enabled;
  }

  /** Enables or disables those that are selected; a sensor has no events but its own. */
  select(isEnabled: boolean, { assertions, deassertions }: EventMasks): void {
    const { possible } = this;
    const next = (before: number, selected: number) => (isEnabled ? before | selected : before & ~selected);
    this.#enabled = {
      assertions: next(this.#enabled.assertions, assertions) & possible.assertions,
      deassertions: next(this.#enabled.deassertions, deassertions) & possible.deassertions,
    };
  }

  /** Whether an event of this offset is to be sent. */
  sends(offset: number, isAsserted: boolean): boolean {
    const mask = isAsserted ? this.#enabled.assertions : this.#enabled.deassertions;
    return this.isScanning && this.sendsEvents && ((mask >> offset) & 1) === 1;
  }
}
