import {
  createLocalJWKSet,
  errors,
  type CryptoKey,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from "jose";
import type { Clock } from "../../lib/clock.ts";
import { toError } from "../../lib/to-error.ts";
import { fetchJson } from "./fetch-json.ts";
import { OidcError } from "./oidc-error.ts";
import type { OidcSettings } from "./oidc-settings.ts";

/** What people should know of an issuer, for the log. */
export interface OidcWitness {
  /** Its keys could not be had: told once, until they can. `hasKeys` says whether older ones go on being used. */
  failed(error: OidcError, hasKeys: boolean): void;
  /** Its keys can be had again. */
  recovered(): void;
}

type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

interface KeySet {
  readonly find: FindKey;
  readonly fetchedMs: number;
}

/** Keys are fetched again when they are older, in milliseconds: an issuer may have withdrawn one. */
const REFRESH_MS = 300_000;
/** The issuer is not asked more often, in milliseconds, however many tokens with unknown keys arrive. */
const MIN_PAUSE_MS = 10_000;

/** The keys of an issuer: fetched when they are first needed, again when they are old, and when a token names one that is not known. */
export class IssuerKeys {
  readonly #settings: OidcSettings;
  readonly #clock: Clock;
  readonly #witness: OidcWitness;
  #keys: KeySet | undefined;
  #triedMs = -Infinity;
  #fetching: Promise<void> | undefined;
  #lastError: OidcError | undefined;
  #abort: AbortController | undefined;
  #isClosed = false;

  constructor(settings: OidcSettings, clock: Clock, witness: OidcWitness) {
    this.#settings = settings;
    this.#clock = clock;
    this.#witness = witness;
  }

  /**
   * The key that a token says it is signed with.
   *
   * @throws OidcError where keys cannot be had; JOSEError where the issuer has no such key
   */
  readonly find: FindKey = async (header, token) => {
    const ageMs = this.#ageMs();
    if (ageMs > this.#settings.maxKeyAgeMs) await this.#refresh();
    else if (ageMs > REFRESH_MS && this.#mayTry()) void this.#refresh().catch(() => {});
    const { find } = this.#known();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const isNews = this.#fetching !== undefined || this.#mayTry();
      if (isNews) await this.#refresh();
      // Whether the issuer has a new key cannot be known while it cannot be asked.
      else if (this.#lastError) throw this.#lastError;
      else throw error;
    }
    return this.#known().find(header, token);
  };

  close(): void {
    this.#isClosed = true;
    this.#abort?.abort();
  }

  #ageMs(): number {
    return this.#keys ? this.#clock.monotonicMs() - this.#keys.fetchedMs : Infinity;
  }

  #known(): KeySet {
    if (!this.#keys) throw this.#lastError ?? new OidcError("no-keys", this.#settings.issuer, "no keys");
    return this.#keys;
  }

  #mayTry(): boolean {
    return this.#clock.monotonicMs() - this.#triedMs >= MIN_PAUSE_MS;
  }

  /** Fetches the keys; all who need them wait for the same. @throws OidcError */
  #refresh(): Promise<void> {
    if (this.#fetching) return this.#fetching;
    if (!this.#mayTry())
      return Promise.reject(
        this.#lastError ?? new OidcError("no-keys", this.#settings.issuer, "asked for its keys a moment ago"),
      );
    this.#triedMs = this.#clock.monotonicMs();
    this.#fetching = this.#fetch().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #readCa(): Promise<string | undefined> {
    try {
      return await this.#settings.readCa();
    } catch (cause) {
      const message = `there is nobody to say that it is to be trusted: ${toError(cause).message}`;
      throw new OidcError("unreachable", this.#settings.issuer, message, { cause });
    }
  }

  async #fetch(): Promise<void> {
    const { issuer, timeoutMs } = this.#settings;
    const abort = new AbortController();
    this.#abort = abort;
    const timer = this.#clock.after(timeoutMs, () =>
      abort.abort(new OidcError("timeout", issuer, `no keys within ${timeoutMs} ms`)),
    );
    try {
      const options = { ca: await this.#readCa(), signal: abort.signal };
      const uri = this.#settings.jwksUri ?? (await discover(issuer, options));
      const find = keySetOf(uri, await fetchJson(uri, options));
      this.#keys = { find, fetchedMs: this.#clock.monotonicMs() };
      if (this.#lastError) this.#witness.recovered();
      this.#lastError = undefined;
    } catch (cause) {
      const error =
        cause instanceof OidcError ? cause : new OidcError("unreachable", issuer, toError(cause).message, { cause });
      if (!this.#lastError && !this.#isClosed) this.#witness.failed(error, this.#ageMs() <= this.#settings.maxKeyAgeMs);
      this.#lastError = error;
      if (this.#ageMs() > this.#settings.maxKeyAgeMs) this.#keys = undefined;
      throw error;
    } finally {
      timer.cancel();
    }
  }
}

/** Where an issuer says its keys are (OpenID Connect Discovery 1.0, section 4). */
async function discover(issuer: string, options: Parameters<typeof fetchJson>[1]): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const metadata = await fetchJson(url, options);
  const said = memberOf(metadata, "issuer");
  // Whoever can put a document there must not speak for another issuer (section 4.3).
  if (said !== issuer)
    throw new OidcError(
      "bad-metadata",
      url,
      `is of the issuer ${JSON.stringify(said)}, expected ${JSON.stringify(issuer)}`,
    );
  const uri = memberOf(metadata, "jwks_uri");
  if (typeof uri !== "string") throw new OidcError("bad-metadata", url, "has no jwks_uri");
  return uri;
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

const isKeySet = (value: unknown): value is JSONWebKeySet => {
  const keys = memberOf(value, "keys");
  return Array.isArray(keys) && keys.every((key) => typeof key === "object" && key !== null && !Array.isArray(key));
};

function keySetOf(uri: string, value: unknown): FindKey {
  if (!isKeySet(value)) throw new OidcError("bad-metadata", uri, "is no key set (RFC 7517)");
  try {
    return createLocalJWKSet(value);
  } catch (cause) {
    throw new OidcError("bad-metadata", uri, "is no key set (RFC 7517)", { cause });
  }
}
