import type { Clock } from "../lib/clock.ts";
import type { BearerAuthenticator, BearerCredentials, Rejection, Verdict } from "./authenticator.ts";
import type { CredentialFile } from "./credential-file.ts";
import { grantsOf } from "./credential-store.ts";
import type { Identity } from "./identity.ts";
import { TOKEN_PREFIX, tokenHash, type KeptToken } from "./token-file.ts";

interface KnownToken {
  readonly id: string;
  readonly identity: Identity;
}

const unknown: Rejection = { rejected: "denied", reason: "no such token" };
const expired: Rejection = { rejected: "denied", reason: "the token has expired" };

/** Lets in who has one of the tokens that `opendcre token` makes. */
export class TokenAuthenticator implements BearerAuthenticator {
  readonly name = "token";
  readonly kind = "bearer";
  readonly isGuessProof = true;
  readonly #file: CredentialFile<readonly KeptToken[]>;
  readonly #clock: Clock;
  readonly #used: (id: string) => void;
  #byHash: ReadonlyMap<string, KnownToken>;

  /** @param used told of each use, by the token's id */
  constructor(file: CredentialFile<readonly KeptToken[]>, clock: Clock, used: (id: string) => void) {
    this.#file = file;
    this.#clock = clock;
    this.#used = used;
    this.#byHash = byHash(file.content);
  }

  get isInUse(): boolean {
    return this.#byHash.size > 0;
  }

  hasChanged(): boolean {
    const hasChanged = this.#file.refresh();
    if (hasChanged) this.#byHash = byHash(this.#file.content);
    return hasChanged;
  }

  reload(): void {
    this.#file.reload();
    this.#byHash = byHash(this.#file.content);
  }

  authenticate({ token }: BearerCredentials): Verdict {
    if (!token.startsWith(TOKEN_PREFIX)) return unknown;
    // How long this takes tells something of hashes alone, and of those nobody can choose more than a few bits.
    const known = this.#byHash.get(tokenHash(token));
    if (!known) return unknown;
    const { expiresMs } = known.identity;
    if (expiresMs !== undefined && this.#clock.wallMs() >= expiresMs) return expired;
    this.#used(known.id);
    return known.identity;
  }
}

const byHash = (tokens: readonly KeptToken[]): ReadonlyMap<string, KnownToken> =>
  new Map(
    tokens.map((token) => {
      const { id, name, sha256, expires } = token;
      const expiresMs = expires === undefined ? undefined : Date.parse(expires);
      return [sha256, { id, identity: { name, via: "token", grants: grantsOf(token), expiresMs } }];
    }),
  );
