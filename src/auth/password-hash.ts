/** Hashes of passwords. The only file of src/auth that needs Bun. */
import { Buffer } from "node:buffer";

/** OWASP's first choice for argon2id: 19 MiB, two passes. More memory would be too much for a Pi under many logins at once. */
const ARGON2ID = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** bcrypt looks at no more, and takes no longer ones. */
const BCRYPT_BYTES = 72;

/** True for a hash that `verifyPassword` can check. */
export const isArgon2id = (hash: string): boolean =>
  /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,2}\$[A-Za-z\d+/]{11,}\$[A-Za-z\d+/]{16,}$/.test(hash);

/** True for a hash that `htpasswd -B` makes. */
export const isBcrypt = (hash: string): boolean => /^\$2[aby]\$(?:0[4-9]|1\d)\$[A-Za-z\d./]{53}$/.test(hash);

/** A password as it is kept: argon2id with a salt of its own, in PHC form. */
export const hashPassword = (password: string): Promise<string> => Bun.password.hash(password, ARGON2ID);

/** Whether a hash is that of a password; takes the same time whether it is or not. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  // Empty ones are nobody's, and Bun throws for them: something else takes the time in their place.
  const bytes = Buffer.from(password === "" ? "-" : password);
  const isRight = await Bun.password.verify(isBcrypt(hash) ? bytes.subarray(0, BCRYPT_BYTES) : bytes, hash);
  return isRight && password !== "";
}
