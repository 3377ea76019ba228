import { readdirSync } from "node:fs";
import { GpioError } from "./errors.ts";
import { GpioChip } from "./gpio-chip.ts";
import { gpioSystem, type GpioSystem } from "./libc.ts";
import { bcmLineOf, headerChipLabels } from "./raspberry-pi.ts";

/** Where chips are looked for. */
export interface ChipSearch {
  readonly system: GpioSystem;
  /** Paths of all chips of the machine. */
  list(): readonly string[];
}

const systemSearch = (): ChipSearch => ({ system: gpioSystem(), list: () => chipsIn("/dev") });

/** The device files of chips in a folder, in the order of their numbers. */
function chipsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .flatMap((name) => /^gpiochip(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b)
    .map((number) => `${folder}/gpiochip${number}`);
}

/**
 * Opens a chip: by its path (`/dev/gpiochip0`), its name (`gpiochip0`), its number (`0`) or its label (`pinctrl-rp1`); with null the
 * one that the header of a Raspberry Pi hangs on.
 *
 * @throws GpioError `gpio-not-found`, `gpio-permission-denied`, `gpio-unsupported`, `gpio-io`
 */
export function openChip(which: string | null, search: ChipSearch = systemSearch()): GpioChip {
  if (which === null) return openLabelled(headerChipLabels, "that of a Raspberry Pi's header", search);
  if (which.startsWith("/")) return GpioChip.open(which, search.system);
  const number = /^(?:gpiochip)?(\d+)$/.exec(which)?.[1];
  if (number !== undefined) return GpioChip.open(`/dev/gpiochip${number}`, search.system);
  return openLabelled([which], `labelled ${which}`, search);
}

function openLabelled(labels: readonly string[], what: string, search: ChipSearch): GpioChip {
  const seen: string[] = [];
  const failures: GpioError[] = [];
  for (const path of search.list()) {
    try {
      const chip = GpioChip.open(path, search.system);
      if (labels.includes(chip.info.label)) return chip;
      seen.push(`${path} is ${chip.info.label}`);
      chip.close();
    } catch (error) {
      if (!(error instanceof GpioError)) throw error;
      failures.push(error);
    }
  }
  // One that may not be opened may be the one.
  const denied = failures.find(({ code }) => code === "gpio-permission-denied");
  if (denied) throw denied;
  const found = seen.length === 0 ? "it has none" : seen.join(", ");
  throw new GpioError("gpio-not-found", `no GPIO chip of this machine is ${what}: ${found}`);
}

/**
 * The offset of a line: of the one at a physical pin of the Raspberry Pi's header where a number is given, of the one with a name
 * (`GPIO27`), or at the offset that is spelled (`offset 4`).
 *
 * @throws GpioError `gpio-not-found`, `gpio-io`
 */
export function offsetOn(chip: GpioChip, which: number | string): number {
  if (typeof which === "string") {
    const spelled = /^offset (\d+)$/.exec(which)?.[1];
    return spelled === undefined ? chip.offsetOf(which) : Number(spelled);
  }
  const { label } = chip.info;
  if (!headerChipLabels.includes(label)) {
    const message = `physical pins are those of a Raspberry Pi, and ${chip.path} is ${label}: give lines by their name, or as "offset 4"`;
    throw new GpioError("gpio-not-found", message, { path: chip.path });
  }
  const bcm = bcmLineOf(which);
  if (bcm === undefined)
    throw new GpioError("gpio-not-found", `physical pin ${which} is no GPIO line: power, ground, or no pin at all`);
  return bcm;
}
