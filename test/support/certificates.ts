import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** False where the program is missing that makes the tests' certificates. */
export const hasOpenssl = Bun.which("openssl") !== null;

/** A certificate and its key, as files. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

interface PairOptions {
  /** Who signs it; itself where nobody does. */
  readonly issuer?: Pair;
  /** Names and addresses as OpenSSL spells them: `DNS:a.example,IP:127.0.0.1`. */
  readonly names?: string;
  /** Negative for one that has expired. */
  readonly days?: number;
  /** Whether it may vouch for others. */
  readonly isAuthority?: boolean;
  /** As `openssl genpkey` takes it. */
  readonly keyKind?: readonly string[];
  readonly usage?: string;
}

const ecKey = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] as const;

/** Runs openssl and returns what it wrote. Throws where it fails. */
export function openssl(...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["openssl", ...args], { stdin: "ignore" });
  if (exitCode !== 0) throw new RangeError(`openssl ${args.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}

/** A folder of certificates made by OpenSSL. */
export class Pki {
  readonly folder = mkdtempSync(join(tmpdir(), "opendcre-pki-"));
  #made = 0;

  /** Makes a key, and a certificate for it. */
  make(subject: string, options: PairOptions = {}): Pair {
    const { issuer, names, days = 30, isAuthority = false, keyKind = ecKey, usage } = options;
    const stem = join(this.folder, `${++this.#made}`);
    const pair = { certificate: `${stem}.crt`, key: `${stem}.key` };
    openssl("genpkey", ...keyKind, "-out", pair.key);
    chmodSync(pair.key, 0o600);
    const extensions = [
      `basicConstraints=critical,CA:${isAuthority ? "TRUE" : "FALSE"}`,
      ...(names === undefined ? [] : [`subjectAltName=${names}`]),
      ...(usage === undefined ? [] : [`extendedKeyUsage=${usage}`]),
    ];
    const [config, request] = [`${stem}.cnf`, `${stem}.csr`];
    writeFileSync(config, `[req]\ndistinguished_name=dn\n[dn]\n[ext]\n${extensions.join("\n")}\n`);
    openssl("req", "-new", "-config", config, "-key", pair.key, "-subj", `/CN=${subject}`, "-out", request);
    const signer = issuer ? ["-CA", issuer.certificate, "-CAkey", issuer.key] : ["-signkey", pair.key];
    const validity = ["-days", `${days}`, "-extfile", config, "-extensions", "ext"];
    openssl("x509", "-req", "-in", request, ...signer, ...validity, "-out", pair.certificate);
    return pair;
  }

  /** A file of several others, one after the other. */
  join(...paths: readonly string[]): string {
    return this.write(paths.map((path) => readFileSync(path, "utf8")).join(""));
  }

  write(text: string | Uint8Array, mode = 0o600): string {
    const path = join(this.folder, `${++this.#made}.pem`);
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
