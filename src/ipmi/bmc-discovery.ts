import { type DeviceId, IpmiError } from "ipmi-js";
import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { Bmc } from "./bmc.ts";
import type { BmcEvents } from "./bmc-events.ts";
import { isSilence } from "./bmc-link.ts";
import { firmwareOf, type BmcInventory } from "./bmc-inventory.ts";
import type { InventoryStore } from "./inventory-cache.ts";

/** How often what is known of a BMC is looked at again. */
export interface DiscoveryPolicy {
  /** Whether its SDRs are still the same. */
  readonly checkMs: number;
  /** Asset data have no stamp that says whether they changed: they are read again when they are so old. */
  readonly assetAgeMs: number;
  /** After a look that did not work; each further pause is twice as long, `checkMs` at most. */
  readonly retryMs: number;
}

export const defaultDiscoveryPolicy: DiscoveryPolicy = { checkMs: 600_000, assetAgeMs: 3_600_000, retryMs: 20_000 };

export interface BmcDiscoveryOptions {
  readonly bmc: Bmc;
  readonly inventory: BmcInventory;
  readonly store: InventoryStore;
  /** What the BMC is known by, to people and in the store. */
  readonly name: string;
  readonly address: string;
  readonly clock: Clock;
  readonly policy: DiscoveryPolicy;
  readonly events: BmcEvents;
  /** Learns from each answer whether the BMC is there. */
  readonly watch: <T>(asked: Promise<T>) => Promise<T>;
}

/** Finds out what a BMC has, and keeps it up to date: from the store at first, then from the BMC itself where that has something else. */
export class BmcDiscovery {
  readonly #options: BmcDiscoveryOptions;
  #nextCheckMs = 0;
  #failures = 0;
  #isChecking = false;
  /** What was missing of its SDRs the last time. */
  #missing = "";
  #saved: Promise<void> = Promise.resolve();

  constructor(options: BmcDiscoveryOptions) {
    this.#options = options;
  }

  /** Takes what the store has. Never fails: what cannot be used is read from the BMC. */
  async restore(): Promise<void> {
    const { store, address, inventory, events, name } = this.#options;
    try {
      const kept = await store.load(address);
      if (!kept) return;
      inventory.restore(kept);
      events.inventoried(name, inventory.sensors.size, "cache");
    } catch (error) {
      events.failed(name, "use of what was kept of it", toError(error));
    }
  }

  /** The BMC may have been replaced, or its firmware: what is known is compared at the next sign of life. */
  doubt(): void {
    // That it says nothing to what is being looked at would have that looked at all the time.
    if (this.#isChecking) return;
    this.#nextCheckMs = 0;
    this.#failures = 0;
  }

  /** The sign of life: asks which device it is, and, where it is time, what it has. @throws IpmiError where it does not answer */
  async probe(): Promise<void> {
    const { bmc, watch, clock } = this.#options;
    const device = await watch(bmc.getDeviceId());
    if (clock.monotonicMs() < this.#nextCheckMs) return;
    this.#isChecking = true;
    try {
      await this.#check(device);
    } finally {
      this.#isChecking = false;
    }
  }

  async #check(device: DeviceId): Promise<void> {
    const { clock, policy } = this.#options;
    try {
      if (await this.#checkSdrs(device)) {
        this.#failures = 0;
        // A BMC that is being updated, or has just started, may not have all of its SDRs yet.
        this.#nextCheckMs = clock.monotonicMs() + (device.isUpdating ? policy.retryMs : policy.checkMs);
      } else this.#checkSooner();
    } catch (error) {
      this.#checkSooner();
      this.#report("reading of its sensor records", error);
      throw error;
    }
    await this.#checkAsset(device);
  }

  #checkSooner(): void {
    const { clock, policy } = this.#options;
    this.#nextCheckMs = clock.monotonicMs() + Math.min(policy.retryMs * 2 ** this.#failures++, policy.checkMs);
  }

  /** Writes down what is known. Never fails: what was not kept is read again after the next start. */
  save(): Promise<void> {
    this.#saved = this.#save();
    return this.#saved;
  }

  /** Resolves when everything that was to be written down is. */
  get saved(): Promise<void> {
    return this.#saved;
  }

  async #save(): Promise<void> {
    const { store, address, inventory, events, name } = this.#options;
    try {
      const kept = inventory.toKept();
      if (kept) await store.save(address, kept);
    } catch (error) {
      events.failed(name, "keeping what is known of it", toError(error));
    }
  }

  /** False where there may be more SDRs than the BMC has handed out. */
  async #checkSdrs(device: DeviceId): Promise<boolean> {
    const { bmc, watch, inventory, events, name } = this.#options;
    const firmware = firmwareOf(device);
    if (inventory.isOf({ firmware, stamp: await watch(bmc.getSdrStamp(device)) })) return true;
    const { stamp, raw, records, problems, isComplete } = await watch(bmc.readSdrs(device));
    // A stamp that no BMC has: they are read again, also after the next start.
    inventory.setSdrs({ firmware, stamp: isComplete ? stamp : `${stamp}, incomplete` }, raw, records);
    const missing = isComplete ? "" : problems.join(" ");
    if (isComplete || missing !== this.#missing) {
      events.inventoried(name, inventory.sensors.size, "bmc");
      if (problems.length > 0) events.damaged(name, problems);
    }
    this.#missing = missing;
    await this.save();
    return isComplete;
  }

  /** Asset data that cannot be read keep nobody from reading sensors. */
  async #checkAsset(device: DeviceId): Promise<void> {
    const { inventory, clock, policy } = this.#options;
    const ageMs = clock.wallMs() - inventory.assetReadAtMs;
    // Below 0: the clock was wrong then, or is now.
    if (!device.hasFru || (ageMs >= 0 && ageMs < policy.assetAgeMs)) return;
    try {
      await this.readAsset();
      await this.save();
    } catch (error) {
      this.#report("reading of its asset data", error);
    }
  }

  /** That a BMC has fallen silent is told by its link; that the client has been closed is no failure. */
  #report(what: string, error: unknown): void {
    const { events, name } = this.#options;
    const isClosed = error instanceof IpmiError && error.code === "closed";
    if (!isClosed && !isSilence(error)) events.failed(name, what, toError(error));
  }

  /** Reads the asset data from the BMC. @throws IpmiError */
  async readAsset(): Promise<void> {
    const { bmc, watch, inventory, events, clock, name } = this.#options;
    const { asset, problems } = await watch(bmc.readFru());
    inventory.setAsset(asset, clock.wallMs());
    if (problems.length > 0) events.damaged(name, problems);
  }
}
