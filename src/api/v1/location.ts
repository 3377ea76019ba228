import { chassisLocation } from "../../devices/location.ts";
import { parseBoard, parseBoardAndDevice, type DevicePath } from "./ids.ts";

/** Where in the room a rack stands: nothing knows. */
const physical_location = { horizontal: "unknown", vertical: "unknown", depth: "unknown" } as const;

/** `location/{board}`: for any well-formed id, whether or not there is such a board. */
export function boardLocation(params: { board: string }) {
  parseBoard(params.board);
  return { physical_location };
}

/** `location/{board}/{device}`: with the place in the chassis that the device's id encodes. */
export function deviceLocation(params: DevicePath) {
  const { depth, horizontal, vertical, node = "unknown" } = chassisLocation(parseBoardAndDevice(params).device);
  return {
    physical_location,
    chassis_location: { depth, horiz_pos: horizontal, vert_pos: vertical, server_node: node },
  };
}
