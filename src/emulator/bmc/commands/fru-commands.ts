import { getFruInventoryAreaInfo, readFruData, writeFruData } from "../../../ipmi-js/commands/fru-commands.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import type { FruMemory } from "../model/fru-memory.ts";
import { needs, type Caller, type CommandSet } from "./command-set.ts";
import { refuse } from "./refusal.ts";

/** Bytes of an IPMI 1.5 packet's message that are left for FRU data. @see IPMI 2.0, table 13-8 and section 34.2 */
const MOST_15 = 246;

const find = ({ model: { frus } }: Caller, id: number): FruMemory => frus.get(id) ?? refuse(completionCodes.notPresent);

/** IPMI 2.0 section 34. */
export function addFruCommands(commands: CommandSet): void {
  commands
    .on(getFruInventoryAreaInfo, needs.user, (caller, { fru }) => ({
      sizeBytes: find(caller, fru).bytes.length,
      isByWords: false,
    }))
    .on(readFruData, needs.user, (caller, { fru, offset, count }) => {
      const { bytes } = find(caller, fru);
      if (count > MOST_15 && caller.session?.protocol === "ipmi-1.5") refuse(completionCodes.cannotReturnBytes);
      if (count > caller.model.description.quirks.fruReadLimit) refuse(completionCodes.requestLengthExceeded);
      if (offset >= bytes.length) refuse(completionCodes.parameterOutOfRange);
      const data = bytes.slice(offset, offset + count);
      return { count: data.length, data };
    })
    .on(writeFruData, needs.operator, (caller, { fru, offset, data }) => {
      const { bytes } = find(caller, fru);
      if (offset + data.length > bytes.length) refuse(completionCodes.parameterOutOfRange);
      bytes.set(data, offset);
      return { count: data.length };
    });
}
