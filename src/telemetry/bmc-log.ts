import type { Log } from "./log.ts";

/** Writes down what becomes of BMCs; `bmc` is what people know one by. */
export const bmcEvents = (log: Log) => ({
  up(bmc: string): void {
    log.info({ event: "bmc-up", bmc }, `BMC ${bmc} answers`);
  },
  down(bmc: string, reason: Error): void {
    log.warn({ event: "bmc-down", bmc, err: reason }, `BMC ${bmc} is down: ${reason.message}`);
  },
  stillDown(bmc: string, reason: Error, nextMs: number): void {
    log.debug({ event: "bmc-down", bmc, err: reason, next_ms: nextMs }, `BMC ${bmc} is still down: ${reason.message}`);
  },
  inventoried(bmc: string, sensors: number, source: "bmc" | "cache"): void {
    const origin = source === "cache" ? "as they were kept" : "read from it";
    log.info({ event: "bmc-inventory", bmc, sensors, source }, `BMC ${bmc} has ${sensors} sensors, ${origin}`);
  },
  damaged(bmc: string, problems: readonly string[]): void {
    log.warn(
      { event: "bmc-inventory", bmc, problems },
      `BMC ${bmc}: parts of its inventory are damaged: ${problems[0]}`,
    );
  },
  failed(bmc: string, what: string, reason: Error): void {
    log.warn({ event: "bmc-failure", bmc, what, err: reason }, `BMC ${bmc}: ${what} failed: ${reason.message}`);
  },
});
