import type { Agenda, Due } from "./agenda.ts";

/** Parameters by their numbers. @see IPMI 2.0, table 28-14 */
const bootParameters = {
  setInProgress: 0,
  servicePartitionSelector: 1,
  servicePartitionScan: 2,
  validBitClearing: 3,
  acknowledge: 4,
  bootFlags: 5,
  initiatorInfo: 6,
  initiatorMailbox: 7,
} as const;

/** After so long without a Chassis Control command boot flags are no longer valid. */
const VALID_MS = 60_000;
/** Whoever began to set something and was never heard of again must not lock everyone out. */
const SETTING_MS = 30_000;
/** In byte 1 of the boot flags. */
const VALID = 0x80;
const PERSISTENT = 0x40;
/** In parameter 3: the valid bit stays although no Chassis Control command comes. */
const KEEP_WITHOUT_CONTROL = 0x08;
/** In parameter 3: it stays through a reset by the watchdog. */
const KEEP_OVER_WATCHDOG = 0x04;

const SETTING = 0x01;
const COMMITTING = 0x02;

/** What a parameter is, and whether it is marked as invalid. */
interface BootParameter {
  readonly isLocked: boolean;
  readonly data: Uint8Array;
}

/** How a parameter was taken. */
export type SetOutcome = "taken" | "unsupported" | "no-block" | "being-set" | "bad-length";

/** What the system is to boot from, and all that belongs to it. @see IPMI 2.0, section 28.13 */
export class BootOptions {
  readonly #agenda: Agenda;
  readonly #areFlagsKept: boolean;
  readonly #parameters = new Map<number, BootParameter>();
  #expiry: Due | undefined;
  #endOfSetting: Due | undefined;
  /** The boot flags that the system booted with last, in whatever way it was told; none where they were not valid. */
  bootedWith: Uint8Array | undefined;

  constructor(agenda: Agenda, areFlagsKept: boolean) {
    this.#agenda = agenda;
    this.#areFlagsKept = areFlagsKept;
    const lengths = [1, 1, 1, 1, 2, 5, 9];
    for (const [number, length] of lengths.entries()) this.#put(number, new Uint8Array(length));
    for (const block of [0, 1, 2, 3, 4]) this.#put(mailboxKey(block), new Uint8Array(17).with(0, block));
  }

  /** `selector` is the mailbox's block. */
  get(number: number, selector: number): BootParameter | "unsupported" | "no-block" {
    if (number === bootParameters.initiatorMailbox) return this.#parameters.get(mailboxKey(selector)) ?? "no-block";
    return this.#parameters.get(number) ?? "unsupported";
  }

  set(number: number, isLocked: boolean, data: Uint8Array): SetOutcome {
    const key = number === bootParameters.initiatorMailbox ? mailboxKey(data[0] ?? 0) : number;
    const before = this.#parameters.get(key);
    if (!before) return number === bootParameters.initiatorMailbox ? "no-block" : "unsupported";
    // No data at all only changes the mark.
    if (data.length === 0) {
      this.#parameters.set(key, { ...before, isLocked });
      return "taken";
    }
    if (data.length !== before.data.length) return "bad-length";
    if (number === bootParameters.setInProgress) return this.#setProgress(data[0] ?? 0);
    this.#parameters.set(key, { isLocked, data: this.#valueOf(number, before.data, data) });
    if (number === bootParameters.bootFlags) this.#startExpiry();
    return "taken";
  }

  /** A Chassis Control command has come: the time until boot flags expire begins anew. */
  noteControl(): void {
    if (this.#flags[0]! & VALID) this.#startExpiry();
  }

  /** The system is started: flags that hold for one boot have been used. */
  noteBoot(): void {
    const flags = this.#flags;
    const isValid = (flags[0]! & VALID) !== 0;
    this.bootedWith = isValid ? flags : undefined;
    if (!isValid || flags[0]! & PERSISTENT) return;
    this.#invalidate();
  }

  /** The watchdog has struck. */
  noteWatchdogReset(): void {
    if (!((this.#parameters.get(bootParameters.validBitClearing)?.data[0] ?? 0) & KEEP_OVER_WATCHDOG))
      this.#invalidate();
  }

  get #flags(): Uint8Array {
    return this.#parameters.get(bootParameters.bootFlags)!.data;
  }

  #valueOf(number: number, before: Uint8Array, data: Uint8Array): Uint8Array {
    if (number === bootParameters.acknowledge) {
      const [mask = 0, bits = 0] = data;
      return Uint8Array.of(0, ((before[1] ?? 0) & ~mask) | (bits & mask));
    }
    if (number === bootParameters.bootFlags && !this.#areFlagsKept) return new Uint8Array(data.length);
    return data.slice();
  }

  #setProgress(wanted: number): SetOutcome {
    const state = this.#parameters.get(bootParameters.setInProgress)!.data[0];
    if (wanted === SETTING && state === SETTING) return "being-set";
    this.#endOfSetting?.cancel();
    // "Commit" ends the setting; there is nothing here that would not have been in force at once.
    const next = wanted === COMMITTING ? 0 : wanted & 0x03;
    this.#put(bootParameters.setInProgress, Uint8Array.of(next));
    if (next === SETTING)
      this.#endOfSetting = this.#agenda.after(SETTING_MS, () =>
        this.#put(bootParameters.setInProgress, Uint8Array.of(0)),
      );
    return "taken";
  }

  #startExpiry(): void {
    this.#expiry?.cancel();
    if (!(this.#flags[0]! & VALID)) return;
    this.#expiry = this.#agenda.after(VALID_MS, () => {
      const clearing = this.#parameters.get(bootParameters.validBitClearing)?.data[0] ?? 0;
      if (!(clearing & KEEP_WITHOUT_CONTROL)) this.#invalidate();
    });
  }

  #invalidate(): void {
    this.#expiry?.cancel();
    const flags = this.#flags.slice();
    flags[0] = flags[0]! & ~VALID;
    this.#put(bootParameters.bootFlags, flags);
  }

  #put(key: number, data: Uint8Array): void {
    this.#parameters.set(key, { isLocked: false, data });
  }
}

/** Mailbox blocks have places of their own, behind the parameters. */
const mailboxKey = (block: number) => 0x100 + block;
