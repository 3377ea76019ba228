import { Type, type Static } from "@sinclair/typebox";
import type { Clock } from "../lib/clock.ts";
import { LONGEST_PASSWORD_BYTES } from "./authorization.ts";
import {
  CredentialStore,
  entriesParser,
  entryProperties,
  grantsToFile,
  timeProperty,
  noOthers,
} from "./credential-store.ts";
import { CredentialError, CredentialFileError } from "./errors.ts";
import type { Grants } from "./grant.ts";
import { hashPassword, isArgon2id } from "./password-hash.ts";

/** @see NIST SP 800-63B, 5.1.1.1 */
const SHORTEST_PASSWORD = 8;

const userSchema = Type.Object(
  {
    ...entryProperties,
    /** argon2id, in PHC form. */
    hash: Type.String(),
    passwordSet: timeProperty,
  },
  noOthers,
);

/** A user as it is kept. */
export type KeptUser = Static<typeof userSchema>;

const parseForm = entriesParser("users", userSchema);

/** Reads the file of users. @throws CredentialFileError */
export function parseUsers(text: string | undefined, path: string): readonly KeptUser[] {
  const users = parseForm(text, path);
  const odd = users.find(({ hash }) => !isArgon2id(hash));
  if (odd) throw new CredentialFileError(path, `the hash of ${odd.name} is not what argon2id makes`);
  return users;
}

/** Where users are kept. */
export const userStore = (path: string, clock: Clock) =>
  new CredentialStore<KeptUser>(path, "users", parseUsers, clock);

/** @throws CredentialError */
export function checkPassword(password: string): void {
  const isPlain = !/\p{Cc}/u.test(password);
  if (password.length >= SHORTEST_PASSWORD && Buffer.byteLength(password) <= LONGEST_PASSWORD_BYTES && isPlain) return;
  const expected = `${SHORTEST_PASSWORD} characters or more, at most ${LONGEST_PASSWORD_BYTES} bytes, and no control characters`;
  throw new CredentialError("invalid-password", `the password cannot be taken; expected ${expected}`);
}

/** A new user. @throws CredentialError */
export async function newUser(name: string, grants: Grants, password: string, clock: Clock): Promise<KeptUser> {
  const created = new Date(clock.wallMs()).toISOString();
  return { name, ...grantsToFile(grants), created, ...(await keptPassword(password, clock)) };
}

/** The same user with other grants. */
export const withGrants = ({ name, created, hash, passwordSet }: KeptUser, grants: Grants): KeptUser => ({
  name,
  ...grantsToFile(grants),
  created,
  hash,
  passwordSet,
});

/** What is kept of a password. @throws CredentialError */
export async function keptPassword(password: string, clock: Clock): Promise<Pick<KeptUser, "hash" | "passwordSet">> {
  checkPassword(password);
  return { hash: await hashPassword(password), passwordSet: new Date(clock.wallMs()).toISOString() };
}
