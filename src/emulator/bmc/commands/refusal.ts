/** A command that is not carried out: its completion code. @see IPMI 2.0, table 5-2 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly completionCode: number;

  constructor(completionCode: number) {
    super(`completion code ${completionCode.toString(16).padStart(2, "0")}h`);
    this.completionCode = completionCode;
  }
}

/** @throws Refusal */
export function refuse(completionCode: number): never {
  throw new Refusal(completionCode);
}
