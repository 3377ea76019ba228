import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from "jose";
import type { Clock } from "../../lib/clock.ts";
import { toError } from "../../lib/to-error.ts";
import type { BearerAuthenticator, BearerCredentials, Rejection, Verdict } from "../authenticator.ts";
import { grantsIn, nameIn } from "./claims.ts";
import { IssuerKeys, type OidcWitness } from "./issuer-keys.ts";
import { OidcError } from "./oidc-error.ts";
import type { OidcSettings } from "./oidc-settings.ts";

/** More than any token that fits into a request's headers. */
const LONGEST_TOKEN = 16_384;
/** The compact form of a signed token (RFC 7515, section 7.1). */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** When to come back where the issuer cannot be asked, in seconds. */
const RETRY_AFTER_S = 10;

const denied = (reason: string): Rejection => ({ rejected: "denied", reason });

/** Lets in who has a token of the issuer: JWTs as access tokens of OAuth 2 (RFC 9068) and OpenID Connect. */
export class OidcAuthenticator implements BearerAuthenticator {
  readonly name = "oidc";
  readonly kind = "bearer";
  readonly #settings: OidcSettings;
  readonly #clock: Clock;
  readonly #keys: IssuerKeys;

  constructor(settings: OidcSettings, clock: Clock, witness: OidcWitness) {
    this.#settings = settings;
    this.#clock = clock;
    this.#keys = new IssuerKeys(settings, clock, witness);
  }

  authenticate({ token }: BearerCredentials): Verdict | Promise<Verdict> {
    const fault = this.#faultOf(token);
    return fault === undefined ? this.#verify(token) : denied(fault);
  }

  close(): void {
    this.#keys.close();
  }

  /** Why a token is not worth asking the issuer about: what it says of itself, which nobody has proved yet. */
  #faultOf(token: string): string | undefined {
    if (token.length > LONGEST_TOKEN || !compactJws.test(token)) return "not a JWT";
    const { algorithms, issuer } = this.#settings;
    try {
      const { alg } = decodeProtectedHeader(token);
      if (!algorithms.some((known) => known === alg)) return "an algorithm that is not allowed";
      return decodeJwt(token).iss === issuer ? undefined : "of another issuer";
    } catch {
      return "not a JWT";
    }
  }

  async #verify(token: string): Promise<Verdict> {
    const { issuer, audience, algorithms, clockToleranceS } = this.#settings;
    try {
      const { payload } = await jwtVerify(token, this.#keys.find, {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: clockToleranceS,
        requiredClaims: ["exp"],
        currentDate: new Date(this.#clock.wallMs()),
      });
      return this.#verdictOn(payload);
    } catch (error) {
      if (error instanceof OidcError)
        return { rejected: "unavailable", reason: "the issuer's keys cannot be had", retryAfterS: RETRY_AFTER_S };
      return denied(reasonOf(toError(error)));
    }
  }

  #verdictOn(payload: JWTPayload): Verdict {
    const name = nameIn(payload, this.#settings);
    if (name === undefined) return denied(`no name in the claim ${this.#settings.nameClaim}`);
    const grants = grantsIn(payload, this.#settings);
    if (grants.length === 0) return denied(`no role in the claim ${this.#settings.rolesClaim}`);
    const expiresMs = ((payload.exp ?? 0) + this.#settings.clockToleranceS) * 1000;
    return { name, via: this.name, grants, expiresMs };
  }
}

/** What is wrong with a token, for the log: jose's own words may quote it. */
function reasonOf(error: Error): string {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `claim ${error.claim} ${error.reason}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "wrong signature";
  if (error instanceof errors.JWKSNoMatchingKey) return "signed with a key that the issuer does not have";
  // WebCrypto's: a key that is too short, or of another kind than it says.
  return `not acceptable (${error instanceof errors.JOSEError ? error.code : error.message})`;
}
