/** Whose turn it is to read or change something in several steps. @see IPMI 2.0, sections 31.4.1 and 33.11.1 */
export class Reservation {
  #last = 0;
  #isHeld = false;

  /** A new one, which ends the one before it. Never 0. */
  reserve(): number {
    this.#last = (this.#last % 0xff_ff) + 1;
    this.#isHeld = true;
    return this.#last;
  }

  cancel(): void {
    this.#isHeld = false;
  }

  isHeldBy(id: number): boolean {
    return this.#isHeld && id === this.#last;
  }
}
