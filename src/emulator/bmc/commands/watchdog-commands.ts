import { getWatchdogTimer, resetWatchdogTimer, setWatchdogTimer } from "../../../ipmi-js/commands/watchdog.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { needs, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

/** @see IPMI 2.0, section 27.5 */
const NEVER_SET = 0x80;

/** IPMI 2.0 section 27. */
export function addWatchdogCommands(commands: CommandSet): void {
  commands
    .on(resetWatchdogTimer, needs.operator, ({ model: { watchdog } }) => (watchdog.reset() ? {} : refuse(NEVER_SET)))
    .on(setWatchdogTimer, needs.operator, ({ model: { watchdog } }, setting) => {
      if ([setting.use, setting.action, setting.preTimeoutInterrupt].some((name) => name.startsWith("reserved-")))
        refuse(completionCodes.invalidDataField);
      watchdog.set(setting);
      return {};
    })
    .on(getWatchdogTimer, needs.user, ({ model: { watchdog } }) => ({
      ...watchdog.setting,
      expirations: watchdog.expirations,
      isRunning: watchdog.isRunning,
      presentCountdown: watchdog.presentCountdown,
    }));
}
