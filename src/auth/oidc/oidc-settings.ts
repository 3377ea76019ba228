import type { Grant } from "../grant.ts";

/** Ways of signing that are believed: all with a private key that the issuer alone has. */
export const signatureAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;
type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** What those may do whose token has a value in the claim for roles. */
interface ClaimGrant extends Grant {
  readonly value: string;
}

/** An issuer whose tokens are believed, and what they allow. */
export interface OidcSettings {
  /** Its name, to the letter: what `iss` says. An HTTPS URL; HTTP only on loopback. */
  readonly issuer: string;
  /** What `aud` has to name. */
  readonly audience: string;
  /** Where its keys are; undefined where it says that itself (OpenID Connect Discovery 1.0). */
  readonly jwksUri: string | undefined;
  /** Reads certificates of the authorities to believe, PEM, each time anew; undefined for those of the system. @throws what the system says */
  readonly readCa: () => Promise<string | undefined>;
  readonly algorithms: readonly SignatureAlgorithm[];
  /** By how much clocks may differ, in seconds. */
  readonly clockToleranceS: number;
  /** The claim with the name by which the caller is known. Claims are named by the names that lead to them: `realm_access.roles`. */
  readonly nameClaim: string;
  /** The claim with roles: a list, or a text with spaces between. */
  readonly rolesClaim: string;
  /** Callers may do what any of those that their token has allows. A value may stand there several times. */
  readonly roles: readonly ClaimGrant[];
  /** The claim with the boards that the caller may do it on; undefined where tokens say nothing of boards. */
  readonly boardsClaim: string | undefined;
  /** How long the issuer may take to hand out its keys, in milliseconds. */
  readonly timeoutMs: number;
  /** How long keys are believed while the issuer cannot be asked, in milliseconds. */
  readonly maxKeyAgeMs: number;
}
