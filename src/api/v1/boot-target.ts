import type { CommandContext } from "../../devices/backend.ts";
import { bootTargets } from "../../devices/command.ts";
import { ApiError } from "../errors.ts";
import { parseBoardAndDevice, type DevicePath } from "./ids.ts";
import { quote } from "./numbers.ts";
import type { Services } from "./route.ts";

/** `boot_target/{board}/{device}`: what a server boots from next. */
export async function bootTarget(params: DevicePath, { inventory }: Services, context: CommandContext) {
  const target = await inventory.execute({ kind: "boot-target", ...parseBoardAndDevice(params) }, context);
  return { target };
}

/** `boot_target/{board}/{device}/{target}`: sets it, and answers with what was read back. */
export async function setBootTarget(
  params: DevicePath & { target: string },
  { inventory }: Services,
  context: CommandContext,
) {
  const ids = parseBoardAndDevice(params);
  const target = bootTargets.find((candidate) => candidate === params.target);
  if (!target) {
    const message = `Invalid boot target specified: ${quote(params.target)}, expected ${bootTargets.join(", ")}.`;
    throw new ApiError("invalid-value", message);
  }
  return { target: await inventory.execute({ kind: "boot-target", ...ids, target }, context) };
}
