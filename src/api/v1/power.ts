import type { CommandContext } from "../../devices/backend.ts";
import { powerActions, type PowerAction } from "../../devices/command.ts";
import { ApiError } from "../errors.ts";
import { parseBoardAndDevice } from "./ids.ts";
import { quote } from "./numbers.ts";
import type { Services } from "./route.ts";

/** A power command as a path spells it, put in order. */
interface PowerPath {
  readonly board: string;
  readonly device: string;
  readonly action: string;
}

/** The action that a text names, in either case; undefined where it names none. */
const actionNamed = (text: string): PowerAction | undefined =>
  powerActions.find((action) => action === text.toLowerCase());

/** Three parts that hold the action last, or, in the old order, first. */
const inOrder = (first: string, second: string, third: string): PowerPath =>
  actionNamed(first) === undefined
    ? { board: first, device: second, action: third }
    : { board: second, device: third, action: first };

/** True for a path that switches; an action that is not known does nothing. */
function switches({ action }: PowerPath): boolean {
  const named = actionNamed(action);
  return named !== undefined && named !== "status";
}

async function power(path: PowerPath, { inventory }: Services, context: CommandContext) {
  const ids = parseBoardAndDevice(path);
  const action = actionNamed(path.action);
  if (!action) {
    const message = `Invalid power action specified: ${quote(path.action)}, expected ${powerActions.join(", ")}.`;
    throw new ApiError("invalid-value", message);
  }
  const status = await inventory.execute({ kind: "power", ...ids, action }, context);
  return {
    pmbus_raw: status.raw,
    power_status: status.on ? "on" : "off",
    power_ok: status.ok,
    over_current: status.overCurrent,
    under_voltage: status.underVoltage,
    input_power: status.inputPowerW,
    input_voltage: status.inputVoltageV,
    output_current: status.outputCurrentA,
  };
}

/** The parts of a path behind `power/`, named by their places: what they are depends on the order in which they were given. */
interface TwoParts {
  readonly first: string;
  readonly second: string;
}
interface ThreeParts extends TwoParts {
  readonly third: string;
}
interface FourParts extends ThreeParts {
  readonly fourth: string;
}

/** `power/{board}/{device}`: the status. */
export const powerStatus = ({ first, second }: TwoParts, services: Services, context: CommandContext) =>
  power({ board: first, device: second, action: "status" }, services, context);

/** `power/{board}/{device}/{action}` and, in the old order, `power/{action}/{board}/{device}`. */
export const powerAction = (parts: ThreeParts, services: Services, context: CommandContext) =>
  power(inOrder(parts.first, parts.second, parts.third), services, context);

/** Whether `powerAction` switches. */
export const powerActionActs = (parts: ThreeParts) => switches(inOrder(parts.first, parts.second, parts.third));

/** The same behind a device type, which is ignored: `power/{type}/{board}/{device}/{action}`, or with the action before the ids. */
export const typedPowerAction = (parts: FourParts, services: Services, context: CommandContext) =>
  power(inOrder(parts.second, parts.third, parts.fourth), services, context);

/** Whether `typedPowerAction` switches. */
export const typedPowerActionActs = (parts: FourParts) => switches(inOrder(parts.second, parts.third, parts.fourth));
