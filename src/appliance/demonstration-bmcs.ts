import type { Config } from "../config/config.ts";
import { DeferredBackend } from "../devices/deferred-backend.ts";
import { DeviceError } from "../devices/errors.ts";
import { isBmcBoard } from "../devices/ids.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { Log } from "../telemetry/log.ts";
import type { Bmcs } from "./start-bmcs.ts";

/**
 * The BMCs that are built in, and the back end that serves them. They are more than half of the program, in time to load and in
 * memory: they start when somebody asks for them, with a scan for instance.
 */
export function demonstrationBmcs(config: Config, log: Log): Bmcs {
  let starting: Promise<Bmcs> | undefined;
  let isClosed = false;
  const start = async () => {
    const { startEmulatedBmcs } = await import("./start-bmcs.ts");
    return startEmulatedBmcs(config, log);
  };
  const make = async () => {
    if (isClosed) throw new DeviceError("shutting-down", "The appliance is shutting down.");
    starting = start();
    try {
      return (await starting).backend;
    } catch (error) {
      log.error({ err: toError(error) }, `the emulated BMCs could not be started: ${toError(error).message}`);
      throw error;
    }
  };
  return {
    backend: new DeferredBackend({ name: "ipmi", owns: isBmcBoard, sinceMs: clock.wallMs(), make }),
    reload: () => Promise.resolve(true),
    async close() {
      isClosed = true;
      await starting?.then(
        (bmcs) => bmcs.close(),
        () => undefined,
      );
    },
  };
}
