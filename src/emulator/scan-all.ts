import { HEADER, TRAILER } from "../bus/frame.ts";
import type { ScanAllOutcome, ScanAllStep } from "./board.ts";

const undamaged: ScanAllOutcome = { result: "ok" };

/** Which scan-alls go wrong, as a board file scripts it. */
export class ScanAllScript {
  readonly #steps: readonly ScanAllStep[];
  #step = 0;
  /** True from an initial scan-all that was damaged until its step is done. */
  #isUnderWay = false;
  #retry = 0;

  constructor(steps: readonly ScanAllStep[]) {
    this.#steps = steps;
  }

  /** How the scan-all ends that is made now. */
  next(isShuffled: boolean): ScanAllOutcome {
    const step = this.#steps[this.#step];
    if (!step) return undamaged;
    return isShuffled ? this.#nextShuffled(step) : this.#nextInitial(step);
  }

  #nextInitial({ initial }: ScanAllStep): ScanAllOutcome {
    if (initial.result === "ok") this.#finishStep();
    else this.#isUnderWay = true;
    return initial;
  }

  /** A script says how shuffled scan-alls end only for those that follow damage of its own making. */
  #nextShuffled({ retry }: ScanAllStep): ScanAllOutcome {
    if (!this.#isUnderWay) return undamaged;
    const outcome = retry[this.#retry++] ?? undamaged;
    if (outcome.result === "ok" || this.#retry === retry.length) this.#finishStep();
    return outcome;
  }

  #finishStep(): void {
    this.#step = (this.#step + 1) % this.#steps.length;
    this.#isUnderWay = false;
    this.#retry = 0;
  }
}

/** A frame as it arrives when boards collide: every byte but header and trailer values is one more, modulo 255. */
export const damageFrame = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte) => (byte === HEADER || byte === TRAILER ? byte : (byte + 1) % 255));
