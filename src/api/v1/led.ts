import type { CommandContext } from "../../devices/backend.ts";
import { ApiError } from "../errors.ts";
import { parseBoardAndDevice, type DevicePath } from "./ids.ts";
import { quote } from "./numbers.ts";
import { measurementAnswer, readDevice } from "./read.ts";
import type { Services } from "./route.ts";

/** `led/{board}/{device}`: whether it is on. */
export const led = (params: DevicePath, services: Services, context: CommandContext) =>
  readDevice("led", params, services, context);

type LedPath = DevicePath & { readonly state: string };

/** The ids and the state that a path names. The state is matched exactly. */
function parseLed(params: LedPath) {
  const ids = parseBoardAndDevice(params);
  if (params.state === "on" || params.state === "off") return { ...ids, on: params.state === "on" };
  const message = `Invalid LED state provided for LED control: ${quote(params.state)}, expected on or off.`;
  throw new ApiError("invalid-value", message);
}

/** `led/{board}/{device}/{state}`: switches it, and answers with the state read afterwards. */
export async function setLed(params: LedPath, { inventory }: Services, context: CommandContext) {
  const { measurement } = await inventory.execute({ kind: "led", ...parseLed(params) }, context);
  return measurementAnswer(measurement);
}

/** `led/{board}/{device}/{state}/{colour}`: refused once the rest is right. */
export function setLedColour(params: LedPath & { colour: string }): never {
  parseLed(params);
  throw new ApiError("unsupported", "LED color setting is not supported yet.");
}
