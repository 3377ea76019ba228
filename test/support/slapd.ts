/**
 * OpenLDAP's server as a peer for tests: an organisation with a few people and groups, on loopback, in a folder of its own, with a certificate
 * of an authority of its own. All of it is gone when the test is over.
 */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a test's name says that needs the server. */
export const SLAPD = "slapd, ldap-utils and openssl";

const schemas = "/etc/ldap/schema";
const searchPath = `${Bun.env["PATH"] ?? ""}:/usr/sbin:/usr/bin`;
const programOf = (name: string) => Bun.which(name, { PATH: searchPath });

/** False where a program is missing that it needs. */
export const hasSlapd = ["slapd", "ldapadd", "openssl"].every((name) => programOf(name) !== null);

/** The suffix of the organisation. */
export const SUFFIX = "dc=example,dc=org";
const ADMIN = `cn=admin,${SUFFIX}`;
const ADMIN_PASSWORD = "admin-password-of-slapd";

/** An account that may read all people and groups. */
export const finder = { name: `cn=finder,${SUFFIX}`, password: "finder-password-of-slapd" } as const;

/** Everybody's password, by uid. `dup` are two people. */
export const passwords = {
  alice: "alice-password-of-slapd",
  bob: "bob-password-of-slapd",
  carol: "carol-password-of-slapd",
  zoë: "zoë-password-of-slapd",
  "odd*(name)\\": "odd-password-of-slapd",
  dup: "dup-password-of-slapd",
} as const;

/** Groups. `ops` has alice, `readers` bob and zoë, `odd` the odd one, `outer` has `ops`; `unix` names bob by his uid. */
export const groupDn = (name: "ops" | "readers" | "odd" | "outer" | "unix") => `cn=${name},ou=groups,${SUFFIX}`;

export const peopleDn = `ou=people,${SUFFIX}`;

export interface Slapd extends AsyncDisposable {
  /** `ldap://localhost:PORT`, in the clear until StartTLS. */
  readonly url: string;
  /** `ldaps://localhost:PORT`. The certificate bears no other name than localhost. */
  readonly tlsUrl: string;
  readonly port: number;
  readonly tlsPort: number;
  /** Its authority, PEM. */
  readonly ca: string;
  /** Where `ca.pem` and the others are. */
  readonly folder: string;
  /** Does something that opens a connection, and hands back what the server writes of it from its beginning to its end. */
  witness(action: () => Promise<unknown>): Promise<string>;
  /** Stops it in its tracks: connections are taken, nothing is answered. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** What the server writes of connections and requests. */
class Log {
  text = "";
  readonly ended: Promise<void>;
  #isOver = false;
  #more = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#collect(stream);
  }

  /** Waits for a text that stands behind `from`. */
  async until(text: string, from = 0): Promise<void> {
    while (!this.text.includes(text, from)) {
      if (this.#isOver) throw new Error(`slapd ended: ${this.text}`);
      await this.#more.promise;
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.#tell(decoder.decode(chunk, { stream: true }));
    this.#isOver = true;
    this.#tell("");
  }

  #tell(text: string): void {
    this.text += text;
    this.#more.resolve();
    this.#more = Promise.withResolvers<void>();
  }
}

/** Runs a program to its end. */
async function run(command: readonly string[], cwd: string, input = ""): Promise<void> {
  const [name = "", ...args] = command;
  const child = Bun.spawn([programOf(name) ?? name, ...args], {
    cwd,
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${err}${out}`);
}

/** Makes an authority and a certificate of it for one name, as NAME.pem and NAME.key. */
export async function makeCertificate(folder: string, name: string, subjectAltName: string): Promise<void> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const ca = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=OpenDCRE test authority"];
  if (!(await Bun.file(join(folder, "ca.pem")).exists())) await run(["openssl", "req", "-x509", ...key, ...ca], folder);
  const request = ["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`];
  await run(["openssl", "req", ...key, ...request], folder);
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${subjectAltName}\n`);
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
  await run(["openssl", "x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signing], folder);
}

/** A port that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

const configurationOf = (folder: string) => `
include ${schemas}/core.schema
include ${schemas}/cosine.schema
include ${schemas}/nis.schema
include ${schemas}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/localhost.pem
TLSCertificateKeyFile ${folder}/localhost.key
pidfile ${folder}/slapd.pid
database mdb
suffix "${SUFFIX}"
rootdn "${ADMIN}"
rootpw ${ADMIN_PASSWORD}
directory ${folder}/db
maxsize 10485760
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=groups,${SUFFIX}" by users read by * none
access to * by dn.exact="${finder.name}" read by self read by anonymous auth by * none
`;

const base64 = (text: string) => Buffer.from(text).toString("base64");
/** A DN's value with what is special in it as hex. */
const inDn = (text: string) =>
  text.replaceAll(/[^a-z]/g, (character) =>
    Array.from(Buffer.from(character), (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join(""),
  );

const dnOf = (uid: string, unit = "people") => `uid=${inDn(uid)},ou=${unit},${SUFFIX}`;

const unit = (name: string) => `dn: ou=${name},${SUFFIX}\nobjectClass: organizationalUnit\nou: ${name}\n`;

const person = (uid: string, password: string, ou = "people") =>
  `dn: ${dnOf(uid, ou)}\nobjectClass: inetOrgPerson\nuid:: ${base64(uid)}\ncn: Someone\nsn: Someone\ndescription:: ${base64(`rings a bell \u0007${"!".repeat(300)}`)}\nuserPassword:: ${base64(password)}\n`;

const group = (name: string, ...members: readonly string[]) =>
  `dn: cn=${name},ou=groups,${SUFFIX}\nobjectClass: groupOfNames\ncn: ${name}\n${members.map((dn) => `member: ${dn}\n`).join("")}`;

const organisation = [
  `dn: ${SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n`,
  unit("people"),
  unit("contractors"),
  unit("groups"),
  `dn: ${finder.name}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: finder\nuserPassword: ${finder.password}\n`,
  ...Object.entries(passwords).map(([uid, password]) => person(uid, password)),
  person("dup", passwords.dup, "contractors"),
  group("ops", dnOf("alice")),
  group("readers", dnOf("bob"), dnOf("zoë")),
  group("odd", dnOf("odd*(name)\\")),
  group("outer", groupDn("ops")),
  `dn: cn=unix,ou=groups,${SUFFIX}\nobjectClass: posixGroup\ncn: unix\ngidNumber: 1000\nmemberUid: bob\n`,
  // A part of the tree that is said to be elsewhere.
  `dn: ou=elsewhere,${SUFFIX}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\nref: ldap://127.0.0.1:1/ou=elsewhere,${SUFFIX}\n`,
].join("\n");

/** Connects for a moment, and hands back the number that the server gives the connection. */
async function connectionNumber(port: number, log: Log): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => void socket.once("connect", resolve).once("error", reject));
  const accepted = ` ACCEPT from IP=127.0.0.1:${socket.localPort} `;
  await log.until(accepted);
  socket.destroy();
  const at = log.text.lastIndexOf(accepted);
  return Number(/ conn=(\d+) [^\n]*$/.exec(log.text.slice(0, at))?.[1]);
}

/** Starts one; it answers when this is settled. */
export async function startSlapd(): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-slapd-"));
  mkdirSync(join(folder, "db"));
  await makeCertificate(folder, "localhost", "DNS:localhost");
  writeFileSync(join(folder, "slapd.conf"), configurationOf(folder));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const urls = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${tlsPort}/`;
  // In the foreground, telling of connections, requests and results.
  const child = Bun.spawn([programOf("slapd") ?? "slapd", "-d", "256", "-f", "slapd.conf", "-h", urls], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log = new Log(child.stderr);
  const stop = async () => {
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await child.exited;
    await log.ended;
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", () => child.kill("SIGKILL"));
  await log.until("slapd starting");
  const asAdmin = ["-x", "-H", `ldap://127.0.0.1:${port}`, "-D", ADMIN, "-w", ADMIN_PASSWORD];
  // As manageDSAit: the referral is an entry like any other.
  await run(["ldapadd", "-M", ...asAdmin], folder, organisation);
  await log.until(" closed");
  return {
    url: `ldap://localhost:${port}`,
    tlsUrl: `ldaps://localhost:${tlsPort}`,
    port,
    tlsPort,
    ca: readFileSync(join(folder, "ca.pem"), "utf8"),
    folder,
    async witness(action) {
      // Of a connection from before, the server may write at any time. All that come after this one have higher numbers.
      const before = await connectionNumber(port, log);
      await action();
      for (let from = 0; ;) {
        await log.until(" closed", from);
        from = log.text.indexOf(" closed", from) + 1;
        const number = Number(/ conn=(\d+) [^\n]*$/.exec(log.text.slice(0, from))?.[1]);
        if (number > before)
          return log.text
            .split("\n")
            .filter((line) => line.includes(` conn=${number} `))
            .join("\n");
      }
    },
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
