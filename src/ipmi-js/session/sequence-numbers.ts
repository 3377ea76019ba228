const LAST = 0xff_ff_ff_ff;

/** Half of all numbers: what is further ahead than that is behind. */
const HALF = 0x80_00_00_00;

/** Gives out session sequence numbers: one up each time, never 0, which means "outside sessions". */
export class SequenceCounter {
  #next: number;

  /** @param first the first number given out; 0 stands for 1 */
  constructor(first = 1) {
    this.#next = first === 0 ? 1 : first;
  }

  next(): number {
    const number = this.#next;
    this.#next = number === LAST ? 1 : number + 1;
    return number;
  }
}

/**
 * Tells which session sequence numbers are new: a window of up to 32 numbers up to the highest seen, in which each is accepted once,
 * in any order. Numbers ahead of the highest are accepted however far they are: their packets are authenticated, and a bound there
 * would only end the sessions of those who lose many packets in a row.
 *
 * @see IPMI 2.0, sections 6.12.11 (IPMI 1.5) and 6.12.13, 6.12.14
 */
export class SequenceWindow {
  readonly #size: number;
  #highest: number;
  /** Bit n: number `highest - n` was seen. Numbers before the first count as seen. */
  #seen = -1;

  /**
   * @param size how many numbers are remembered, 1–32: 8 is IPMI 1.5's, 32 IPMI 2.0's
   * @param first the lowest number that is accepted
   */
  constructor(size: number, first = 1) {
    this.#size = size;
    this.#highest = (first - 1) >>> 0;
  }

  /** True once for every number within the window or ahead of it; 0 never. */
  accept(number: number): boolean {
    if (number === 0) return false;
    const ahead = (number - this.#highest) >>> 0;
    if (ahead !== 0 && ahead < HALF) {
      // A shift by 32 or more would be none.
      this.#seen = ahead < 32 ? (this.#seen << ahead) | 1 : 1;
      this.#highest = number;
      return true;
    }
    const behind = (this.#highest - number) >>> 0;
    if (behind >= this.#size) return false;
    const bit = 1 << behind;
    if ((this.#seen & bit) !== 0) return false;
    this.#seen |= bit;
    return true;
  }
}
