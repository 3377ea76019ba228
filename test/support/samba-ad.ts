/**
 * Samba as an Active Directory domain controller, of which only LDAP runs: a peer for what Active Directory does in its own way. It takes the
 * ports 389 and 636 of loopback, for which it has no setting, and so root; making it takes ten seconds.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "./slapd.ts";

/** What a test's name says that needs it. */
export const SAMBA_AD = "samba-ad-dc, samba-ad-provision, openssl and root";

const searchPath = `${Bun.env["PATH"] ?? ""}:/usr/sbin:/usr/bin`;
const programOf = (name: string) => Bun.which(name, { PATH: searchPath });

/** False where something is missing that it needs. */
export const hasSambaAd =
  ["samba", "samba-tool", "openssl"].every((name) => programOf(name) !== null) &&
  existsSync("/usr/share/samba/setup/ad-schema") &&
  process.getuid?.() === 0;

/** The domain, as a DN and as Kerberos and NetBIOS have it. */
export const DOMAIN = { dn: "DC=ad,DC=example,DC=org", realm: "ad.example.org", netbios: "AD" } as const;

/** Everybody's password. `alice` is in `ops`, which is in `everyone`; `bob` is in neither; `finder` is a user like any other. */
export const adPasswords = { finder: "F1nder-of-samba", alice: "Alice-of-samba-1", bob: "Bob-of-samba-1" } as const;

export const adDn = (name: string) => `CN=${name},CN=Users,${DOMAIN.dn}`;

export interface SambaAd extends AsyncDisposable {
  readonly url: string;
  readonly tlsUrl: string;
  /** Its authority, PEM. */
  readonly ca: string;
}

const people = `
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
configuration = LoadParm(filename_for_non_global_lp=sys.argv[1])
sam = SamDB(session_info=system_session(), lp=configuration)
${Object.entries(adPasswords)
  .map(([name, password]) => `sam.newuser("${name}", "${password}")`)
  .join("\n")}
sam.newgroup("ops")
sam.newgroup("everyone")
sam.add_remove_group_members("ops", ["alice"])
sam.add_remove_group_members("everyone", ["ops"])
`;

async function run(folder: string, command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${err}${out}`);
}

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

const POLL_MS = 20;

/** Makes a domain and starts its controller; it answers when this is settled. */
export async function startSambaAd(): Promise<SambaAd> {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-samba-"));
  await makeCertificate(folder, "localhost", "DNS:localhost");
  const domain = [`--realm=${DOMAIN.realm}`, `--domain=${DOMAIN.netbios}`, "--server-role=dc", "--dns-backend=NONE"];
  const host = ["--host-name=dc1", "--host-ip=127.0.0.1", `--targetdir=${folder}/dc`, "--adminpass=Admin-of-samba-1"];
  await run(folder, ["samba-tool", "domain", "provision", ...domain, ...host]);
  const configuration = join(folder, "dc", "etc", "smb.conf");
  const settings = [
    "server services = ldap",
    "bind interfaces only = yes",
    "interfaces = lo",
    `tls keyfile = ${folder}/localhost.key`,
    `tls certfile = ${folder}/localhost.pem`,
    `tls cafile = ${folder}/ca.pem`,
    `pid directory = ${folder}`,
    `ncalrpc dir = ${folder}/ncalrpc`,
  ];
  const made = readFileSync(configuration, "utf8");
  writeFileSync(
    configuration,
    made.replace("[global]", () => `[global]\n${settings.join("\n")}`),
  );
  await run(folder, ["chmod", "600", "localhost.key"]);
  await run(folder, ["/usr/bin/python3", "-c", people, configuration]);
  const output = join(folder, "samba.out");
  // Another suite on this machine may have the ports: it is its turn.
  while (await isListening(636)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  const child = Bun.spawn([programOf("samba") ?? "samba", "-i", "-M", "single", "-s", configuration], {
    cwd: folder,
    stdio: ["ignore", Bun.file(output), Bun.file(output)],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  while (!(await isListening(636))) {
    if (child.exitCode !== null) throw new Error(`samba ended with ${child.exitCode}: ${readFileSync(output, "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return {
    url: "ldap://localhost",
    tlsUrl: "ldaps://localhost",
    ca: readFileSync(join(folder, "ca.pem"), "utf8"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
