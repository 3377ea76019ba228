import type { BootOptions } from "./boot-options.ts";
import type { Chassis, PowerEvent } from "./chassis.ts";
import type { Sensors } from "./sensors.ts";
import type { Watchdog, WatchdogExpiry } from "./watchdog.ts";

/** Sensor types that follow what happens. @see IPMI 2.0, table 42-3 */
export const followers = {
  intrusion: 0x05,
  powerSupply: 0x08,
  powerUnit: 0x09,
  driveSlot: 0x0d,
  eventLogging: 0x10,
  systemEvent: 0x12,
  criticalInterrupt: 0x13,
  systemBoot: 0x1d,
  osBoot: 0x1f,
  acpiState: 0x22,
  watchdog: 0x23,
} as const;

/** Offsets of those sensor types. */
const POWERED_OFF = 0;
const [S0, S5] = [0, 5];
const [BY_POWER_UP, BY_HARD_RESET] = [0, 1];
const DIAGNOSTIC_INTERRUPT = 0;
const LOG_CLEARED = 2;
const CLOCK_SET = 5;
/** Event data 2 of `CLOCK_SET`: the first of two events, and the second. */
const [BEFORE_SETTING, AFTER_SETTING] = [0x00, 0x80];

/** What the boot device in byte 2 of the boot flags makes of "boot completed"; of others the device is not told. */
const bootCompleted: Readonly<Record<number, number>> = { 1: 2, 2: 1, 4: 3, 5: 4 };
const BOOT_COMPLETED = 6;

const watchdogOffsets = { none: 0, "hard-reset": 1, "power-down": 2, "power-cycle": 3 } as const;

interface Parts {
  readonly chassis: Chassis;
  readonly sensors: Sensors;
  readonly bootOptions: BootOptions;
  readonly watchdog: Watchdog;
}

/** What follows from what happens: states of sensors, and by them events in the log. */
export class Happenings {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { sensors, chassis } = parts;
    sensors.begin(followers.powerUnit, POWERED_OFF, !chassis.isOn);
    sensors.begin(followers.acpiState, S0, chassis.isOn);
    sensors.begin(followers.acpiState, S5, !chassis.isOn);
  }

  power(event: PowerEvent): void {
    const { sensors, watchdog } = this.#parts;
    switch (event.kind) {
      case "on":
        sensors.set(followers.powerUnit, POWERED_OFF, false);
        sensors.become(followers.acpiState, S0);
        return sensors.notify(followers.systemBoot, BY_POWER_UP);
      case "off":
        watchdog.stop();
        sensors.set(followers.powerUnit, POWERED_OFF, true);
        return sensors.become(followers.acpiState, S5);
      case "reset":
        return sensors.notify(followers.systemBoot, BY_HARD_RESET);
      case "boot":
        return this.#boot();
      case "diagnostic-interrupt":
        return sensors.notify(followers.criticalInterrupt, DIAGNOSTIC_INTERRUPT);
    }
  }

  watchdogExpired({ action, use, preTimeoutInterrupt, isLogged }: WatchdogExpiry): void {
    const { sensors, chassis, bootOptions } = this.#parts;
    const data2 = (preTimeoutInterrupt << 4) | use;
    if (isLogged) sensors.notify(followers.watchdog, watchdogOffsets[action], { data2 });
    if (action === "none") return;
    bootOptions.noteWatchdogReset();
    chassis.control(action === "power-down" ? "off" : action === "power-cycle" ? "cycle" : "reset", "watchdog");
  }

  logCleared(): void {
    this.#parts.sensors.notify(followers.eventLogging, LOG_CLEARED);
  }

  /** Sets the clock by `set`, and leaves an event before and one after. */
  clockSet(set: () => void): void {
    const { sensors } = this.#parts;
    sensors.notify(followers.systemEvent, CLOCK_SET, { data2: BEFORE_SETTING });
    set();
    sensors.notify(followers.systemEvent, CLOCK_SET, { data2: AFTER_SETTING });
  }

  #boot(): void {
    const { sensors, bootOptions } = this.#parts;
    bootOptions.noteBoot();
    const device = ((bootOptions.bootedWith?.[1] ?? 0) >> 2) & 0x0f;
    sensors.notify(followers.osBoot, bootCompleted[device] ?? BOOT_COMPLETED);
  }
}
