import type { ConfigProblem } from "./errors.ts";
import type { RuleInput } from "./rule-input.ts";
import { listed } from "./setting.ts";
import type { SettingPath } from "./schema.ts";

/** From this frequency on, in MHz, the modem has the faster bit rates. */
const FAST_FROM_MHZ = 10;
const slowBitRates = [9600, 19_200, 38_400, 57_600];
const fastBitRates = [19_200, 38_400, 57_600, 115_200];

const pinSettings = ["hat.command_pin", "hat.frequency_select_pin", "hat.inh_pin", "hat.nsleep_pin"] as const;

/** What the settings of the HAT must be together. */
export function hatRules(input: RuleInput, problems: ConfigProblem[]): void {
  if (input.values.bus.hardware !== "hat") return;
  bitRateRule(input, problems);
  pinRule(input, problems);
}

function bitRateRule({ values, origins, faulty }: RuleInput, problems: ConfigProblem[]): void {
  const concerned = ["bus.baud_rate", "hat.frequency_number", "hat.frequency_pair"] as const;
  if (concerned.some((path) => faulty.has(path))) return;
  const frequencyMhz = Number(values.hat.frequency_pair.split("/")[values.hat.frequency_number]);
  const rates = frequencyMhz < FAST_FROM_MHZ ? slowBitRates : fastBitRates;
  const { baud_rate: rate } = values.bus;
  const origin = [...concerned, "bus.hardware" as const].map((path) => origins.get(path)).find((found) => found);
  if (rates.includes(rate) || !origin) return;
  const message = `found bus.baud_rate ${rate} with the frequency of ${frequencyMhz} MHz, expected ${listed(rates.map(String))}, which the modem of the HAT has there`;
  problems.push({ origin, message });
}

function pinRule({ values, origins, faulty }: RuleInput, problems: ConfigProblem[]): void {
  const pinOf: Readonly<Record<(typeof pinSettings)[number], number | string>> = {
    "hat.command_pin": values.hat.command_pin,
    "hat.frequency_select_pin": values.hat.frequency_select_pin,
    "hat.inh_pin": values.hat.inh_pin,
    "hat.nsleep_pin": values.hat.nsleep_pin,
  };
  const taken = new Map<number | string, SettingPath>();
  for (const path of pinSettings) {
    const pin = pinOf[path];
    const other = taken.get(pin);
    taken.set(pin, path);
    const origin = origins.get(path) ?? (other && origins.get(other));
    if (other === undefined || origin === undefined || faulty.has(path) || faulty.has(other)) continue;
    problems.push({ origin, message: `found ${path} ${JSON.stringify(pin)}, expected another than that of ${other}` });
  }
}
