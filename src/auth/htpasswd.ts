import { isBcrypt } from "./password-hash.ts";

/** A line that lets nobody in. */
interface OddLine {
  /** From 1. */
  readonly line: number;
  readonly fault: string;
}

/** What an htpasswd file says. */
export interface Htpasswd {
  /** bcrypt hashes by the names of users. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly odd: readonly OddLine[];
}

/**
 * Reads a file that `htpasswd -B` makes: `name:hash` lines, and comments. Of two lines for the same user the first one counts, as it does
 * for Apache. Hashes of other kinds (MD5, SHA-1, crypt) are too weak to be taken.
 *
 * @see htpasswd(1)
 */
export function parseHtpasswd(text: string | undefined): Htpasswd {
  const hashes = new Map<string, string>();
  const odd: OddLine[] = [];
  for (const [index, raw] of (text ?? "").split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const [name, hash] = [line.slice(0, colon), line.slice(colon + 1).split(":", 1)[0] ?? ""];
    const fault = faultOf(colon, name, hash, hashes);
    if (fault === undefined) hashes.set(name, hash);
    else odd.push({ line: index + 1, fault });
  }
  return { hashes, odd };
}

function faultOf(colon: number, name: string, hash: string, known: ReadonlyMap<string, string>): string | undefined {
  if (colon < 1) return "expected name:hash";
  if (known.has(name)) return "the user has a line already, which counts";
  return isBcrypt(hash) ? undefined : "the hash is not what bcrypt makes; expected a line from htpasswd -B";
}

/** How much work a bcrypt hash is, as a power of two. */
export const bcryptCost = (hash: string): number => Number(hash.slice(4, 6));
