import type { TlsOptions } from "../api/bun-server.ts";
import type { Listener } from "../api/listener.ts";
import type { RedirectListener } from "../api/redirect-listener.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/to-error.ts";
import type { Log } from "../telemetry/log.ts";
import { ExpiryWatch, type Expiring } from "../tls/expiry-watch.ts";
import { loadTls, makeMain, type KeepingOptions, type LoadedTls } from "../tls/load-tls.ts";
import { machineNames } from "../tls/machine-names.ts";
import { isRenewalDue } from "../tls/self-signed-store.ts";
import { isFor, type ServedCertificate } from "../tls/served-certificate.ts";
import type { Environment } from "./environment.ts";
import { stateDirectory } from "./state-directory.ts";

/** The certificates of the appliance. */
export interface Tls {
  /** What the server is to start with. */
  readonly options: TlsOptions;
  /** Begins to watch the certificates' ends, and has this server use those that `reload` and the passing of time bring. */
  serveOn(listener: Pick<Listener, "replaceTls">): void;
  /** Sends clients of plain HTTP to `listener`, where that is wanted. @throws ListenError */
  startRedirect(
    config: Config,
    listener: Listener,
    started: AsyncDisposableStack,
  ): Promise<RedirectListener | undefined>;
  /** Reads certificates and keys again. What is wrong changes nothing and is logged; false where there is such. */
  reload(settings: Config["tls"]): Promise<boolean>;
  stop(): void;
}

/** Reads the certificates, or makes one. @throws TlsError */
export async function startTls(config: Config, env: Environment, log: Log, clock: Clock): Promise<Tls> {
  const keeping: TlsWorld["keeping"] = (settings, isClockSet, inUse) => {
    const directory = settings.certificate ? undefined : stateDirectory("tls", config, env, log);
    return { directory, nowMs: clock.wallMs(), isClockSet, inUse };
  };
  const loaded = await loadTls(config.tls, keeping(config.tls, false, undefined));
  report(loaded, log);
  return new ApplianceTls(config.tls, loaded, { clock, log, keeping });
}

interface TlsWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** How a certificate that is made is kept. `inUse` is the one that was made before, if one was. */
  readonly keeping: (
    settings: Config["tls"],
    isClockSet: boolean,
    inUse: ServedCertificate | undefined,
  ) => KeepingOptions;
}

class ApplianceTls implements Tls {
  readonly #world: TlsWorld;
  readonly #watch: ExpiryWatch;
  #settings: Config["tls"];
  #loaded: LoadedTls;
  #listener: Pick<Listener, "replaceTls"> | undefined;
  #work = Promise.resolve(true);

  constructor(settings: Config["tls"], loaded: LoadedTls, world: TlsWorld) {
    this.#settings = settings;
    this.#loaded = loaded;
    this.#world = world;
    this.#watch = new ExpiryWatch(world.clock, warnOfExpiry(world.log), () => this.#renew());
  }

  get options(): TlsOptions {
    return optionsOf(this.#loaded, this.#settings);
  }

  /** True for a name or an address, in lower case, that clients may be sent to: one of this machine, or one that a certificate is for. */
  #isOurs(host: string): boolean {
    const { main, further } = this.#loaded;
    if ([main, ...further].some(({ leaf }) => isFor(leaf, host))) return true;
    const { names, addresses } = machineNames();
    return names.includes(host) || addresses.includes(host);
  }

  serveOn(listener: Pick<Listener, "replaceTls">): void {
    this.#listener = listener;
    this.#watch.watch(this.#expiring());
  }

  async startRedirect({ server, tls }: Config, listener: Listener, started: AsyncDisposableStack) {
    if (tls.redirectPort === null) return undefined;
    const { listenToRedirect } = await import("../api/redirect-listener.ts");
    const { host } = server;
    const isOurs = (name: string) => this.#isOurs(name);
    const redirect = listenToRedirect({ host, port: tls.redirectPort, targetPort: () => listener.port, isOurs });
    started.defer(() => redirect.stop());
    this.#world.log.info({ port: redirect.port }, `sending clients of plain HTTP on port ${redirect.port} to HTTPS`);
    return redirect;
  }

  reload(settings: Config["tls"]): Promise<boolean> {
    // The next start is without TLS. Until then, nobody is shown another certificate.
    if (!settings.enabled) return Promise.resolve(true);
    return this.#queue(async () => {
      const inUse = this.#settings.certificate ? undefined : this.#loaded.main;
      this.#take(await loadTls(settings, this.#world.keeping(settings, false, inUse)), settings);
      const { main } = this.#loaded;
      this.#world.log.info(
        { event: "reload", certificate: main.path, fingerprint: main.leaf.fingerprint256 },
        `certificates were read again: ${main.path} has SHA-256 fingerprint ${main.leaf.fingerprint256}`,
      );
    });
  }

  stop(): void {
    this.#watch.stop();
  }

  /** Has a certificate that was made here made anew when it is time. Files of others are read when somebody says so. */
  #renew(): void {
    const isDue = () => !this.#settings.certificate && isRenewalDue(this.#loaded.main.leaf, this.#world.clock.wallMs());
    if (!isDue()) return;
    void this.#queue(async () => {
      if (!isDue()) return;
      const [loaded, settings] = [this.#loaded, this.#settings];
      // An hour after the start at the earliest: whoever sets the clock has done so.
      const made = await makeMain(settings, this.#world.keeping(settings, true, loaded.main));
      this.#take({ ...loaded, ...made }, settings);
    });
  }

  /** One thing after the other; what goes wrong is logged, changes nothing, and gives false. */
  #queue(action: () => Promise<void>): Promise<boolean> {
    const tried = async () => {
      try {
        await action();
        return true;
      } catch (error) {
        const { message } = toError(error);
        this.#world.log.error(
          { event: "reload" },
          `certificates were not taken, and those before stay in use: ${message}`,
        );
        return false;
      }
    };
    return (this.#work = this.#work.then(tried));
  }

  #take(loaded: LoadedTls, settings: Config["tls"]): void {
    const isForAll = this.#listener?.replaceTls(optionsOf(loaded, settings));
    if (isForAll === false)
      this.#world.log.warn(
        { event: "tls" },
        "the kernel could not be told which connections get the new certificate: for two seconds some get the one before, and may be broken off",
      );
    report(loaded, this.#world.log);
    this.#settings = settings;
    this.#loaded = loaded;
    this.#watch.watch(this.#expiring());
  }

  /** Those that nobody here renews. */
  #expiring(): readonly Expiring[] {
    const { main, further, clientCa } = this.#loaded;
    return [...(this.#settings.certificate ? [main] : []), ...further, ...(clientCa ? [clientCa] : [])];
  }
}

const optionsOf = ({ main, further, clientCa }: LoadedTls, { minVersion }: Config["tls"]): TlsOptions => ({
  main: { certificate: main.certificate, key: main.key },
  further: further.map(({ certificate, key, names }) => ({ certificate, key, names })),
  clientCa: clientCa?.certificates,
  minVersion,
});

/** Says which certificate is served, and what is not right with it. */
function report({ main, warnings, madeBecause }: LoadedTls, log: Log): void {
  for (const warning of warnings) log.warn({ event: "tls" }, warning);
  const { subjectAltName = "no names", validTo, fingerprint256: fingerprint } = main.leaf;
  const made = madeBecause === undefined ? "" : `made a certificate (${madeBecause}); `;
  log.info(
    { event: "tls", certificate: main.path, fingerprint, valid_until: main.leaf.validToDate.toISOString() },
    `${made}${main.path} is for ${subjectAltName}, valid until ${validTo}, SHA-256 fingerprint ${fingerprint}`,
  );
}

const warnOfExpiry =
  (log: Log) =>
  ({ path, expiresMs }: Expiring, days: number): void => {
    const validUntil = new Date(expiresMs).toISOString();
    const fields = { event: "tls", certificate: path, valid_until: validUntil, days };
    if (days < 0)
      log.error(
        fields,
        `${path} has expired (${validUntil}): connections that rest on it are refused; renew it and send SIGHUP`,
      );
    else log.warn(fields, `${path} expires within ${days + 1} days (${validUntil}): renew it and send SIGHUP`);
  };
