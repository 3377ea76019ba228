import type { Config } from "../config/config.ts";
import { DeferredBackend } from "../devices/deferred-backend.ts";
import { DeviceError } from "../devices/errors.ts";
import { isBmcBoard } from "../devices/ids.ts";
import { systemClock as clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { Log } from "../telemetry/log.ts";
import type { Bmcs } from "./start-bmcs.ts";

/** The server has listened and answered whoever was waiting for it before what follows takes its time. */
const AFTER_START_MS = 25;

/**
 * The BMCs that are built in, and the back end that serves them. They are more than half of the program: loading that, and reading
 * what they are, takes as long as the rest of the start, which does not wait for it.
 */
export function demonstrationBmcs(config: Config, log: Log): Bmcs {
  const made = Promise.withResolvers<Bmcs>();
  let starting: Promise<Bmcs> | undefined;
  const timer = clock.after(AFTER_START_MS, () => {
    starting = import("./start-bmcs.ts").then(({ startEmulatedBmcs }) => startEmulatedBmcs(config, log));
    starting.then(made.resolve, (error: unknown) => {
      log.error({ err: toError(error) }, `the emulated BMCs could not be started: ${toError(error).message}`);
      made.reject(error);
    });
  });
  const announcement = { name: "ipmi", owns: isBmcBoard, sinceMs: clock.wallMs() };
  const backend = new DeferredBackend(
    announcement,
    made.promise.then((bmcs) => bmcs.backend),
  );
  return {
    backend,
    reload: () => Promise.resolve(),
    async close() {
      timer.cancel();
      // Whoever waits for what has not begun waits no longer; what has begun comes to its end first.
      if (!starting) made.reject(new DeviceError("shutting-down", "The appliance is shutting down."));
      await starting?.then(
        (bmcs) => bmcs.close(),
        () => undefined,
      );
    },
  };
}
