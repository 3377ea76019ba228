/** Makes the Debian package: files, control data, and what dpkg-deb makes of them, the same bytes each time. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bashCompletion } from "./bash-completion.ts";
import { copyrightFile } from "./copyright.ts";
import { changelogDate, debianVersion } from "./debian-version.ts";
import { opendcrePage } from "./opendcre-8.ts";
import { opendcreJsonPage } from "./opendcre-json-5.ts";
import { checksums, installedKibibytes, settle, stage, type StagedFile } from "./stage.ts";

export interface DebOptions {
  /** The project's folder. */
  readonly root: string;
  /** The binary to pack. */
  readonly binary: string;
  /** Debian's name for what it runs on. */
  readonly architecture: "amd64" | "arm64";
  /** As package.json has it. */
  readonly version: string;
  /** Folders of the packages in the bundle. */
  readonly packageFolders: readonly string[];
  /** The time that everything in the package bears, in seconds since 1970. */
  readonly epochS: number;
  /** Where the package goes. */
  readonly outdir: string;
  /** How hard xz tries, from 0 to 9. Tests do not wait a minute for the last tenth. */
  readonly xzLevel: number;
  /** How large the package may become; undefined where that does not count. */
  readonly mostBytes: number | undefined;
}

/** dpkg-deb is missing, or has failed; or what it has made is too large. */
export class PackagingError extends Error {
  override readonly name = "PackagingError";
  readonly code = "packaging";
}

const MAINTAINER = "OpenDCRE maintainers <maintainers@opendcre.invalid>";

/** Files that belong to the administrator: dpkg asks before it replaces one that was changed. */
const conffiles = ["/etc/default/opendcre", "/etc/opendcre/opendcre.json"] as const;

/** What of docs/ is for those who have the package. */
export const manuals = [
  "operations.md",
  "api-1.2.md",
  "audit-trail.md",
  "emulated-bmc.md",
  "emulator.md",
  "hat.md",
  "security.md",
  "tls.md",
] as const;

/** For credentials, root's alone. */
const CREDENTIALS = "etc/opendcre/credentials/";

/** Makes `opendcre_VERSION_ARCHITECTURE.deb` and returns its path. @throws PackagingError, RangeError */
export function buildDeb(options: DebOptions): string {
  const { epochS, outdir, architecture } = options;
  const version = debianVersion(options.version);
  const folder = mkdtempSync(join(tmpdir(), "opendcre-deb-"));
  try {
    stage(folder, filesOf(options, version));
    mkdirSync(join(folder, CREDENTIALS));
    const control = {
      control: { text: controlFile(version, architecture, installedKibibytes(folder)) },
      md5sums: { text: checksums(folder) },
      conffiles: { text: conffiles.map((path) => `${path}\n`).join("") },
      ...maintainerScripts(options.root),
    };
    stage(join(folder, "DEBIAN"), control);
    settle(folder, epochS, [CREDENTIALS]);
    const deb = join(outdir, `opendcre_${version}_${architecture}.deb`);
    pack(folder, deb, options);
    checkSize(deb, options);
    return deb;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function maintainerScripts(root: string): Record<string, StagedFile> {
  const names = ["postinst", "prerm", "postrm"] as const;
  return Object.fromEntries(names.map((name) => [name, { from: join(root, "packaging", name), mode: 0o755 }]));
}

function filesOf({ root, binary, packageFolders, epochS }: DebOptions, version: string): Record<string, StagedFile> {
  const from = (...path: readonly string[]) => ({ from: join(root, ...path) });
  const read = (...path: readonly string[]) => readFileSync(join(root, ...path), "utf8");
  const title = { version, epochS };
  const doc = "usr/share/doc/opendcre";
  return {
    "usr/bin/opendcre": { from: binary, mode: 0o755 },
    "usr/lib/systemd/system/opendcre.service": from("systemd", "opendcre.service"),
    "usr/lib/sysusers.d/opendcre.conf": from("systemd", "opendcre.sysusers"),
    "usr/lib/tmpfiles.d/opendcre.conf": from("systemd", "opendcre.tmpfiles"),
    "usr/lib/udev/rules.d/60-opendcre.rules": from("systemd", "60-opendcre.rules"),
    "etc/opendcre/opendcre.json": from("packaging", "opendcre.json"),
    "etc/default/opendcre": from("packaging", "default"),
    "usr/share/man/man8/opendcre.8.gz": { gzipped: opendcrePage(title) },
    "usr/share/man/man5/opendcre.json.5.gz": { gzipped: opendcreJsonPage(title) },
    "usr/share/bash-completion/completions/opendcre": { text: bashCompletion() },
    "usr/share/lintian/overrides/opendcre": from("packaging", "lintian-overrides"),
    [`${doc}/copyright`]: { text: copyrightFile(packageFolders, read("packaging", "bun-notices.md")) },
    [`${doc}/changelog.gz`]: { gzipped: changelog(version, epochS) },
    [`${doc}/NEWS.gz`]: { gzipped: read("CHANGELOG.md") },
    ...Object.fromEntries(manuals.map((name) => [`${doc}/${name}`, from("docs", name)])),
    [`${doc}/examples/opendcre.json`]: from("config", "opendcre.json"),
    [`${doc}/examples/bmc_config_sample.json`]: from("config", "bmc_config_sample.json"),
    [`${doc}/examples/simple.json`]: from("config", "simple.json"),
    [`${doc}/examples/port-443.conf`]: from("systemd", "port-443.conf"),
    [`${doc}/examples/emulator.conf`]: from("systemd", "emulator.conf"),
  };
}

const changelog = (version: string, epochS: number) =>
  `opendcre (${version}) unstable; urgency=medium

  * What has changed is in NEWS.gz.

 -- ${MAINTAINER}  ${changelogDate(epochS)}
`;

/** systemd from 250 on loads a folder of credentials; that is Debian 12, and Raspberry Pi OS of the same time. */
const controlFile = (version: string, architecture: string, kibibytes: number) =>
  `Package: opendcre
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.17), systemd (>= 250), init-system-helpers (>= 1.54), procps
Section: admin
Priority: optional
Description: HTTP API over everything in a rack
 OpenDCRE, the open data-centre runtime, serves boards on a serial device bus
 (Raspberry Pi with or without the power-line HAT) and servers by their BMCs
 (IPMI over LAN) over one HTTP API: power, sensors, fans, LEDs, boot targets,
 asset data. API 1.2 of the original OpenDCRE is kept.
 .
 The service listens with TLS from the start, and answers nobody until a token
 or a user has been made with opendcre(8).
`;

function pack(folder: string, deb: string, { epochS, xzLevel }: DebOptions): void {
  const args = ["--root-owner-group", "-Zxz", `-z${xzLevel}`, "--build", folder, deb];
  // dpkg-deb sorts what it packs, and gives it no later time than this.
  const env = { ...process.env, SOURCE_DATE_EPOCH: `${epochS}`, LC_ALL: "C.UTF-8" };
  const { error, status, stderr } = spawnSync("dpkg-deb", args, { env, encoding: "utf8" });
  if (error) throw new PackagingError("dpkg-deb is needed to make a package (apt install dpkg)", { cause: error });
  if (status !== 0) throw new PackagingError(`dpkg-deb failed: ${stderr.trim()}`);
}

/** Takes a package away that is too large: it is to be seen when it is made, not by those who fetch it over a slow line. @throws PackagingError */
function checkSize(deb: string, { mostBytes }: DebOptions): void {
  const { size } = statSync(deb);
  if (mostBytes === undefined || size <= mostBytes) return;
  rmSync(deb);
  throw new PackagingError(`${deb} would have ${size} bytes: expected at most ${mostBytes}`);
}
