import microserver from "../../../config/bmc-microserver.json" with { type: "text" };
import rackServer from "../../../config/bmc-rack-server.json" with { type: "text" };

const textOf = (imported: unknown) => (typeof imported === "string" ? imported : JSON.stringify(imported));

/** The texts of the descriptions that are built into the program, and what messages call them. */
export const builtInBmcs = [
  { name: "the built-in rack server", text: textOf(rackServer) },
  { name: "the built-in microserver", text: textOf(microserver) },
] as const;
