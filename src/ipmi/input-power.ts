import type { Bmc } from "./bmc.ts";
import type { BmcInventory, SensorDevice } from "./bmc-inventory.ts";
import { WATT } from "./measurements.ts";

/** Entities whose power is that of the whole: power unit, system chassis, system board. @see IPMI 2.0, table 43-13 */
const wholeEntities: readonly number[] = [0x13, 0x17, 0x07];

/**
 * What a chassis takes from its supply: by DCMI where the BMC has it, else from a sensor in watts that measures the whole.
 *
 * Many BMCs have no DCMI, some answer nothing at all, some zero for the first time.
 */
export class InputPower {
  readonly #bmc: Bmc;
  readonly #inventory: BmcInventory;
  #hasDcmi = true;

  constructor(bmc: Bmc, inventory: BmcInventory) {
    this.#bmc = bmc;
    this.#inventory = inventory;
  }

  /** The BMC may be another one now. */
  doubt(): void {
    this.#hasDcmi = true;
  }

  /** In watts; 0 where nothing tells it. Never fails: whoever asks wants to know something else first. */
  async read(): Promise<number> {
    const byDcmi = this.#hasDcmi ? await this.#readDcmi() : undefined;
    if (byDcmi !== undefined && byDcmi > 0) return byDcmi;
    const device = this.#wholeSensor();
    if (!device) return byDcmi ?? 0;
    const reading = await this.#bmc.readSensor(device.sensor).catch(() => undefined);
    return reading?.kind === "analog" ? reading.value : 0;
  }

  async #readDcmi(): Promise<number | undefined> {
    // A BMC that answers nothing to it would keep everybody waiting every time.
    const watts = await this.#bmc.readPowerW().catch(() => undefined);
    this.#hasDcmi = watts !== undefined;
    return watts;
  }

  /** The sensor of the whole; the only one in watts whatever it is of. */
  #wholeSensor(): SensorDevice | undefined {
    const inWatts = [...this.#inventory.sensors.values()].filter(
      ({ type, sensor }) => type === "wattage" && sensor.analog.unit.base === WATT,
    );
    for (const entity of wholeEntities) {
      const found = inWatts.find(({ sensor }) => sensor.entity.id === entity);
      if (found) return found;
    }
    return inWatts.length === 1 ? inWatts[0] : undefined;
  }
}
