import type { CommandContext } from "../../devices/backend.ts";
import { parseBoardAndDevice, type DevicePath } from "./ids.ts";
import type { Services } from "./route.ts";

/** `asset/{board}/{device}`: inventory data, as far as the hardware has it. */
export async function asset(params: DevicePath, { inventory }: Services, context: CommandContext) {
  const ids = parseBoardAndDevice(params);
  const { address, board, chassis, product } = await inventory.execute({ kind: "asset", ...ids }, context);
  return { bmc_ip: address, board_info: board, chassis_info: chassis, product_info: product };
}
