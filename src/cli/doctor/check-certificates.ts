import type { Config } from "../../config/config.ts";
import { isLoopback } from "../../lib/ip-address.ts";
import { TlsError } from "../../tls/errors.ts";
import type { Expiring } from "../../tls/expiry-watch.ts";
import { fail, ok, warn, type Finding } from "./finding.ts";

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

/** What was read: all certificates, and what is odd about them. */
interface ReadCertificates {
  /** Undefined where one is to be made. */
  readonly main: Expiring | undefined;
  readonly further: readonly Expiring[];
  /** Authorities for clients. */
  readonly clientCa: Expiring | undefined;
  readonly warnings: readonly string[];
}

/** The certificates that are configured. `read` reads them; it throws TlsError. */
export function checkCertificates({ tls, server }: Config, nowMs: number, read: () => ReadCertificates): Finding[] {
  const subject = "certificates";
  if (!tls.enabled)
    return isLoopback(server.host)
      ? [ok(subject, `none is needed: ${server.host} is this machine alone`)]
      : [
          warn(
            subject,
            `TLS is off, and ${server.host} can be reached from other machines: passwords and tokens go over the network in clear`,
            "set tls.enabled, or have a proxy before it",
          ),
        ];
  let given: ReadCertificates;
  try {
    given = read();
  } catch (error) {
    if (error instanceof TlsError) return [fail(subject, error.message)];
    throw error;
  }
  const { main, further, clientCa } = given;
  const certificates = [main, ...further, clientCa].filter((certificate) => certificate !== undefined);
  return [
    ...(main ? [] : [ok(subject, "the program makes one of its own, and renews it")]),
    ...certificates.map(({ path, expiresMs }) => expiryOf(path, expiresMs, nowMs)),
    ...given.warnings.map((warning) => warn(subject, warning)),
  ];
}

function expiryOf(path: string, expiresMs: number, nowMs: number): Finding {
  const days = Math.floor((expiresMs - nowMs) / DAY_MS);
  const until = `${path} is valid until ${new Date(expiresMs).toISOString().slice(0, 10)}`;
  if (days >= WARN_DAYS) return ok("certificates", until);
  return warn("certificates", `${until}, ${days} days from now`, "renew it, then sudo systemctl reload opendcre");
}
