import type { Decoded } from "../../../ipmi-js/bytes/layout.ts";
import type { setWatchdogTimer } from "../../../ipmi-js/commands/watchdog.ts";
import type { Agenda, Due } from "./agenda.ts";

/** As it is set: what Set Watchdog Timer says. */
export type WatchdogSetting = Decoded<typeof setWatchdogTimer.request>;

/** What it does when its time is up. */
type WatchdogAction = "none" | "hard-reset" | "power-down" | "power-cycle";

/** What happened, with the numbers that event data want. */
export interface WatchdogExpiry {
  readonly action: WatchdogAction;
  /** @see IPMI 2.0, table 42-3, sensor type 23h, event data 2 */
  readonly use: number;
  readonly preTimeoutInterrupt: number;
  readonly isLogged: boolean;
}

const unset: WatchdogSetting = {
  use: "sms-os",
  isLoggingOff: false,
  keepsRunning: false,
  action: "none",
  preTimeoutInterrupt: "none",
  preTimeoutSeconds: 0,
  expirations: 0,
  initialCountdown: 0,
};

const useNumbers: Readonly<Record<string, number>> = {
  "bios-frb2": 1,
  "bios-post": 2,
  "os-load": 3,
  "sms-os": 4,
  oem: 5,
};
const interruptNumbers: Readonly<Record<string, number>> = { none: 0, smi: 1, nmi: 2, messaging: 3 };
const actions: readonly WatchdogAction[] = ["none", "hard-reset", "power-down", "power-cycle"];

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
    if (!this.#end) return this.#setting.initialCountdown;
    return Math.max(0, Math.ceil((this.#endMs - this.#agenda.nowMs) / 100));
  }

  set(setting: WatchdogSetting): void {
    const wasRunning = this.isRunning;
    this.#setting = setting;
    this.#isSet = true;
    this.#expirations &= ~setting.expirations;
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
    const durationMs = this.#setting.initialCountdown * 100;
    this.#endMs = this.#agenda.nowMs + durationMs;
    this.#end = this.#agenda.after(durationMs, () => this.#expire());
  }

  #expire(): void {
    this.#end = undefined;
    const { use, action, preTimeoutInterrupt, isLoggingOff } = this.#setting;
    const useNumber = useNumbers[use] ?? 0;
    this.#expirations |= 1 << useNumber;
    this.#expired({
      action: actions.find((name) => name === action) ?? "none",
      use: useNumber,
      preTimeoutInterrupt: interruptNumbers[preTimeoutInterrupt] ?? 0,
      isLogged: !isLoggingOff,
    });
  }
}
