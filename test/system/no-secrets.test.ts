// No secret in any log, answer, kept file or process list, whatever is done with it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmulatedBmc } from "../../src/emulator/bmc/emulated-bmc.ts";
import { parseBmcFile } from "../../src/emulator/bmc/file/bmc-file.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { hasOpenssl, Pki } from "../support/certificates.ts";
import { journalEntry } from "../../src/telemetry/journal-entry.ts";
import { runCommand } from "../support/command.ts";
import { AUDIENCE, makeKey, startOidcProvider, type OidcProvider } from "../support/oidc-provider.ts";
import { root, startProduct, type Product } from "../support/product.ts";
import { SecretRegistry } from "../support/secret-registry.ts";
import { finder, groupDn, hasSlapd, passwords, peopleDn, SLAPD, startSlapd, type Slapd } from "../support/slapd.ts";

const secrets = new SecretRegistry();
/** All that somebody might get to see, by where it was. */
const seen = new Map<string, string>();

const bmcSecrets = {
  inFile: secrets.make("password of a BMC in the BMC file"),
  ofFile: secrets.make("password of a BMC in a file of its own"),
  ofCredential: secrets.make("password of a BMC as a credential"),
  wrong: secrets.make("wrong password of a BMC"),
  key: Buffer.from(secrets.add("BMC key", crypto.getRandomValues(new Uint8Array(20)))).toString("hex"),
  wrongKey: Buffer.from(secrets.add("wrong BMC key", crypto.getRandomValues(new Uint8Array(20)))).toString("hex"),
};
const users = {
  local: secrets.make("password of a user"),
  next: secrets.make("next password of a user"),
  htpasswd: secrets.make("password in an htpasswd file"),
  wrong: secrets.make("wrong password"),
  directory: secrets.add("password of a user of the directory", passwords.alice),
};
secrets.add("password of the account that searches", finder.password);
const htpasswdHash = secrets.add(
  "hash of htpasswd",
  Bun.password.hashSync(users.htpasswd, { algorithm: "bcrypt", cost: 4 }),
);

const folder = mkdtempSync(join(tmpdir(), "opendcre-secrets-"));
const state = join(folder, "state");
const logs = join(folder, "log");
const credentials = join(folder, "credentials");

function write(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
}

/** An emulated BMC whose users have the secrets as passwords. */
function startBmc(more: object): Promise<EmulatedBmc> {
  const file: object = JSON.parse(readFileSync(join(root, "config", "bmc-microserver.json"), "utf8"));
  const people = [bmcSecrets.inFile, bmcSecrets.ofFile, bmcSecrets.ofCredential].map((password, index) => ({
    id: index + 2,
    name: `user${index}`,
    password,
    privilege: "administrator",
  }));
  const text = JSON.stringify({ ...file, users: people, sessions: { max: 16 }, ...more });
  const log = { network: () => undefined, failure: () => undefined };
  return EmulatedBmc.start({ description: parseBmcFile(text, "bmc"), host: "127.0.0.1", clock: systemClock, log });
}

describe.skipIf(!hasSlapd || !hasOpenssl)(`no secret is shown (needs ${SLAPD})`, () => {
  const pki = new Pki();
  let slapd: Slapd;
  let issuer: OidcProvider;
  let bmcs: readonly EmulatedBmc[];
  let product: Product;
  let config = "";
  let bmcFile = "";
  let htpasswd = "";

  beforeAll(async () => {
    for (const path of [state, logs, credentials]) mkdirSync(path, { mode: 0o700 });
    const clients = {
      ops: { secret: "secret-of-client-ops", claims: { roles: ["rack-operator"] } },
      other: { secret: "secret-of-client-other", claims: { roles: ["none"] } },
    };
    [slapd, issuer, bmcs] = await Promise.all([
      startSlapd(),
      startOidcProvider({ clients, keys: [await makeKey("one")] }),
      Promise.all([startBmc({}), startBmc({ k_g: bmcSecrets.key })]),
    ]);
    bmcFile = write("bmcs.json", { bmcs: bmcEntries(bmcs) });
    writeFileSync(join(credentials, "third"), `${bmcSecrets.ofCredential}\n`);
    htpasswd = write("htpasswd", `hilda:${htpasswdHash}\n`);
    const pair = pki.make("localhost", { names: "DNS:localhost,IP:127.0.0.1" });
    const { d = "" } = createPrivateKey(readFileSync(pair.key)).export({ format: "jwk" });
    secrets.add("private key of the certificate", Buffer.from(d, "base64url"));
    config = write("opendcre.json", {
      tls: { enabled: true, certificate: pair.certificate, key: pair.key },
      auth: {
        required: true,
        htpasswd,
        trusted_proxies: ["127.0.0.1"],
        proxy_user_header: "X-Forwarded-User",
      },
      ldap: {
        servers: [slapd.url],
        ca_file: join(slapd.folder, "ca.pem"),
        bind_dn: finder.name,
        bind_password_file: write("finder", `${finder.password}\n`),
        user_base: peopleDn,
        groups: [{ group: groupDn("ops"), role: "operator" }],
        timeout_ms: 1500,
      },
      oidc: { issuer: issuer.issuer, audience: AUDIENCE, roles: [{ value: "rack-operator", role: "operator" }] },
      log: { level: "trace", access: "all", directory: logs },
      state: { directory: state },
      audit: { mode: "on" },
      control: { cooldown_ms: 0 },
      ipmi: { bmc_config: bmcFile },
    });
    const env = { CREDENTIALS_DIRECTORY: credentials, OPENDCRE_LDAP_BIND_PASSWORD: finder.password };
    product = await startProduct(["--emulator", "config/simple.json", "--config", config], undefined, env);
  }, 60_000);

  afterAll(async () => {
    await product.stop("SIGKILL");
    await Promise.all([slapd.stop(), issuer.stop(), ...bmcs.map((bmc) => bmc.stop())]);
    pki.remove();
    rmSync(folder, { recursive: true });
  });

  /** Asks, and keeps the whole answer. */
  async function ask(path: string, headers: Readonly<Record<string, string>> = {}, more: RequestInit = {}) {
    const url = `https://127.0.0.1:${product.port}/opendcre/1.2/${path}`;
    const response = await fetch(url, { headers, ...more, tls: { rejectUnauthorized: false } });
    seen.set(`answer ${seen.size}: ${response.status} to ${path}`, JSON.stringify([...response.headers]));
    seen.set(`body ${seen.size} of ${path}`, await response.text());
    return response.status;
  }

  /** Runs a command, and keeps what it says. */
  async function command(line: string, input?: string, shows: "nothing" | "a token" = "nothing") {
    const outcome = await runCommand(line.split(" "), {
      env: { OPENDCRE_CONFIG: config, CREDENTIALS_DIRECTORY: credentials },
      ...(input !== undefined && { input }),
    });
    seen.set(`errors ${seen.size} of ${line}`, outcome.err);
    if (shows === "nothing") seen.set(`output ${seen.size} of ${line}`, outcome.out);
    return outcome;
  }

  test("with right ones, each of which lets somebody in", async () => {
    const make = await command("token create deploy --role admin", undefined, "a token");
    const token = secrets.add("token", make.out.trim());
    expect(await command("user add alice2 --role operator", users.local)).toMatchObject({ exitCode: 0 });
    const jwt = secrets.add("token of the issuer", await issuer.token("ops"));
    secrets.add("signature of that token", jwt.slice(jwt.lastIndexOf(".") + 1));
    const right = [
      bearer(token),
      basic("alice2", users.local),
      basic("hilda", users.htpasswd),
      basic("alice", users.directory),
      bearer(jwt),
      { "x-forwarded-user": "proxied", "x-forwarded-for": "192.0.2.7", ...bearer(token) },
    ];
    for (const headers of right) expect(await ask("scan/1", headers)).toBe(200);
    for (const headers of [right[0], right[1], right[3], right[4]])
      expect(await ask("led/1/5001/on", headers, { method: "POST" })).toBe(200);

    await Promise.all([
      ...["first", "second", "third", "with a key"].map((name) => product.until(isOf(name, "bmc-inventory"))),
      ...["with a wrong password", "with a wrong key"].map((name) => product.until(isOf(name, "bmc-down"))),
    ]);
    expect(await ask("power/40000001/0100/off", bearer(token))).toBe(200);
    expect(await ask("power/40000004/0100", bearer(token))).toBeGreaterThanOrEqual(500);
    expect(await ask("health", bearer(token))).toBe(200);
    expect(await ask("asset/40000005/0200", bearer(token))).toBe(200);
  }, 60_000);

  test("with wrong ones, in wrong places, and in odd forms", async () => {
    const token = secrets.add("wrong token", `dcre_${crypto.randomUUID()}`);
    const jwt = secrets.add("token of the issuer without a role", await issuer.token("other"));
    const forged = `${jwt.slice(0, -20)}${secrets.add("forged end of a token", "AbcdefghijklmnopqrsA")}`;
    const wrong: readonly Readonly<Record<string, string>>[] = [
      bearer(token),
      bearer(jwt),
      bearer(forged),
      basic("alice2", users.wrong),
      basic("hilda", users.wrong),
      basic("alice", users.wrong),
      basic(token, users.wrong),
      basic("nobody", users.local),
      { authorization: `Basic ${users.wrong}` },
      { authorization: `Bearer ${token}, Bearer ${token}` },
      { authorization: `Digest username="alice2", response="${users.wrong}"` },
      { authorization: token },
      { cookie: `token=${token}` },
      { "proxy-authorization": `Bearer ${token}`, "x-api-key": token },
      { "x-forwarded-for": token },
    ];
    for (const [index, headers] of wrong.entries())
      for (const path of ["scan/1", "power/1/3001/off"])
        // From addresses of their own, so that most are not slowed down.
        expect([401, 429]).toContain(await ask(path, { "x-forwarded-for": `192.0.2.${index}`, ...headers }));
    expect(await ask(`scan/1?token=${token}&password=${encodeURIComponent(users.wrong)}`)).toBe(401);
    const body = JSON.stringify({ token, password: users.wrong });
    expect(await ask("led/1/5001/on", basic("alice2", users.local), { method: "POST", body })).toBe(200);
    slapd.pause();
    expect(await ask("scan/1", basic("bob", secrets.add("password of bob", passwords.bob)))).toBe(503);
    slapd.resume();
  }, 60_000);

  test("in files that are wrong, at a reload and on the command line", async () => {
    const [first] = bmcEntries(bmcs);
    const long = secrets.make("password of a BMC that is too long").repeat(2);
    const bad = [
      `{"bmcs": [{"bmc_ip": "192.0.2.1", "username": "x", "password": "${bmcSecrets.inFile}" "k_g": 1}]}`,
      { bmcs: [{ ...first, password_file: "second" }] },
      { bmcs: [{ ...first, password: long }] },
      { bmcs: [{ ...first, password: [bmcSecrets.inFile] }] },
      {
        bmcs: [
          { ...first, k_g: `0x${bmcSecrets.key}00` },
          { ...first, k_g: `0xz${bmcSecrets.key}` },
        ],
      },
      { bmcs: [{ ...first, password: { password: bmcSecrets.inFile } }, bmcSecrets.inFile] },
    ];
    for (const content of bad) {
      write("bmcs.json", content);
      expect(await command("check-config")).toMatchObject({ exitCode: 78 });
    }
    write("bmcs.json", { bmcs: [{ ...first, pasword: bmcSecrets.inFile }] });
    expect((await command("check-config")).out).toContain("bmcs[0].pasword: not known");
    write("bmcs.json", bad[0] ?? "");
    const kept = readFileSync(config, "utf8");
    write("opendcre.json", kept.replace('"bind_dn"', `"bind_password":${JSON.stringify(finder.password)},"bind_dn"`));
    await command("check-config");
    write("opendcre.json", kept);
    write("htpasswd", `hilda:${htpasswdHash}x\nhilda ${htpasswdHash}\n:${htpasswdHash}\n`);
    product.process.kill("SIGHUP");
    await product.until(isFailedReload);
    expect(await ask("scan/1", basic("hilda", users.htpasswd))).toBeGreaterThanOrEqual(400);

    expect(await command("user password alice2", users.next)).toMatchObject({ exitCode: 0 });
    expect(await ask("scan/1", basic("alice2", users.next))).toBe(200);
    expect(await command("user add short --role reader", "short")).toMatchObject({ exitCode: 64 });
    for (const line of ["token list --json", "user list --json", "audit show", "audit verify"]) await command(line);
    const tokens = readFileSync(join(state, "tokens.json"), "utf8");
    writeFileSync(join(state, "tokens.json"), tokens.replace('"sha256"', '"sha257"'));
    expect(await command("token list")).toMatchObject({ exitCode: 78 });
    expect(await ask("scan/1", basic("alice2", users.next))).toBeGreaterThanOrEqual(200);
  }, 60_000);

  test("in no log, no answer, no kept file, no process list", async () => {
    const proc = `/proc/${product.process.pid}`;
    seen.set("command line", readFileSync(join(proc, "cmdline"), "utf8"));
    const hashes = { "tokens.json": "sha25[67]", "users.json": "hash" };
    for (const [name, member] of Object.entries(hashes)) {
      const text = readFileSync(join(state, name), "utf8");
      const [, hash = ""] = new RegExp(`"${member}":\\s*"([^"]+)"`).exec(text) ?? [];
      secrets.add(`hash in ${name}`, hash);
      // Its own file may hold it, and nothing else that is secret.
      expect([name, secrets.shownBy(text)]).toEqual([name, [`hash in ${name}`]]);
    }
    expect(await product.stop()).toBe(0);
    const log = await product.output();
    seen.set("standard output and error", log);
    const lines = log.split("\n").filter((line) => line.startsWith("{"));
    seen.set("the journal", lines.map((line) => new TextDecoder().decode(journalEntry(line))).join("\n"));
    for (const place of [state, logs])
      for (const name of readdirSync(place, { recursive: true, encoding: "utf8" }))
        if (!(name in hashes) && statSync(join(place, name)).isFile())
          seen.set(join(place, name), readFileSync(join(place, name), "utf8"));
    // What was to be provoked has been.
    const told = ["login-failed", "directory", "bmc-down", "reload", "auth", "control", "access"];
    for (const event of told) expect([event, log.includes(`"${event}"`)]).toEqual([event, true]);
    expect(log).toContain('"level":"debug"');
    const kept = ["access.log", "daemon.log", "error.log", "audit.jsonl", "token-use.json"];
    for (const name of kept) expect([...seen.keys()]).toContainEqual(expect.stringContaining(`/${name}`));
    expect(
      [...seen].map(([place, text]) => [place, secrets.shownBy(text)]).filter(([, shown]) => shown?.length),
    ).toEqual([]);
  }, 60_000);
});

type Line = Readonly<Record<string, unknown>>;
const isOf = (bmc: string, event: string) => (line: Line) => line["bmc"] === bmc && line["event"] === event;
const isFailedReload = ({ event, level }: Line) => event === "reload" && level === "error";

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

const at = (bmc: EmulatedBmc | undefined, name: string) => ({
  name,
  bmc_ip: bmc?.host,
  port: bmc?.port,
  username: "user0",
  cipher_suite: 17,
  timeout: 2,
});

/** Entries of a BMC file with every way to name a password, and with wrong ones. */
function bmcEntries([plain, keyed]: readonly EmulatedBmc[]) {
  const second = write("second", `${bmcSecrets.ofFile}\n`);
  return [
    { ...at(plain, "first"), password: bmcSecrets.inFile },
    { ...at(plain, "second"), username: "user1", password_file: second },
    { ...at(plain, "third"), username: "user2", password_credential: "third" },
    { ...at(plain, "with a wrong password"), password: bmcSecrets.wrong },
    { ...at(keyed, "with a key"), password: bmcSecrets.inFile, k_g: `0x${bmcSecrets.key}` },
    { ...at(keyed, "with a wrong key"), password: bmcSecrets.inFile, k_g: `0x${bmcSecrets.wrongKey}` },
  ];
}
