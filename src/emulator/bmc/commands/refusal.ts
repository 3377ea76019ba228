/** A command that is not carried out: its completion code. @see IPMI 2.0, table 5-2 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly completionCode: number;
  /** What the reply says all the same; nothing, as a rule. */
  readonly data: Uint8Array;

  constructor(completionCode: number, data: Uint8Array = new Uint8Array()) {
    super(`completion code ${completionCode.toString(16).padStart(2, "0")}h`);
    this.completionCode = completionCode;
    this.data = data;
  }
}

/** @throws Refusal */
export function refuse(completionCode: number, data?: Uint8Array): never {
  throw new Refusal(completionCode, data);
}
