import { deviceCodes } from "../bus/device-codes.ts";
import { closestName } from "../lib/closest-name.ts";
import { actionNames, type Action, type ActionName, type Device, type DeviceTypeName } from "./board.ts";
import type { Place } from "../lib/place.ts";
import { readId, readResponse } from "./read-values.ts";

const DEVICE_ID_BYTES = 2;
const RESPONSES = "an array of responses";

/** What a stateful device of a type must be able to do. */
const statefulActions: Readonly<Partial<Record<DeviceTypeName, readonly ActionName[]>>> = {
  led: ["read", "write"],
  fan_speed: ["read", "write"],
  power: ["power"],
};

/** Reads a board's `devices`. */
export function readDevices(place: Place): Device[] | undefined {
  const taken = new Map<number, string>();
  return place.list("an array of devices", (device) => readDevice(device, taken));
}

function readDevice(place: Place, taken: Map<number, string>): Device | undefined {
  if (!place.isObject('a device: an object with "device_id" and "device_type"')) return undefined;
  const id = place.required("device_id", "a string of 4 hex digits", (named) => readId(named, DEVICE_ID_BYTES, taken));
  const type = place.required("device_type", "the name of a device type", readType);
  const actions: Partial<Record<ActionName, Action>> = {};
  for (const name of actionNames) {
    const action = place.optional(name, readAction);
    if (action) actions[name] = action;
  }
  const stateful = place.optional("stateful", (flag) => readStateful(flag, place, type)) ?? false;
  return id === undefined || type === undefined ? undefined : { id, type, stateful, actions };
}

const isTypeName = (value: unknown): value is DeviceTypeName =>
  typeof value === "string" && Object.hasOwn(deviceCodes, value);

function readType(place: Place): DeviceTypeName | undefined {
  const { value } = place;
  if (isTypeName(value)) return value;
  const names = Object.keys(deviceCodes);
  const meant = typeof value === "string" ? closestName(value, names) : undefined;
  return place.refuse(meant === undefined ? `one of ${names.join(", ")}` : `"${meant}"`);
}

function readAction(place: Place): Action | undefined {
  if (!place.isObject('an object with "repeatable" and "responses"')) return undefined;
  const repeatable = place.required("repeatable", "true or false", readFlag);
  const responses = place.required("responses", RESPONSES, readResponses);
  const retryResponses = place.optional("retry_responses", readResponses);
  if (repeatable === undefined || !responses) return undefined;
  return { repeatable, responses, ...(retryResponses && { retryResponses }) };
}

const readResponses = (place: Place) => place.list(RESPONSES, readResponse);

const readFlag = (place: Place) => (typeof place.value === "boolean" ? place.value : place.refuse("true or false"));

/** Reads `stateful` of a device; a device that could have no state may not be said to have one. */
function readStateful(flag: Place, device: Place, type: DeviceTypeName | undefined): boolean | undefined {
  const isStateful = readFlag(flag);
  if (isStateful !== true || type === undefined) return isStateful;
  const needed = statefulActions[type];
  if (!needed)
    return flag.refuse(`false: only ${Object.keys(statefulActions).join(", ")} can be stateful, not ${type}`);
  for (const name of needed) device.required(name, `an action, which a stateful ${type} needs`, () => true);
  return isStateful;
}
