import type { Agenda, Due } from "./agenda.ts";

/** The LED by which people find a chassis. @see IPMI 2.0, section 28.5 */
export class IdentifyLight {
  readonly #agenda: Agenda;
  #state: "off" | "timed" | "indefinite" = "off";
  #end: Due | undefined;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  get state(): "off" | "timed" | "indefinite" {
    return this.#state;
  }

  /** For so long; 0 turns it off. */
  light(seconds: number): void {
    this.#end?.cancel();
    this.#state = seconds === 0 ? "off" : "timed";
    if (seconds > 0) this.#end = this.#agenda.after(seconds * 1000, () => (this.#state = "off"));
  }

  lightUntilFurtherNotice(): void {
    this.#end?.cancel();
    this.#state = "indefinite";
  }
}
