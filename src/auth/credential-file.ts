import { closeSync, constants, fstatSync, openSync, readFileSync, statSync, type BigIntStats } from "node:fs";
import { dirname } from "node:path";
import { toError } from "../lib/to-error.ts";
import { CredentialFileError } from "./errors.ts";

/** Everything beyond that is no file of credentials, bytes. */
const LARGEST_FILE = 4_194_304n;
const FOR_OTHERS = 0o007n;
const WRITABLE_BY_GROUP = 0o020n;
const ROOT = 0n;

/** What is wrong with who may read and write a file; undefined where nothing is. */
function accessFault({ mode, uid }: BigIntStats, path: string): string | undefined {
  const advice = `expected mode 0640 or less: chmod 640 ${path}`;
  const found = `(mode ${(mode & 0o7777n).toString(8).padStart(4, "0")})`;
  if ((mode & FOR_OTHERS) !== 0n) return `everybody on this machine can get at these credentials ${found}; ${advice}`;
  if ((mode & WRITABLE_BY_GROUP) !== 0n) return `a whole group can write these credentials ${found}; ${advice}`;
  if (!trustedOwners(path).has(uid))
    return `these credentials belong to another user (id ${uid}), who could change them; expected root or the one that runs this program`;
  return undefined;
}

/** Who may own a file: root, the one that runs this program, and where that is root, whoever owns the folder, for whom root makes it. */
function trustedOwners(path: string): ReadonlySet<bigint> {
  const ours = BigInt(process.getuid?.() ?? 0);
  return new Set([ROOT, ours, ...(ours === ROOT ? [statSync(dirname(path), { bigint: true }).uid] : [])]);
}

/**
 * A file's text; undefined where there is no file.
 *
 * @throws CredentialFileError, also where others may get at it; with a `cause` where the system did not let it be read
 */
export function readCredentialFile(path: string): string | undefined {
  try {
    return readWhole(path);
  } catch (error) {
    if (error instanceof CredentialFileError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    const advice = code === "EACCES" ? "; let the user that runs this program read it, or name another" : "";
    throw new CredentialFileError(path, `cannot be read: ${toError(error).message}${advice}`, { cause: error });
  }
}

/** @throws CredentialFileError, and what node:fs throws */
function readWhole(path: string): string {
  // A pipe that nobody writes to is no reason to wait.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    // Of the file that is open, not of one that takes its place meanwhile.
    const stats = fstatSync(descriptor, { bigint: true });
    if (!stats.isFile()) throw new CredentialFileError(path, "expected a file");
    if (stats.size > LARGEST_FILE)
      throw new CredentialFileError(path, `found ${stats.size} bytes, expected at most ${LARGEST_FILE}`);
    const fault = accessFault(stats, path);
    if (fault !== undefined) throw new CredentialFileError(path, fault);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

/** Makes what a file says of its text; undefined stands for a file that is not there. @throws CredentialFileError */
export type ParseCredentials<T> = (text: string | undefined, path: string) => T;

/** A file with credentials that is read again when it has changed. */
export class CredentialFile<T> {
  readonly path: string;
  readonly #parse: ParseCredentials<T>;
  readonly #read: typeof readCredentialFile;
  #stamp: string;
  /** What stands for a change that the system did not let be read. */
  #unread: string | undefined;
  #content: T;

  /** @throws CredentialFileError */
  constructor(path: string, parse: ParseCredentials<T>, read = readCredentialFile) {
    this.path = path;
    this.#parse = parse;
    this.#read = read;
    this.#stamp = stampOf(path);
    this.#content = parse(read(path), path);
  }

  /** What it said when it was last as it should be. */
  get content(): T {
    return this.#content;
  }

  /**
   * Looks whether the file has changed, which is cheap, and takes what it says. True where something changed.
   *
   * @throws CredentialFileError, once for each change, where it cannot be used: then everything stays as it was. Where the system did not
   *   let it be read, out of descriptors for one, it is tried again each time: what was revoked must not be taken for ever.
   */
  refresh(): boolean {
    const stamp = stampOf(this.path);
    if (stamp === this.#stamp) return false;
    const text = this.#textOf(stamp);
    if (text === null) return false;
    this.#stamp = stamp;
    this.#content = this.#parse(text, this.path);
    return true;
  }

  /** What the file says; null where it cannot be read, and that has been thrown before. */
  #textOf(stamp: string): string | undefined | null {
    try {
      const text = this.#read(this.path);
      this.#unread = undefined;
      return text;
    } catch (error) {
      const isKnown = stamp === this.#unread;
      const mayPass = error instanceof CredentialFileError && error.cause !== undefined;
      if (mayPass) this.#unread = stamp;
      else this.#stamp = stamp;
      if (mayPass && isKnown) return null;
      throw error;
    }
  }

  /** Has the file read again even where it looks as before. @throws CredentialFileError */
  reload(): void {
    this.#stamp = "";
    this.#unread = undefined;
    this.refresh();
  }
}

/** What differs between a file and any other that takes its place. */
function stampOf(path: string): string {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats ? `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}` : "none";
  } catch (error) {
    // What is wrong is said by who reads it, once.
    return toError(error).message;
  }
}
