import type { Identity } from "./identity.ts";

/** What a header `Authorization: Bearer` carries. */
export interface BearerCredentials {
  readonly kind: "bearer";
  /** Not empty, printable ASCII without spaces. */
  readonly token: string;
}

/** What a header `Authorization: Basic` carries. */
export interface BasicCredentials {
  readonly kind: "basic";
  /** Not empty, without control characters or colons. */
  readonly user: string;
  /** May be empty, has no NUL. */
  readonly password: string;
}

export type Credentials = BearerCredentials | BasicCredentials;

/** Where a request comes from. */
export interface Source {
  /** The caller's address, where it is known. */
  readonly remote: string | undefined;
}

/**
 * Why nobody is let in.
 *
 * - `denied`: unknown, wrong, expired, or without a role; callers learn no more than that
 * - `unavailable`: it could not be checked, because the server that could is down or slow: 503, and try again after `retryAfterS`
 */
export interface Rejection {
  readonly rejected: "denied" | "unavailable";
  /** For the log alone, without secrets: `expired`, `no such user`, `no server answers`. */
  readonly reason: string;
  /** With `unavailable`: seconds after which trying again makes sense. */
  readonly retryAfterS?: number;
}

/** What looking at credentials leads to. */
export type Verdict = Identity | Rejection;

export const isRejection = (verdict: Verdict): verdict is Rejection => "rejected" in verdict;

/**
 * One way to prove who one is. All ways that take a kind of credentials are asked, one after the other, until one knows the caller; what
 * it costs to ask does not depend on whether a name is known. Whoever is let in is remembered for a while: an authenticator need not.
 *
 * `authenticate` never throws for what a caller sends, nor because a server is down. A promise only where something is waited for.
 */
interface AuthenticatorOf<C extends Credentials> {
  /** `token`, `user`, `ldap`, ...: for the log, and what identities say that they came via. */
  readonly name: string;
  readonly kind: C["kind"];
  /** True where nobody can guess what it takes, and looking at it costs next to nothing: then who has it right never has to wait. */
  readonly isGuessProof?: boolean;
  /** False where there is nobody whom it could let in now; true where it is absent. */
  readonly isInUse?: boolean;
  authenticate(credentials: C, source: Source): Verdict | Promise<Verdict>;
  /**
   * Looks, before it is asked, whether what it knows has changed, which is cheap. Then nobody whom it let in earlier is remembered.
   *
   * @throws where what is new cannot be used; then everything stays as it was
   */
  hasChanged?(): boolean;
  /** Reads again what may have changed. What is wrong changes nothing, and is thrown. */
  reload?(): void | Promise<void>;
  close?(): void | Promise<void>;
}

export type BearerAuthenticator = AuthenticatorOf<BearerCredentials>;
export type BasicAuthenticator = AuthenticatorOf<BasicCredentials>;
export type Authenticator = BearerAuthenticator | BasicAuthenticator;
