import { fromSources, simpleRack } from "./product.ts";

/** `opendcre emulate` has ended before it answered. */
class EmulatorError extends Error {
  override readonly name = "EmulatorError";
}

/** The emulator, in a process of its own. */
export type EmulatorProcess = Bun.Subprocess<"ignore", "pipe", "inherit">;

/** Starts `opendcre emulate` with the small rack on a serial port, and waits until it answers. */
export async function startEmulator(device: string, ...args: readonly string[]): Promise<EmulatorProcess> {
  const emulator = Bun.spawn([...fromSources, "emulate", "--device", device, ...args, simpleRack], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...Bun.env, OPENDCRE_LOG_FORMAT: "json" },
  });
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of emulator.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (output.includes("emulating a rack on")) return emulator;
  }
  throw new EmulatorError(`the emulator ended with ${await emulator.exited}: ${output}`);
}
