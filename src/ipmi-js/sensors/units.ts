/** One unit: its sign and its name. */
interface BaseUnit {
  readonly symbol: string;
  readonly name: string;
}

const unit = (symbol: string, name: string): BaseUnit => ({ symbol, name });

/** @see IPMI 2.0, table 43-15 */
const baseUnits: readonly (BaseUnit | undefined)[] = [
  unit("", "unspecified"),
  unit("°C", "degrees C"),
  unit("°F", "degrees F"),
  unit("K", "degrees K"),
  unit("V", "Volts"),
  unit("A", "Amps"),
  unit("W", "Watts"),
  unit("J", "Joules"),
  unit("C", "Coulombs"),
  unit("VA", "VA"),
  unit("nt", "Nits"),
  unit("lm", "lumen"),
  unit("lx", "lux"),
  unit("cd", "Candela"),
  unit("kPa", "kPa"),
  unit("psi", "PSI"),
  unit("N", "Newton"),
  unit("CFM", "CFM"),
  unit("RPM", "RPM"),
  unit("Hz", "Hz"),
  unit("µs", "microsecond"),
  unit("ms", "millisecond"),
  unit("s", "second"),
  unit("min", "minute"),
  unit("h", "hour"),
  unit("d", "day"),
  unit("wk", "week"),
  unit("mil", "mil"),
  unit("in", "inches"),
  unit("ft", "feet"),
  unit("in³", "cu in"),
  unit("ft³", "cu feet"),
  unit("mm", "mm"),
  unit("cm", "cm"),
  unit("m", "m"),
  unit("cm³", "cu cm"),
  unit("m³", "cu m"),
  unit("l", "liters"),
  unit("fl oz", "fluid ounce"),
  unit("rad", "radians"),
  unit("sr", "steradians"),
  unit("rev", "revolutions"),
  unit("cycles", "cycles"),
  unit("g₀", "gravities"),
  unit("oz", "ounce"),
  unit("lb", "pound"),
  unit("ft·lb", "ft-lb"),
  unit("oz·in", "oz-in"),
  unit("G", "gauss"),
  unit("Gb", "gilberts"),
  unit("H", "henry"),
  unit("mH", "millihenry"),
  unit("F", "farad"),
  unit("µF", "microfarad"),
  unit("Ω", "ohms"),
  unit("S", "siemens"),
  unit("mol", "mole"),
  unit("Bq", "becquerel"),
  unit("ppm", "PPM (parts/million)"),
  undefined,
  unit("dB", "Decibels"),
  unit("dBA", "DbA"),
  unit("dBC", "DbC"),
  unit("Gy", "gray"),
  unit("Sv", "sievert"),
  unit("K", "color temp deg K"),
  unit("bit", "bit"),
  unit("kbit", "kilobit"),
  unit("Mbit", "megabit"),
  unit("Gbit", "gigabit"),
  unit("B", "byte"),
  unit("kB", "kilobyte"),
  unit("MB", "megabyte"),
  unit("GB", "gigabyte"),
  unit("words", "word (data)"),
  unit("dwords", "dword"),
  unit("qwords", "qword"),
  unit("lines", "line (re. mem. line)"),
  unit("hits", "hit"),
  unit("misses", "miss"),
  unit("retries", "retry"),
  unit("resets", "reset"),
  unit("overruns", "overrun / overflow"),
  unit("underruns", "underrun"),
  unit("collisions", "collision"),
  unit("packets", "packets"),
  unit("messages", "messages"),
  unit("characters", "characters"),
  unit("errors", "error"),
  unit("correctable errors", "correctable error"),
  unit("uncorrectable errors", "uncorrectable error"),
  unit("fatal errors", "fatal error"),
  unit("g", "grams"),
];

/** @see IPMI 2.0, table 43-1, byte 21, bits 5:3 */
const rates: readonly BaseUnit[] = [
  unit("", ""),
  unit("/µs", "per µs"),
  unit("/ms", "per ms"),
  unit("/s", "per s"),
  unit("/min", "per minute"),
  unit("/h", "per hour"),
  unit("/d", "per day"),
];

/** What a sensor's values are measured in. */
export interface SensorUnit {
  /** Base unit of table 43-15: 1 °C, 4 V, 5 A, 6 W, 18 RPM ... */
  readonly base: number;
  /** The second unit of a quotient or a product, 0 without one. */
  readonly modifier: number;
  readonly relation: "none" | "divided" | "multiplied";
  /** 0 none, 1 per µs, 2 per ms, 3 per s, 4 per minute, 5 per hour, 6 per day. */
  readonly rate: number;
  readonly isPercentage: boolean;
  /** `°C`, `V`, `%`, `m³/min`; empty where there is none. */
  readonly symbol: string;
  /** `degrees C`, `Volts`, `percent`. */
  readonly name: string;
}

const reservedUnit = (code: number): BaseUnit => unit(`unit ${code}`, `unit ${code}`);
const baseUnit = (code: number): BaseUnit => baseUnits[code] ?? reservedUnit(code);

/** How table 43-15's codes are written, alone or in a quotient or a product. @see IPMI 2.0, section 43.17 */
export function sensorUnit(parts: Omit<SensorUnit, "symbol" | "name">): SensorUnit {
  const base = baseUnit(parts.base);
  const rate = rates[parts.rate] ?? unit("", "");
  const percent = parts.isPercentage ? unit("%", "percent") : unit("", "");
  // "% unspecified" says no more than "%".
  const isBaseTold = !(parts.isPercentage && parts.base === 0);
  let [symbol, name] = isBaseTold ? [base.symbol, base.name] : ["", ""];
  if (parts.relation !== "none") {
    const modifier = baseUnit(parts.modifier);
    symbol += (parts.relation === "divided" ? "/" : "·") + modifier.symbol;
    name += (parts.relation === "divided" ? " per " : " * ") + modifier.name;
  }
  const words = [percent.name, name, rate.name].filter((word) => word !== "");
  const signs = [percent.symbol, symbol].filter((sign) => sign !== "");
  return { ...parts, symbol: signs.join(" ") + rate.symbol, name: words.join(" ") };
}
