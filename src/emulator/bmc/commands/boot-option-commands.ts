import { getSystemBootOptions, setSystemBootOptions } from "../../../ipmi-js/commands/boot-options.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { needs, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

const PARAMETER_VERSION = 1;
/** @see IPMI 2.0, section 28.12 */
const refusals = {
  unsupported: 0x80,
  "no-block": completionCodes.parameterOutOfRange,
  "being-set": 0x81,
  "bad-length": completionCodes.requestLengthInvalid,
} as const;

/** IPMI 2.0, sections 28.12 and 28.13. */
export function addBootOptionCommands(commands: CommandSet): void {
  commands
    .on(getSystemBootOptions, needs.operator, ({ model: { bootOptions } }, { parameter, set, block }) => {
      const found = bootOptions.get(parameter, set === 0 ? block : set);
      if (typeof found === "string") refuse(refusals[found]);
      return { version: PARAMETER_VERSION, parameter, isLocked: found.isLocked, data: found.data };
    })
    .on(setSystemBootOptions, needs.operator, ({ model: { bootOptions } }, { parameter, isLocked, data }) => {
      const outcome = bootOptions.set(parameter, isLocked, data);
      if (outcome !== "taken") refuse(refusals[outcome]);
      return {};
    });
}
