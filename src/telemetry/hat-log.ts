import type { Log } from "./log.ts";

/** How the modem is set, as far as people want to see it. */
interface ModemSettings {
  readonly frequencyNumber: 0 | 1;
  readonly firstFrequencyMhz: number;
  readonly secondFrequencyMhz: number;
  readonly bitRate: number;
}

/** Writes down what becomes of the power-line HAT. */
export const hatEvents = (log: Log) => ({
  wakeFailed(): void {
    log.warn(
      { event: "hat-wake-failed" },
      "the modem of the power-line HAT did not wake: INH has not gone high within 1 s",
    );
  },
  configured({ frequencyNumber, firstFrequencyMhz, secondFrequencyMhz, bitRate }: ModemSettings): void {
    const frequencyMhz = frequencyNumber === 0 ? firstFrequencyMhz : secondFrequencyMhz;
    const fields = { event: "hat-configured", frequency_mhz: frequencyMhz, bit_rate: bitRate };
    log.info(fields, `the modem of the power-line HAT is configured: ${frequencyMhz} MHz, ${bitRate} bit/s`);
  },
  notConfigured(reason: Error, nextMs: number): void {
    const again = `trying again in ${nextMs / 1000} s`;
    log.warn(
      { event: "hat-not-configured", err: reason, next_ms: nextMs },
      `${reason.message.replace(/\.$/, "")}: ${again}`,
    );
  },
});
