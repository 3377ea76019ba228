import type { CallOptions, Command, Requester } from "../commands/command.ts";
import { completionCodes } from "../completion-codes.ts";
import { isRefusedWith, pause, type ProcedureOptions } from "./procedure-options.ts";

type Reserve = Command<Readonly<Record<string, never>>, { readonly reservation: number }>;

/** BMCs that have no reservations say one of these. Their reads go without. */
const { invalidCommand, invalidForLun, disabled, unspecified, notInPresentState } = completionCodes;

/** Another client that reads, too, takes the reservation away each time: whoever pauses longer lets the other one finish. */
const LOSSES_LIMIT = 12;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 640;

/** A reservation of the SDR repository or the SEL: made when it is needed, made anew when it was cancelled. */
export class Reservation {
  readonly #requester: Requester;
  readonly #reserve: Reserve;
  readonly #options: ProcedureOptions;
  #id: number | undefined;
  #losses = 0;

  constructor(requester: Requester, reserve: Reserve, options: ProcedureOptions) {
    this.#requester = requester;
    this.#reserve = reserve;
    this.#options = options;
  }

  /** How often it was cancelled. */
  get losses(): number {
    return this.#losses;
  }

  /** Its number; 0 where the BMC does not know reservations. @throws IpmiError */
  async id(options: CallOptions = this.#options): Promise<number> {
    if (this.#id !== undefined) return this.#id;
    try {
      const { reservation } = await this.#requester.execute(this.#reserve, {}, options);
      this.#id = reservation;
    } catch (error) {
      if (!isRefusedWith(error, invalidCommand, invalidForLun, disabled, unspecified, notInPresentState)) throw error;
      this.#id = 0;
    }
    return this.#id;
  }

  /**
   * Calls `ask` with the reservation, and again with another one, from its beginning, where that was cancelled.
   *
   * @throws IpmiError what `ask` throws; that it was cancelled, too, where that happens again and again
   */
  async during<T>(ask: (reservation: number) => Promise<T>): Promise<T> {
    const { random = Math.random } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask(await this.id());
      } catch (error) {
        if (!isRefusedWith(error, completionCodes.reservationCancelled) || attempt >= LOSSES_LIMIT) throw error;
        this.#id = undefined;
        this.#losses++;
        const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
        // The first time it is most likely an old reservation, or somebody's single read.
        if (attempt > 0) await pause(longestMs * random(), this.#options);
      }
    }
  }
}
