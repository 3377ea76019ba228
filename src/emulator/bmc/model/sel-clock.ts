import type { Agenda } from "./agenda.ts";

/** The BMC's calendar: seconds since 1970, UTC, as it has been set. @see IPMI 2.0, section 37 */
export class SelClock {
  readonly #agenda: Agenda;
  #originMs: number;
  /** Minutes between UTC and local time. */
  utcOffsetMinutes = 0;

  /** `wallMs` is the time now. */
  constructor(agenda: Agenda, wallMs: number) {
    this.#agenda = agenda;
    this.#originMs = wallMs - agenda.nowMs;
  }

  get seconds(): number {
    return Math.floor((this.#originMs + this.#agenda.nowMs) / 1000);
  }

  set seconds(seconds: number) {
    this.#originMs = seconds * 1000 - this.#agenda.nowMs;
  }
}
