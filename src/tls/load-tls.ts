import { plainAddress } from "../lib/ip-address.ts";
import type { Expiring } from "./expiry-watch.ts";
import { machineNames } from "./machine-names.ts";
import { readCertificates } from "./pem-file.ts";
import { selfSigned, type SelfSignedOptions } from "./self-signed-store.ts";
import { TlsError } from "./errors.ts";
import {
  isFor,
  loadCertificate,
  subjectOf,
  type CertificateFiles,
  type ServedCertificate,
} from "./served-certificate.ts";

/** Which certificates are to be served. */
export interface TlsSettings {
  /** Null for one that is made. */
  readonly certificate: CertificateFiles | null;
  readonly further: readonly Required<CertificateFiles>[];
  /** A file of authorities that clients' certificates have to be signed by; null where none is asked for. */
  readonly clientCa: string | null;
  readonly selfSignedNames: readonly string[];
}

/** A certificate for some names. */
export interface NamedCertificate extends ServedCertificate {
  readonly names: readonly string[];
}

/** Authorities that clients' certificates have to be signed by. */
interface ClientAuthorities extends Expiring {
  /** All of them, in PEM. */
  readonly certificates: string;
}

/** Everything that a server needs for TLS, read and checked. */
export interface LoadedTls {
  readonly main: ServedCertificate;
  readonly further: readonly NamedCertificate[];
  /** Undefined where no certificate is asked for. */
  readonly clientCa: ClientAuthorities | undefined;
  /** What is not quite right. */
  readonly warnings: readonly string[];
  /** Why the main certificate was made just now; undefined where it was not. */
  readonly madeBecause: string | undefined;
}

/** Where a certificate that is made is kept, which one is served, and what time it is. */
export type KeepingOptions = Pick<SelfSignedOptions, "directory" | "nowMs" | "isClockSet" | "inUse">;

/**
 * Reads all certificates and keys, and makes one where none is given.
 *
 * @throws TlsError
 */
export async function loadTls(settings: TlsSettings, options: KeepingOptions): Promise<LoadedTls> {
  const { main, ...given } = readGiven(settings, options.nowMs);
  if (main) return { ...given, main, madeBecause: undefined };
  const { warnings, ...made } = await makeMain(settings, options);
  return { ...given, ...made, warnings: [...warnings, ...given.warnings] };
}

/** What the settings name, read and checked. */
export interface GivenTls extends Omit<LoadedTls, "main" | "madeBecause"> {
  /** Undefined where one is to be made. */
  readonly main: ServedCertificate | undefined;
}

/**
 * Reads what the settings name, and makes nothing.
 *
 * @param nowMs milliseconds since 1970
 * @throws TlsError
 */
export function readGiven({ certificate, further: named, clientCa }: TlsSettings, nowMs: number): GivenTls {
  const main = certificate ? loadMain(certificate, nowMs) : undefined;
  const further = named.map((files) => ({ ...loadCertificate(files, nowMs), names: files.names }));
  return {
    main,
    further,
    clientCa: clientCa === null ? undefined : readAuthorities(clientCa, nowMs),
    warnings: [...(main?.warnings ?? []), ...further.flatMap(({ warnings }) => warnings)],
  };
}

/** The certificate of the file that is named, with a warning where it is for nothing that this machine is called. */
function loadMain(files: CertificateFiles, nowMs: number): ServedCertificate {
  const served = loadCertificate(files, nowMs);
  const { names, addresses } = machineNames();
  const isForHere = [...names, ...addresses].some((name) => name !== "localhost" && isFor(served.leaf, name));
  const { subjectAltName } = served.leaf;
  if (isForHere || subjectAltName === undefined) return served;
  const warning = `${files.certificate}: the certificate is for ${subjectAltName}, and neither for the name nor for an address of this machine: clients that use these will refuse it`;
  return { ...served, warnings: [...served.warnings, warning] };
}

/** The certificate that is kept, or a new one where it is time, in place of one that is given. */
export async function makeMain(
  { selfSignedNames }: TlsSettings,
  options: KeepingOptions,
): Promise<Pick<LoadedTls, "main" | "warnings" | "madeBecause">> {
  const machine = machineNames(selfSignedNames);
  const asked = selfSignedNames.map((name) => plainAddress(name) ?? name.toLowerCase());
  const isIn = (name: string) => machine.names.includes(name) || machine.addresses.includes(name);
  const neededNames = new Set([...machine.names, ...asked.filter(isIn)]);
  const { served, reason, notKept } = await selfSigned({ ...options, machine, neededNames: [...neededNames] });
  const warnings = asked
    .filter((name) => !isIn(name))
    .map((name) => `tls.self_signed_names: ${name} is nothing that a certificate may be for, and is left out`);
  if (notKept)
    warnings.push(`the certificate that was made cannot be kept, and the next start makes another: ${notKept.message}`);
  return { main: served, warnings, madeBecause: reason };
}

/** @throws TlsError */
function readAuthorities(path: string, nowMs: number): ClientAuthorities {
  const authorities = readCertificates(path);
  for (const authority of authorities) {
    const subject = subjectOf(authority);
    if (!authority.ca)
      throw new TlsError(
        "tls-chain",
        path,
        `${subject} is not an authority's certificate; expected those of authorities alone`,
      );
    if (authority.validToDate.getTime() <= nowMs)
      throw new TlsError(
        "tls-expired",
        path,
        `${subject} has been valid until ${authority.validTo}; expected authorities that are valid`,
      );
  }
  return {
    path,
    certificates: authorities.map(String).join("\n"),
    expiresMs: Math.min(...authorities.map(({ validToDate }) => validToDate.getTime())),
  };
}
