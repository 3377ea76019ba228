import { readFile } from "node:fs/promises";
import { getCACertificates } from "node:tls";

/**
 * What reads the certificates of the authorities to believe, PEM: those in a file, each time anew, else those that the system has when it is
 * first asked. Undefined where the system has none; then those count that the runtime brings along.
 *
 * @throws what node:fs throws
 */
export function authorities(caFile: string | null): () => Promise<string | undefined> {
  if (caFile !== null) return () => readFile(caFile, "utf8");
  let ofSystem: string | undefined;
  return () => {
    ofSystem ??= getCACertificates("system").join("\n");
    return Promise.resolve(ofSystem === "" ? undefined : ofSystem);
  };
}
