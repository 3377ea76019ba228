import type { ChassisDescription } from "../file/bmc-shape.ts";
import type { Agenda, Due } from "./agenda.ts";

/** Why the system was started last. @see IPMI 2.0, table 28-11 */
export type RestartCause = "unknown" | "chassis-control" | "watchdog";

/** What has happened to the system. */
export type PowerEvent =
  | { readonly kind: "on" | "reset"; readonly cause: RestartCause }
  | { readonly kind: "off" }
  /** The firmware has come to where it looks for something to boot. */
  | { readonly kind: "boot" }
  | { readonly kind: "diagnostic-interrupt" };

/** What can be done with it. */
export type PowerControl = "off" | "on" | "cycle" | "reset" | "diagnostic-interrupt" | "soft-off";

/** The three policies by their numbers on the wire. */
const restorePolicies = ["always-off", "previous", "always-on"] as const;
export type RestorePolicy = (typeof restorePolicies)[number];

const MS_PER_HOUR = 3_600_000;

/** Power, which takes its time: what is asked for takes effect later, and what is asked for next calls it off. */
export class Chassis {
  readonly #description: ChassisDescription;
  readonly #agenda: Agenda;
  readonly #tell: (event: PowerEvent) => void;
  #isOn: boolean;
  #plan: Due | undefined;
  #boot: Due | undefined;
  #onSinceMs: number;
  #onBeforeMs: number;
  restorePolicy: RestorePolicy;
  restartCause: RestartCause = "unknown";
  /** The last time that it came on, it did so because a command said so. */
  wentOnByCommand = false;
  /** Control actions that were begun, by name. */
  readonly carriedOut: Record<PowerControl, number> = {
    off: 0,
    on: 0,
    cycle: 0,
    reset: 0,
    "diagnostic-interrupt": 0,
    "soft-off": 0,
  };

  constructor(description: ChassisDescription, agenda: Agenda, tell: (event: PowerEvent) => void) {
    this.#description = description;
    this.#agenda = agenda;
    this.#tell = tell;
    this.#isOn = description.power === "on";
    this.#onSinceMs = agenda.nowMs;
    this.#onBeforeMs = description.powerOnHours * MS_PER_HOUR;
    this.restorePolicy = restorePolicies[description.restorePolicy] ?? "always-off";
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  get powerOnHours(): number {
    const nowMs = this.#isOn ? this.#agenda.nowMs - this.#onSinceMs : 0;
    return Math.floor((this.#onBeforeMs + nowMs) / MS_PER_HOUR);
  }

  /** Begins an action. False: it makes no sense now, and nothing happens. */
  control(action: PowerControl, cause: RestartCause): boolean {
    const needsPower = action !== "on" && action !== "off";
    if (needsPower && !this.#isOn) return false;
    if (action === "diagnostic-interrupt") {
      this.carriedOut[action]++;
      this.#tell({ kind: action });
      return true;
    }
    this.#plan?.cancel();
    this.#begin(action, cause);
    return true;
  }

  #begin(action: Exclude<PowerControl, "diagnostic-interrupt">, cause: RestartCause): void {
    const { powerOnMs, powerOffMs, softOffMs, cyclePauseMs } = this.#description;
    switch (action) {
      case "on":
        return this.#after(powerOnMs, action, () => this.#turnOn(cause));
      case "off":
        return this.#after(powerOffMs, action, () => this.#turnOff());
      case "soft-off":
        return this.#after(softOffMs, action, () => this.#turnOff());
      case "cycle":
        return this.#after(powerOffMs, action, () => {
          this.#turnOff();
          this.#plan = this.#agenda.after(cyclePauseMs + powerOnMs, () => this.#turnOn(cause));
        });
      case "reset":
        this.carriedOut.reset++;
        return this.#start("reset", cause);
    }
  }

  #after(delayMs: number, action: PowerControl, effect: () => void): void {
    this.carriedOut[action]++;
    this.#plan = this.#agenda.after(delayMs, effect);
  }

  #turnOn(cause: RestartCause): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#onSinceMs = this.#agenda.nowMs;
    this.wentOnByCommand = cause === "chassis-control";
    this.#start("on", cause);
  }

  #turnOff(): void {
    if (!this.#isOn) return;
    this.#boot?.cancel();
    this.#isOn = false;
    this.#onBeforeMs += this.#agenda.nowMs - this.#onSinceMs;
    this.#tell({ kind: "off" });
  }

  #start(kind: "on" | "reset", cause: RestartCause): void {
    this.#boot?.cancel();
    this.restartCause = cause;
    this.#boot = this.#agenda.after(this.#description.bootMs, () => this.#tell({ kind: "boot" }));
    this.#tell({ kind, cause });
  }
}
