import type { Agenda, Due } from "./agenda.ts";

/** What the watchdog does when its time is up, by number. @see IPMI 2.0, section 27.6 */
export const watchdogActions = ["none", "reset", "power-down", "power-cycle"] as const;
export type WatchdogAction = (typeof watchdogActions)[number];

/** As it is set: the bytes of Set Watchdog Timer in words. */
export interface WatchdogSetting {
  /** 1 BIOS FRB2, 2 BIOS POST, 3 OS load, 4 SMS/OS, 5 OEM. */
  readonly use: number;
  readonly logsNothing: boolean;
  /** Setting it leaves the timer running. */
  readonly keepsRunning: boolean;
  readonly action: number;
  readonly preTimeoutInterrupt: number;
  readonly preTimeoutSeconds: number;
  /** A bit for each use; 1 clears. */
  readonly clearedExpirations: number;
  /** Tenths of a second. */
  readonly countdown: number;
}

/** What happened: an offset of sensor type 23h, and the action that was taken. */
export interface WatchdogExpiry {
  readonly action: WatchdogAction;
  readonly use: number;
  readonly preTimeoutInterrupt: number;
  readonly isLogged: boolean;
}

const unset: WatchdogSetting = {
  use: 0,
  logsNothing: false,
  keepsRunning: false,
  action: 0,
  preTimeoutInterrupt: 0,
  preTimeoutSeconds: 0,
  clearedExpirations: 0,
  countdown: 0,
};

/** Acts when the system has not been heard of for some time. @see IPMI 2.0, section 27 */
export class Watchdog {
  readonly #agenda: Agenda;
  readonly #expired: (expiry: WatchdogExpiry) => void;
  #setting = unset;
  #isSet = false;
  #end: Due | undefined;
  #endMs = 0;
  #expirations = 0;

  constructor(agenda: Agenda, expired: (expiry: WatchdogExpiry) => void) {
    this.#agenda = agenda;
    this.#expired = expired;
  }

  get setting(): WatchdogSetting {
    return this.#setting;
  }
  get isRunning(): boolean {
    return this.#end !== undefined;
  }
  /** A bit for each use that has run out. */
  get expirations(): number {
    return this.#expirations;
  }
  /** Tenths of a second that are left. */
  get presentCountdown(): number {
    return this.#end ? Math.max(0, Math.ceil((this.#endMs - this.#agenda.nowMs) / 100)) : this.#setting.countdown;
  }

  set(setting: WatchdogSetting): void {
    const wasRunning = this.isRunning;
    this.#setting = setting;
    this.#isSet = true;
    this.#expirations &= ~setting.clearedExpirations;
    this.stop();
    if (wasRunning && setting.keepsRunning) this.#start();
  }

  /** Starts it from the beginning. False: nobody has set it yet. */
  reset(): boolean {
    if (!this.#isSet) return false;
    this.#start();
    return true;
  }

  stop(): void {
    this.#end?.cancel();
    this.#end = undefined;
  }

  #start(): void {
    this.stop();
    const durationMs = this.#setting.countdown * 100;
    this.#endMs = this.#agenda.nowMs + durationMs;
    this.#end = this.#agenda.after(durationMs, () => this.#expire());
  }

  #expire(): void {
    this.#end = undefined;
    const { use, action, preTimeoutInterrupt, logsNothing, countdown } = this.#setting;
    this.#expirations |= 1 << use;
    this.#setting = { ...this.#setting, countdown };
    this.#expired({ action: watchdogActions[action] ?? "none", use, preTimeoutInterrupt, isLogged: !logsNothing });
  }
}
