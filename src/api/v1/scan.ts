import type { CommandContext } from "../../devices/backend.ts";
import type { BoardRecord } from "../../devices/command.ts";
import { formatBoardId, formatDeviceId } from "../../devices/ids.ts";
import { parseBoard } from "./ids.ts";
import type { Services } from "./route.ts";

const answer = (boards: readonly BoardRecord[]) => ({
  boards: boards.map(({ id, devices }) => ({
    board_id: formatBoardId(id),
    devices: devices.map((device) => ({
      device_id: formatDeviceId(device.id),
      device_type: device.type,
      device_info: device.info,
    })),
  })),
});

/** `scan`: all boards that can be reached, with their devices. */
export const scanAll = async (_: object, { inventory }: Services, context: CommandContext) =>
  answer(await inventory.scanAll(context));

/** `scan/{board}`: one board and its devices. */
export async function scanBoard(params: { board: string }, { inventory }: Services, context: CommandContext) {
  const board = parseBoard(params.board);
  return answer(await inventory.execute({ kind: "scan", board }, context));
}
