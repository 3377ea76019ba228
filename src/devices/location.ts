import type { DeviceId } from "./ids.ts";

/** Where in its chassis a device sits; `unknown` where its id does not say. */
export interface ChassisLocation {
  readonly depth: "front" | "middle" | "rear" | "unknown";
  readonly horizontal: "left" | "middle" | "right" | "unknown";
  readonly vertical: "top" | "middle" | "bottom" | "unknown";
  /** Number of the node in a microserver, 0–31. */
  readonly node?: number;
}

const NODE_BIT = 15;
const NODE_SHIFT = 8;
const NODE_MASK = 0x1f;

/** Two bits of an id: the place of the first, of the second, both for the middle. */
function axis<T extends string>(id: number, firstBit: number, first: T, second: T): T | "middle" | "unknown" {
  const isFirst = ((id >> firstBit) & 1) === 1;
  const isSecond = ((id >> (firstBit - 1)) & 1) === 1;
  if (isFirst && isSecond) return "middle";
  if (isFirst) return first;
  return isSecond ? second : "unknown";
}

/**
 * The location that a device id encodes.
 *
 * Bit 15 set: a node of a microserver, numbered by bits 12–8. Bit 15 clear: depth in bits 14 and 13, horizontal in 12 and 11,
 * vertical in 10 and 9.
 *
 * @see device bus specification, "Location encoded in the device id"
 */
export function chassisLocation(device: DeviceId): ChassisLocation {
  if (((device >> NODE_BIT) & 1) === 1) {
    const node = (device >> NODE_SHIFT) & NODE_MASK;
    return { depth: "unknown", horizontal: "unknown", vertical: "unknown", node };
  }
  return {
    depth: axis(device, 14, "front", "rear"),
    horizontal: axis(device, 12, "left", "right"),
    vertical: axis(device, 10, "top", "bottom"),
  };
}
