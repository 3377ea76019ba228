import { statSync } from "node:fs";
import { join } from "node:path";
import type { Guard, GuardedRoute } from "../api/guard.ts";
import { ApiError } from "../api/errors.ts";
import { OpenGuard } from "../api/open-guard.ts";
import { TOKEN_FILE, USER_FILE } from "../auth/file-names.ts";
import type { LoginThrottle } from "../auth/throttle.ts";
import type { Config } from "../config/config.ts";
import type { Caller } from "../devices/caller.ts";
import type { Clock } from "../lib/clock.ts";
import { isLoopback } from "../lib/ip-address.ts";
import { toError } from "../lib/to-error.ts";
import type { Log } from "../telemetry/log.ts";
import type { BuiltLogin } from "./build-login.ts";

/** Who may come in. */
export interface Authentication {
  readonly guard: Guard;
  /** Reads credentials again, and what `config` says of who may come in. What is wrong changes nothing and is logged; false where there is such. */
  reload(config: Config): Promise<boolean>;
  /** Writes what is still to be written. */
  close(): Promise<void>;
}

/** How often it is looked whether somebody has made the first token or user. */
const LOOK_EVERY_MS = 1000;
const RETRY_AFTER_S = 1;

/**
 * Lets everybody in until there is something by which they could say who they are, and asks from then on. Looking for that costs
 * next to nothing, and what asks is not even loaded before.
 *
 * @param directory the folder that has the tokens and users
 * @throws CredentialFileError, RangeError for a proxy that is no address
 */
export async function createAuthentication(
  config: Config,
  directory: string,
  log: Log,
  clock: Clock,
): Promise<Authentication> {
  const authentication = new SwitchingGuard(config, directory, log, clock);
  if (authentication.isConfigured()) await authentication.askFromNowOn();
  return { guard: authentication, reload: (next) => authentication.reload(next), close: () => authentication.close() };
}

/** Files whose being there, be it without anybody in them, means that callers are asked. */
const credentialFiles = [TOKEN_FILE, USER_FILE] as const;

const cannotCheck = (cause: unknown) =>
  new ApiError("unchecked-credentials", "The credentials cannot be checked now: see the log.", {
    retryAfterS: RETRY_AFTER_S,
    cause,
  });

/** Whether a file is there, or may be: it cannot always be seen. */
function mayBeThere(path: string, isCertain: boolean): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return !isCertain;
  }
}

/** All that the configuration says of who may come in, to compare. */
const settingsOf = ({ auth, ldap, oidc }: Config): string => JSON.stringify([auth, ldap, oidc]);

class SwitchingGuard implements Guard {
  readonly #directory: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #open: OpenGuard;
  #config: Config;
  #built: BuiltLogin | undefined;
  #building: Promise<void> | undefined;
  #throttle: LoginThrottle | undefined;
  /** Why nobody can be asked, until it is tried again. */
  #fault: Error | undefined;
  #lookedMs: number;
  #reloading = Promise.resolve(true);

  constructor(config: Config, directory: string, log: Log, clock: Clock) {
    this.#config = config;
    this.#directory = directory;
    this.#log = log;
    this.#clock = clock;
    this.#open = new OpenGuard(isLoopback(config.server.host));
    this.#lookedMs = clock.monotonicMs();
  }

  get hidesReads(): boolean {
    return this.#built?.guard.hidesReads ?? false;
  }

  isConfigured(): boolean {
    const { ldap, oidc, auth, emulator, ipmi } = this.#config;
    if (auth.required || auth.htpasswd !== null || auth.proxyUserHeader !== null || ldap || oidc) return true;
    // A demonstration, where the service's folder is nobody's business, has nothing that could be switched off.
    const isDemonstration = emulator.enabled && ipmi.bmcConfig === null;
    return credentialFiles.some((name) => mayBeThere(join(this.#directory, name), isDemonstration));
  }

  originOf(request: Request, remote: string | undefined): string | undefined {
    return this.#built ? this.#built.guard.originOf(request, remote) : remote;
  }

  admit(request: Request, remote: string | undefined, route: GuardedRoute): Caller | Promise<Caller> {
    if (this.#built) return this.#built.guard.admit(request, remote, route);
    if (!this.#building) {
      const nowMs = this.#clock.monotonicMs();
      const isRecent = nowMs - this.#lookedMs < LOOK_EVERY_MS;
      if (this.#fault && isRecent) throw cannotCheck(this.#fault);
      if (!isRecent) this.#lookedMs = nowMs;
      if (!this.#fault && (isRecent || !this.isConfigured())) return this.#open.admit(request, remote, route);
    }
    return this.#admitBuilding(request, remote, route);
  }

  /** From the first token or user on, nobody comes in unasked, even where these cannot be read. */
  async #admitBuilding(request: Request, remote: string | undefined, route: GuardedRoute): Promise<Caller> {
    try {
      await this.askFromNowOn();
      this.#fault = undefined;
    } catch (error) {
      if (!this.#fault) this.#log.error({ event: "auth" }, `nobody comes in: ${toError(error).message}`);
      this.#fault = toError(error);
      throw cannotCheck(error);
    }
    return this.admit(request, remote, route);
  }

  /** @throws CredentialFileError, RangeError */
  askFromNowOn(): Promise<void> {
    this.#building ??= this.#build().finally(() => (this.#building = undefined));
    return this.#building;
  }

  async #build(): Promise<void> {
    const [{ buildLogin }, throttles] = await Promise.all([import("./build-login.ts"), import("../auth/throttle.ts")]);
    const [config, directory, log, clock] = [this.#config, this.#directory, this.#log, this.#clock];
    const throttle = (this.#throttle ??= new throttles.LoginThrottle(clock));
    this.#built = await buildLogin({ config, directory, log, clock, throttle });
    log.info({ event: "auth" }, "callers are asked who they are");
  }

  reload(config: Config): Promise<boolean> {
    const reload = () => this.#reload(config);
    return (this.#reloading = this.#reloading.then(reload, reload));
  }

  async #reload(config: Config): Promise<boolean> {
    // What is being built was begun with what the configuration said before.
    await this.#building?.catch(() => undefined);
    const before = this.#config;
    this.#config = config;
    if (settingsOf(before) === settingsOf(config)) return (await this.#built?.reload()) ?? true;
    if (!this.#built && !this.isConfigured()) return true;
    const old = this.#built;
    try {
      await this.askFromNowOn();
    } catch (error) {
      this.#config = before;
      this.#log.error(
        { event: "reload" },
        `who may come in was not read again, and stays as it was: ${toError(error).message}`,
      );
      return false;
    }
    // What it has asked directories and issuers is answered to those who wait for it.
    await old?.flush();
    return true;
  }

  async close(): Promise<void> {
    await this.#reloading;
    await this.#built?.close();
  }
}
