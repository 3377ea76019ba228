import type { CommandContext } from "../../devices/backend.ts";
import { ApiError } from "../errors.ts";
import { parseBoardAndDevice, type DevicePath } from "./ids.ts";
import { parseDecimal, quote } from "./numbers.ts";
import { measurementAnswer, readDevice } from "./read.ts";
import type { Services } from "./route.ts";

/** The fastest that 1.2 lets a fan be set to. */
const MAX_RPM = 10_000;

/** `fan/{board}/{device}`: its speed. */
export const fan = (params: DevicePath, services: Services, context: CommandContext) =>
  readDevice("fan_speed", params, services, context);

/** `fan/{board}/{device}/{rpm}`: sets the speed, and answers with the one read afterwards. */
export async function setFan(params: DevicePath & { rpm: string }, { inventory }: Services, context: CommandContext) {
  const command = { kind: "fan", ...parseBoardAndDevice(params), rpm: parseRpm(params.rpm) } as const;
  const { measurement } = await inventory.execute(command, context);
  return measurementAnswer(measurement);
}

/** The digits of a speed, leading zeros included. */
function parseRpm(text: string): string {
  const rpm = parseDecimal(text);
  if (rpm && !rpm.isNegative && Number(rpm.significant) <= MAX_RPM) return rpm.digits;
  const message = `Error converting fan_speed to integer (${quote(text)}: expected a decimal number from 0 to ${MAX_RPM}).`;
  throw new ApiError("invalid-value", message);
}
