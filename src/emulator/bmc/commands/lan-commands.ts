import { getLanConfigurationParameters, setLanConfigurationParameters } from "../../../ipmi-js/commands/lan.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { needs, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";
import { requireLan } from "./session-commands.ts";

/** Revision 1, compatible with 1. */
const PARAMETER_REVISION = 0x11;
/** @see IPMI 2.0, section 23.1 */
const refusals = { unsupported: 0x80, "read-only": 0x82, "bad-length": completionCodes.requestLengthInvalid } as const;

/** IPMI 2.0 section 23. */
export function addLanCommands(commands: CommandSet): void {
  commands
    .on(
      getLanConfigurationParameters,
      needs.operator,
      ({ model: { lan } }, { channel, wantsRevisionOnly, parameter }) => {
        requireLan(channel);
        const data = lan.get(parameter) ?? refuse(refusals.unsupported);
        return { revision: PARAMETER_REVISION, data: wantsRevisionOnly ? new Uint8Array() : data };
      },
    )
    .on(setLanConfigurationParameters, needs.administrator, ({ model: { lan } }, { channel, parameter, data }) => {
      requireLan(channel);
      const outcome = lan.set(parameter, data);
      if (outcome !== "taken") refuse(refusals[outcome]);
      return {};
    });
}
