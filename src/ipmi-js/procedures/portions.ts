import { completionCodes } from "../completion-codes.ts";
import { completionCodeOf } from "./procedure-options.ts";

/** What BMCs say when more is asked than they can send at once, or than there is. */
const tooMuch: ReadonlySet<number> = new Set([
  completionCodes.cannotReturnBytes,
  completionCodes.requestLengthInvalid,
  completionCodes.requestLengthExceeded,
  completionCodes.parameterOutOfRange,
  completionCodes.invalidDataField,
  completionCodes.cannotRespond,
  completionCodes.unspecified,
]);

/** Whether a read failed as one does that asks for too much. */
export function isTooMuch(error: unknown): boolean {
  const code = completionCodeOf(error);
  return code !== undefined && tooMuch.has(code);
}

/** How many bytes a BMC sends at once: begins high and shrinks as the BMC says. */
export class PortionSize {
  #bytes: number;
  readonly #smaller: readonly number[];

  /** @param sizes from the largest, with which to begin, to the smallest */
  constructor(sizes: readonly [number, ...number[]]) {
    [this.#bytes] = sizes;
    this.#smaller = sizes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True where a read of `count` bytes that failed like this is worth another attempt with the smaller size that holds from now on. */
  shrinksFor(error: unknown, count: number): boolean {
    if (!isTooMuch(error)) return false;
    const next = this.#smaller.find((size) => size < Math.min(count, this.#bytes));
    if (next === undefined) return false;
    this.#bytes = next;
    return true;
  }
}
