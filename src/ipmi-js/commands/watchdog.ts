import { bits, empty, flag, layout, named, optional, u16, u8, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { repeatable } from "./define.ts";

const uses = { 1: "bios-frb2", 2: "bios-post", 3: "os-load", 4: "sms-os", 5: "oem" } as const;
const interrupts = ["none", "smi", "nmi", "messaging"] as const;
const actions = ["none", "hard-reset", "power-down", "power-cycle"] as const;

/** What Set and Get Watchdog Timer have in common. */
const settings = {
  use: named(bits(0, 0, 3), uses),
  isLoggingOff: flag(0, 7),
  action: named(bits(1, 0, 3), actions),
  preTimeoutInterrupt: named(bits(1, 4, 3), interrupts),
  preTimeoutSeconds: u8(2),
  /** Uses whose timer has expired, a bit each (bit 1 for `bios-frb2`); set bits are cleared when they are written. */
  expirations: u8(3),
  /** In tenths of a second. */
  initialCountdown: u16(4),
} as const;

/** Starts the timer that was set, or starts it anew. @see IPMI 2.0, section 27.5 */
export const resetWatchdogTimer = repeatable("Reset Watchdog Timer", netFns.app, 0x22, empty, empty);

/** Stops the timer unless it is told not to. @see IPMI 2.0, section 27.6 */
export const setWatchdogTimer = repeatable(
  "Set Watchdog Timer",
  netFns.app,
  0x24,
  layout({ ...settings, keepsRunning: flag(0, 6) }),
  empty,
);

/** @see IPMI 2.0, section 27.7 */
export const getWatchdogTimer = repeatable(
  "Get Watchdog Timer",
  netFns.app,
  0x25,
  empty,
  layout({
    ...settings,
    isRunning: flag(0, 6),
    /** In tenths of a second. */
    presentCountdown: optional(u16(6)),
  }),
);
export type WatchdogTimer = Decoded<typeof getWatchdogTimer.reply>;
