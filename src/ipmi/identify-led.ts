import { type ChassisStatus, type IpmiError, isForceRefused, LONGEST_IDENTIFY_SECONDS } from "ipmi-js";
import { DeviceError } from "../devices/errors.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { Bmc, IdentifyMode } from "./bmc.ts";
import { mayHaveBeenCarriedOut, withoutStop } from "./bmc-errors.ts";

/** So long before a timed identification ends it is renewed: time enough for a second attempt. */
const RENEWED_BEFORE_MS = 30_000;
const RENEWAL_MS = LONGEST_IDENTIFY_SECONDS * 1000 - RENEWED_BEFORE_MS;
/** After a renewal that did not work comes the next attempt, and each further one after twice as long, up to `RENEWAL_MS`. */
const RENEWAL_RETRY_MS = 10_000;

export interface IdentifyLedOptions {
  readonly bmc: Bmc;
  readonly clock: Clock;
  /** Puts a renewal in the queue of what the BMC is asked. */
  readonly queue: (renew: () => Promise<void>) => Promise<void>;
  /** Told of the first renewal that did not work, until one does. */
  readonly renewalFailed: (reason: Error) => void;
}

/** The LED by which people find a chassis: on until it is switched off, whether or not the BMC itself can do that. */
export class IdentifyLed {
  readonly #options: IdentifyLedOptions;
  /** What was last set; what the LED is, where the BMC does not tell. */
  #isOn = false;
  #canForce = true;
  #timer: Timer | undefined;
  #failedRenewals = 0;
  #isClosed = false;

  constructor(options: IdentifyLedOptions) {
    this.#options = options;
  }

  /** Whether it is on: as the BMC says, where it says that, else as it was last set. @throws IpmiError */
  async read(): Promise<boolean> {
    const status = await this.#options.bmc.getChassisStatus();
    return toldBy(status) ?? this.#isOn;
  }

  /** Switches it, and returns the state read afterwards. @throws IpmiError; DeviceError where nobody can know what became of it */
  async set(isOn: boolean): Promise<boolean> {
    const { bmc } = this.#options;
    const doubt = await this.#switch(isOn);
    // Even where it may not have been heard: a renewal would switch on again what somebody wants off.
    if (!isOn) this.#keep(false);
    if (doubt) {
      const told = toldBy(await bmc.getChassisStatus());
      if (told === undefined) throw outcomeUnknown(isOn, doubt);
      // The BMC says that the LED is not as it was told to be: it has not been told.
      const again = told === isOn ? undefined : await this.#switch(isOn);
      if (again) throw outcomeUnknown(isOn, again);
    }
    this.#keep(isOn);
    const status = await bmc.getChassisStatus();
    // A BMC that takes the byte that forces, and minds the interval all the same.
    if (isOn && this.#canForce && status.knowsIdentifyState && status.identifyState === "timed") {
      this.#canForce = false;
      this.#keep(isOn);
    }
    return toldBy(status) ?? isOn;
  }

  /** Stops renewing: one that is on goes out by itself. */
  close(): void {
    this.#isClosed = true;
    this.#keep(false);
  }

  /** Remembers how it was switched, and renews it from now on where it would go out by itself. */
  #keep(isOn: boolean): void {
    this.#isOn = isOn && !this.#isClosed;
    this.#failedRenewals = 0;
    this.#timer?.cancel();
    if (this.#isOn && !this.#canForce) this.#renewAfter(RENEWAL_MS);
  }

  /** Sends the command, once. Returns the failure that leaves open what became of it, if there is one. */
  async #switch(isOn: boolean): Promise<IpmiError | undefined> {
    if (!isOn) return this.#send("off");
    if (!this.#canForce) return this.#send("timed");
    try {
      return await this.#send("forced");
    } catch (error) {
      if (!isForceRefused(error)) throw error;
      this.#canForce = false;
      return this.#send("timed");
    }
  }

  async #send(mode: IdentifyMode): Promise<IpmiError | undefined> {
    try {
      await this.#options.bmc.identify(mode);
      return undefined;
    } catch (error) {
      if (mayHaveBeenCarriedOut(error)) return error;
      throw error;
    }
  }

  #renewAfter(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    try {
      await this.#options.queue(async () => {
        // Switched off while the renewal was waiting.
        if (this.#isOn) await this.#options.bmc.identify("timed");
      });
      if (this.#isOn) this.#keep(true);
    } catch (error) {
      if (!this.#isOn) return;
      if (this.#failedRenewals === 0) this.#options.renewalFailed(toError(error));
      this.#renewAfter(Math.min(RENEWAL_RETRY_MS * 2 ** this.#failedRenewals++, RENEWAL_MS));
    }
  }
}

const toldBy = ({ knowsIdentifyState, identifyState }: ChassisStatus): boolean | undefined =>
  knowsIdentifyState ? identifyState !== "off" : undefined;

const outcomeUnknown = (isOn: boolean, doubt: Error) =>
  new DeviceError(
    "no-response",
    `the LED may or may not have been switched ${isOn ? "on" : "off"}, the BMC does not tell, and it was not told again (${withoutStop(doubt.message)}).`,
    {},
    { cause: doubt },
  );
