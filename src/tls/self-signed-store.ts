import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { join } from "node:path";
import { replaceFile } from "../lib/atomic-file.ts";
import { toError } from "../lib/to-error.ts";
import type { MachineNames } from "./machine-names.ts";
import { TlsError } from "./errors.ts";
import { readCertificates, readPrivateKey } from "./pem-file.ts";
import { makeCertificate, newKey } from "./self-signed.ts";
import { isFor, type ServedCertificate } from "./served-certificate.ts";

const DAY_MS = 86_400_000;
/** A certificate is made anew this long before the old one expires. */
const RENEWED_DAYS = 30;
/** Certificate and key are in one file, so that they are replaced together. */
export const SELF_SIGNED_FILE = "self-signed.pem";

/** What a certificate that is made is for, and where it is kept. */
export interface SelfSignedOptions {
  /** Undefined where nothing can be kept: then each start makes another. */
  readonly directory: string | undefined;
  readonly machine: MachineNames;
  /** Of these names, all have to be in a certificate that is kept; addresses come and go. */
  readonly neededNames: readonly string[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * False where the clock may not have been set yet, as on a Pi that has just started: then a certificate of the future is kept, so that
   * clients that know its fingerprint find it again.
   */
  readonly isClockSet: boolean;
  /** One that was made before and is served: it goes on where what is kept cannot be read, or nothing can be kept. */
  readonly inUse?: ServedCertificate | undefined;
}

/** A certificate that was made. */
export interface SelfSigned {
  readonly served: ServedCertificate;
  /** Why it was made now; undefined where it was kept from before. */
  readonly reason: string | undefined;
  /** What went wrong while it was kept: it is served nevertheless. */
  readonly notKept: Error | undefined;
}

interface Kept {
  readonly path: string;
  readonly leaf: X509Certificate;
  readonly key: KeyObject;
}

/** The certificate that is kept where it will do, else a new one. A new one has the old one's key: clients may know that. */
export async function selfSigned(options: SelfSignedOptions): Promise<SelfSigned> {
  const { directory, machine, nowMs, inUse } = options;
  const path = directory === undefined ? undefined : join(directory, SELF_SIGNED_FILE);
  const { kept, absent, unreadable } = path === undefined ? unkept(inUse) : load(path, inUse);
  const reason = kept ? reasonToRenew(kept.leaf, options) : absent;
  if (kept && reason === undefined) return { served: served(kept), reason: undefined, notKept: undefined };
  const key = kept?.key ?? newKey();
  const made = {
    path: path ?? "the certificate made at this start",
    key,
    leaf: await makeCertificate(key, machine, nowMs),
  };
  // What cannot be read may be good: it stays for whoever can make it readable again.
  const notKept = path === undefined ? undefined : (unreadable ?? (await save(path, made)));
  return { served: served(made), reason, notKept };
}

/** True where a certificate that was made is about to expire, or the clock has jumped back to before it. */
export const isRenewalDue = ({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean =>
  validToDate.getTime() - nowMs < RENEWED_DAYS * DAY_MS || validFromDate.getTime() > nowMs;

function reasonToRenew(
  leaf: X509Certificate,
  { neededNames, nowMs, isClockSet }: SelfSignedOptions,
): string | undefined {
  const isOfFuture = leaf.validFromDate.getTime() > nowMs;
  if (isRenewalDue(leaf, nowMs) && (isClockSet || !isOfFuture))
    return isOfFuture ? "the one before is of the future" : "the one before expires";
  const missing = neededNames.filter((name) => !isFor(leaf, name));
  return missing.length === 0 ? undefined : `the one before is not for ${missing.join(", ")}`;
}

/** What there is, or why there is nothing. */
interface Found {
  readonly kept?: Kept | undefined;
  readonly absent?: string;
  /** Why what is kept cannot be read. */
  readonly unreadable?: TlsError;
}

function load(path: string, inUse: ServedCertificate | undefined): Found {
  try {
    const [leaf] = readCertificates(path);
    const key = readPrivateKey(path);
    if (leaf?.checkPrivateKey(key)) return { kept: { path, leaf, key } };
    return { absent: "certificate and key that were kept do not belong together" };
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    if (error.code === "tls-missing") return { absent: "there was none" };
    const absent = `what was kept cannot be used: ${error.message}`;
    return error.code === "tls-unreadable" ? { ...unkept(inUse), absent, unreadable: error } : { absent };
  }
}

/** What is served already, where there is no other. */
const unkept = (inUse: ServedCertificate | undefined): Found => ({
  kept: inUse && { path: inUse.path, leaf: inUse.leaf, key: createPrivateKey(inUse.key) },
  absent: "nothing can be kept",
});

async function save(path: string, made: Kept): Promise<Error | undefined> {
  try {
    await replaceFile(path, `${made.leaf.toString().trim()}\n${pemOf(made.key)}`, 0o600);
    return undefined;
  } catch (error) {
    return toError(error);
  }
}

const pemOf = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" });

const served = ({ path, leaf, key }: Kept): ServedCertificate => ({
  path,
  leaf,
  certificate: leaf.toString(),
  key: pemOf(key),
  expiresMs: leaf.validToDate.getTime(),
  warnings: [],
});
