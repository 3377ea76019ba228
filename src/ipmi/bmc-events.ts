/** What becomes of BMCs, for the log. `bmc` is what people know the BMC by. */
export interface BmcEvents {
  up(bmc: string): void;
  /** It does not answer, or lets nobody in; attempts go on with growing pauses. */
  down(bmc: string, reason: Error): void;
  /** One more attempt has failed; the next one follows in `nextMs`. */
  stillDown(bmc: string, reason: Error, nextMs: number): void;
  /** Its sensors are known, from the BMC itself or as they were kept. */
  inventoried(bmc: string, sensors: number, source: "bmc" | "cache"): void;
  /** Records or inventory data that cannot be understood, a sentence each. The rest is used. */
  damaged(bmc: string, problems: readonly string[]): void;
  /** Something in the background did not work; it is tried again. */
  failed(bmc: string, what: string, reason: Error): void;
}
