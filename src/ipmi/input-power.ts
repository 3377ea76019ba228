import { systemPowerSensors } from "ipmi-js";
import type { Clock } from "../lib/clock.ts";
import type { Bmc } from "./bmc.ts";
import type { BmcInventory } from "./bmc-inventory.ts";
import { pause } from "./pause.ts";

/** Some BMCs begin to measure when they are asked for the first time. */
const SECOND_LOOK_MS = 500;

/**
 * What a chassis takes from its supply: by DCMI where the BMC has it, else from the sensors in watts that say it.
 *
 * Many BMCs have no DCMI, some answer nothing at all to it, some nothing or zero for the first time.
 */
export class InputPower {
  readonly #bmc: Bmc;
  readonly #inventory: BmcInventory;
  readonly #clock: Clock;
  #hasDcmi = true;
  #hasBeenAsked = false;

  constructor(bmc: Bmc, inventory: BmcInventory, clock: Clock) {
    this.#bmc = bmc;
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /** The BMC may be another one now. */
  doubt(): void {
    this.#hasDcmi = true;
    this.#hasBeenAsked = false;
  }

  /** In watts; 0 where nothing tells it. Never fails: whoever asks wants to know something else first. */
  async read(): Promise<number> {
    const byDcmi = this.#hasDcmi ? await this.#readDcmi() : 0;
    return byDcmi > 0 ? byDcmi : this.#readSensors();
  }

  async #readDcmi(): Promise<number> {
    const isFirst = !this.#hasBeenAsked;
    this.#hasBeenAsked = true;
    // A BMC that answers nothing to it would keep everybody waiting every time.
    const watts = await this.#bmc.readPowerW().catch(() => undefined);
    this.#hasDcmi = watts !== undefined;
    if (watts !== 0 || !isFirst) return watts ?? 0;
    await pause(this.#clock, SECOND_LOOK_MS);
    return (await this.#bmc.readPowerW().catch(() => undefined)) ?? 0;
  }

  async #readSensors(): Promise<number> {
    const sensors = Array.from(this.#inventory.sensors.values(), ({ sensor }) => sensor);
    let watts = 0;
    for (const sensor of systemPowerSensors(sensors)) {
      const reading = await this.#bmc.readSensor(sensor).catch(() => undefined);
      if (reading?.kind === "analog") watts += reading.value;
    }
    return watts;
  }
}
