import type { BasicAuthenticator, BasicCredentials, Rejection, Verdict } from "./authenticator.ts";
import type { CredentialFile } from "./credential-file.ts";
import { grantsOf } from "./credential-store.ts";
import { bcryptCost, type Htpasswd } from "./htpasswd.ts";
import type { Grant } from "./grant.ts";
import type { Identity } from "./identity.ts";
import { BusyError, type PasswordChecks } from "./password-checks.ts";
import type { KeptUser } from "./user-file.ts";

/** A user as passwords are checked. */
interface PasswordEntry {
  readonly hash: string;
  readonly identity: Identity;
}

/** All users of a file. */
export interface PasswordTable {
  readonly entries: ReadonlyMap<string, PasswordEntry>;
  /** A hash of nobody's password, as costly as the costliest of the entries: it is checked for users who are not there. */
  readonly decoy: string;
}

/** Made with the parameters of `hashPassword`. Whoever finds the password is let in by it no more than by any other. */
const ARGON2ID_DECOY =
  "$argon2id$v=19$m=19456,t=2,p=1$9Kraiy26E+SoK7SMtH0NS16o4kyka+hJkuCwohb8Eq0$KK1K9ojr2oFMl7drxv6ERwMcW+mHPKZokDKtu1BqGBc";
const BCRYPT_DECOY_REST = "UttMi.CfQCcr.cWqh9jP0u3Lb/TH.qU/6y4Ouw5G7f3HlL1Xz/QBy";

/** The users that `opendcre user` makes. */
export const tableOfUsers = (users: readonly KeptUser[]): PasswordTable => ({
  entries: new Map(
    users.map((user) => [
      user.name,
      { hash: user.hash, identity: { name: user.name, via: "user", grants: grantsOf(user) } },
    ]),
  ),
  decoy: ARGON2ID_DECOY,
});

/** The users of an htpasswd file, who all have the same grants. */
export function tableOfHtpasswd({ hashes }: Htpasswd, grants: readonly Grant[]): PasswordTable {
  const cost = Math.max(4, ...[...hashes.values()].map(bcryptCost));
  return {
    entries: new Map([...hashes].map(([name, hash]) => [name, { hash, identity: { name, via: "htpasswd", grants } }])),
    decoy: `$2b$${`${cost}`.padStart(2, "0")}$${BCRYPT_DECOY_REST}`,
  };
}

const denied = (reason: string): Rejection => ({ rejected: "denied", reason });
const RETRY_AFTER_S = 1;

/** Lets in who knows the password of a user in a file. A user who is not there takes as long as a password that is wrong. */
export class PasswordAuthenticator<T> implements BasicAuthenticator {
  readonly name: string;
  readonly kind = "basic";
  readonly #file: CredentialFile<T>;
  readonly #tableOf: (content: T) => PasswordTable;
  readonly #checks: PasswordChecks;
  #table: PasswordTable;

  constructor(name: string, file: CredentialFile<T>, tableOf: (content: T) => PasswordTable, checks: PasswordChecks) {
    this.name = name;
    this.#file = file;
    this.#tableOf = tableOf;
    this.#checks = checks;
    this.#table = tableOf(file.content);
  }

  get isInUse(): boolean {
    return this.#table.entries.size > 0;
  }

  hasChanged(): boolean {
    const hasChanged = this.#file.refresh();
    if (hasChanged) this.#table = this.#tableOf(this.#file.content);
    return hasChanged;
  }

  reload(): void {
    this.#file.reload();
    this.#table = this.#tableOf(this.#file.content);
  }

  async authenticate({ user, password }: BasicCredentials): Promise<Verdict> {
    const { entries, decoy } = this.#table;
    if (entries.size === 0) return denied("there are no users");
    const entry = entries.get(user);
    try {
      const isRight = await this.#checks.verify(password, entry?.hash ?? decoy);
      if (entry && isRight) return entry.identity;
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      return { rejected: "unavailable", reason: error.message, retryAfterS: RETRY_AFTER_S };
    }
    return denied(entry ? "wrong password" : "no such user");
  }
}
