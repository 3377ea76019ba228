import type { CommandContext } from "../../devices/backend.ts";
import { parseBoard } from "./ids.ts";
import type { Services } from "./route.ts";

/** The API's version, as in its URLs. */
export const API_VERSION = "1.2";

/** `version/{board}`: the board's firmware, the API and the appliance. */
export async function version(params: { board: string }, services: Services, context: CommandContext) {
  const board = parseBoard(params.board);
  const firmware = await services.inventory.execute({ kind: "version", board }, context);
  return { api_version: API_VERSION, firmware_version: firmware, opendcre_version: services.version };
}
