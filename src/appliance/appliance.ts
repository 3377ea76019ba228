import { listen } from "../api/listener.ts";
import { createApi } from "../api/server.ts";
import { API_VERSION } from "../api/v1/version.ts";
import type { Config } from "../config/config.ts";
import { Inventory } from "../devices/inventory.ts";
import { systemClock } from "../lib/clock.ts";
import type { Log } from "../telemetry/log.ts";
import { version } from "../version.ts";
import type { Environment } from "./environment.ts";
import { callerLimits } from "./caller-limits.ts";
import { demonstrationBmcs } from "./demonstration-bmcs.ts";
import { accessLog, controlWitness, errorLog } from "./logs.ts";
import { createAuthentication } from "./start-auth.ts";
import { controlGate, controlPolicy, noteReload, startAudit } from "./start-audit.ts";
import { busPlaceIn, startBus, startEmulator } from "./start-bus.ts";
import { directoryOf } from "./state-directory.ts";
import type { Bmcs } from "./start-bmcs.ts";

/** A running appliance. */
export interface Appliance {
  /** Where it answers: `http://127.0.0.1:5000/opendcre/1.2/`. */
  readonly url: string;
  /** The serial port of the device bus; null where there is none. */
  readonly busPath: string | null;
  /** False where the bus hangs in an exchange that will never end. A line that is down and being opened again is alive. */
  isAlive(): boolean;
  /**
   * Reads again what may change while it runs: credentials, roles, the BMC file. `config` is the configuration as it is now; what it
   * says of anything else takes a restart (src/cli/reload.ts). What is wrong changes nothing and is logged: then this gives false.
   * `settings` are those that are new and may be taken, by name.
   */
  reload(config: Config, settings: readonly string[]): Promise<boolean>;
  /** Answers what is queued with 503, finishes what is under way, gives everything back. May be called again. */
  stop(): Promise<void>;
}

/**
 * Builds the appliance from its configuration and starts it, from the wire up. What was started before something fails is given
 * back.
 *
 * @throws CredentialFileError, BoardFileError, BmcFileError, SerialPortError, GpioError, ListenError, and what node:fs throws of the files
 */
export async function startAppliance(config: Config, env: Environment, log: Log): Promise<Appliance> {
  await using started = new AsyncDisposableStack();
  const audit = startAudit(config, env, log);
  // Given back last: the outcomes of commands that end while everything stops are still written.
  started.defer(() => audit?.close());
  const authentication = await createAuthentication(config, directoryOf(config, env), log, systemClock);
  started.defer(() => authentication.close());
  const place = config.emulator.enabled ? startEmulator(config, log, started) : busPlaceIn(config, log);
  const bus = place && (await startBus(place, config, log, started));
  const bmcs = await startBmcsIfAny(config, env, log);
  started.defer(() => bmcs?.close());
  const { host, port, endpointPrefix: prefix, cors, maxBodyBytes, shutdownGraceMs: graceMs } = config.server;
  const backends = [bus?.backend, bmcs?.backend].filter((backend) => backend !== undefined);
  const limits = callerLimits(config, log);
  started.defer(() => limits.connections.close());
  const gate = controlGate(config, audit);
  const api = createApi({
    inventory: new Inventory(backends, { witness: controlWitness(log), gate }),
    version,
    modemConfiguration: bus?.modemConfiguration,
    prefix,
    cors,
    guard: authentication.guard,
    getControl: config.api.getControl,
    limits: { maxBodyBytes },
    limiter: limits.requests,
    accessLog: accessLog(config, log),
    errorLog: errorLog(log),
  });
  const tls = await startTlsIfAny(config, env, log);
  started.defer(() => tls?.stop());
  const listener = listen({ api, host, port, graceMs, tls: tls?.options, connections: limits.connections });
  started.defer(() => listener.stop());
  const redirect = await tls?.startRedirect(config, listener, started);
  tls?.serveOn(listener);
  limits.connections.watch(redirect ? [listener.port, redirect.port] : [listener.port]);
  // First the queues, so that nobody waits in them any longer, and with them the requests under way; then what they use.
  started.defer(async () => void (await Promise.all([bus?.close(), bmcs?.close(), listener.stop()])));
  const parts = started.move();
  let stopping: Promise<void> | undefined;
  return {
    url: `${listener.origin}${prefix}${API_VERSION}/`,
    busPath: place?.path ?? null,
    isAlive: () => !bus?.backend.isStuck(),
    reload: (next, settings) =>
      noteReload(audit, settings, async () => {
        limits.set(next);
        gate.adopt(controlPolicy(next));
        const taken = [await authentication.reload(next), await tls?.reload(next.tls), await bmcs?.reload()];
        return !taken.includes(false);
      }),
    stop: () => (stopping ??= parts.disposeAsync()),
  };
}

/** Without TLS, the code for certificates is not even loaded. */
const startTlsIfAny = async (config: Config, env: Environment, log: Log) =>
  config.tls.enabled ? (await import("./start-tls.ts")).startTls(config, env, log, systemClock) : undefined;

/** Without BMCs, the code that speaks to them is not even loaded. */
async function startBmcsIfAny(config: Config, env: Environment, log: Log): Promise<Bmcs | undefined> {
  const { ipmi, emulator } = config;
  if (ipmi.bmcConfig !== null) return (await import("./start-bmcs.ts")).startBmcs(ipmi.bmcConfig, config, env, log);
  // A board file is scripted: it answers as written, and there is nothing beside it.
  return emulator.enabled && emulator.file === null ? demonstrationBmcs(config, log) : undefined;
}
