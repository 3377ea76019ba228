import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";
import { Gate } from "../support/gate.ts";
import { AUDIENCE, makeKey, startOidcProvider, type OidcProvider } from "../support/oidc-provider.ts";
import { startProduct, type Product } from "../support/product.ts";
import { finder, groupDn, hasSlapd, passwords, peopleDn, SLAPD, startSlapd, type Slapd } from "../support/slapd.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-unreachable-"));
const LOCAL_PASSWORD = "correct horse battery";
/** Longer than any test takes. */
const NEVER_MS = 60_000;
const POLL_MS = 50;

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const alice = basic("alice", passwords.alice);
const bob = basic("bob", passwords.bob);
const ourUser = basic("ursula", LOCAL_PASSWORD);

let slapd: Slapd;
let provider: OidcProvider;
let directory: Gate;
let issuer: Gate;
let ofIssuer: string;
let product: Product | undefined;
/** Writes the configuration that the product was started with, with these settings of who may come in. */
let write: (auth: object) => void;

async function ask(authorization?: string) {
  if (!product) throw new TypeError("nothing runs");
  const { status, headers } = await product.get(
    "scan/1",
    authorization === undefined ? {} : { headers: { authorization } },
  );
  return [status, headers.get("retry-after")];
}

/** Starts the product with a user and a token of its own, and hands back the token. */
async function start(timeoutMs: number): Promise<string> {
  const state = mkdtempSync(join(folder, "state-"));
  const password = join(folder, "finder");
  writeFileSync(password, finder.password);
  chmodSync(password, 0o600);
  const config = join(folder, "config.json");
  const settings = {
    state: { directory: state },
    ldap: {
      servers: [`ldap://localhost:${directory.port}`],
      ca_file: join(slapd.folder, "ca.pem"),
      bind_dn: finder.name,
      bind_password_file: password,
      user_base: peopleDn,
      groups: [groupDn("ops"), groupDn("readers")].map((group) => ({ group, role: "reader" })),
      timeout_ms: timeoutMs,
    },
    oidc: {
      issuer: provider.issuer,
      jwks_uri: `http://localhost:${issuer.port}/jwks`,
      audience: AUDIENCE,
      roles: [{ value: "rack", role: "reader" }],
      timeout_ms: timeoutMs,
    },
  };
  write = (auth) => writeFileSync(config, JSON.stringify({ ...settings, auth }));
  write({});
  const command = async (line: string, input = "") => {
    const outcome = await runCommand([...line.split(" "), "--config", config], { input });
    expect(outcome).toMatchObject({ exitCode: 0 });
    return outcome.out.trim();
  };
  await command("user add ursula --role reader", LOCAL_PASSWORD);
  const token = `Bearer ${await command("token create t --role reader")}`;
  product = await startProduct(["--emulator", "--config", config]);
  return token;
}

describe.skipIf(!hasSlapd)(`While neither directory nor issuer can be asked (needs ${SLAPD})`, () => {
  beforeAll(async () => {
    slapd = await startSlapd();
    const clients = { robot: { secret: "secret-of-client-robot", claims: { roles: ["rack"] } } };
    provider = await startOidcProvider({ clients, keys: [await makeKey("one")] });
    ofIssuer = `Bearer ${await provider.token("robot")}`;
  }, 60_000);
  afterAll(async () => {
    await Promise.all([slapd.stop(), provider.stop()]);
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    directory = await Gate.to(slapd.port);
    issuer = await Gate.to(Number(new URL(provider.issuer).port));
  });
  afterEach(async () => {
    await product?.stop("SIGKILL");
    await Promise.all([directory.shut(), issuer.shut()]);
  });

  test("because they are down, their users are put off, others come in; once they are back, all do, and stay in", async () => {
    await Promise.all([directory.shut(), issuer.shut()]);
    const token = await start(NEVER_MS);
    for (let round = 0; round < 3; round++) {
      expect(await ask(alice)).toEqual([503, "5"]);
      expect(await ask(ofIssuer)).toEqual([503, "10"]);
      expect(await ask(token)).toEqual([200, null]);
      expect(await ask(ourUser)).toEqual([200, null]);
      expect(await ask()).toEqual([401, null]);
    }
    await Promise.all([directory.open(), issuer.open()]);
    expect(await ask(alice)).toEqual([200, null]);
    // The issuer is asked every ten seconds at most.
    while ((await ask(ofIssuer))[0] === 503) await new Promise((resolve) => void setTimeout(resolve, POLL_MS));
    expect(await ask(ofIssuer)).toEqual([200, null]);
    expect(await ask(basic("alice", "wrong"))).toEqual([401, null]);
    await Promise.all([directory.shut(), issuer.shut()]);
    // Who was let in is remembered for a while, and keys longer.
    for (const known of [alice, ofIssuer, token, ourUser]) expect(await ask(known)).toEqual([200, null]);
    expect(await ask(bob)).toEqual([503, "5"]);
    await product?.stop();
    const told = ((await product?.lines()) ?? []).filter(({ event }) => event === "directory" || event === "issuer");
    expect(told.map(({ event, code = "back" }) => `${String(event)}: ${String(code)}`)).toEqual([
      "directory: unreachable",
      "issuer: unreachable",
      "directory: back",
      "issuer: back",
      "directory: unreachable",
    ]);
  }, 60_000);

  test("because they are slow, others do not wait; those who do come in when they answer", async () => {
    await Promise.all([directory.silence(), issuer.silence()]);
    const token = await start(NEVER_MS);
    const waiting = Promise.all([ask(alice), ask(bob), ask(ofIssuer)]);
    let isOver = false;
    void waiting.then(() => (isOver = true));
    for (let round = 0; round < 3; round++)
      for (const ours of [token, ourUser]) expect(await ask(ours)).toEqual([200, null]);
    expect(await ask()).toEqual([401, null]);
    expect(isOver).toBeFalse();
    await Promise.all([directory.open(), issuer.open()]);
    for (const answer of await waiting) expect(answer).toEqual([200, null]);
  }, 60_000);

  test("because they are slow, a reload breaks off nobody who waits for them", async () => {
    await Promise.all([directory.silence(), issuer.silence()]);
    await start(NEVER_MS);
    const asked = Promise.all([directory.nextConnection(), issuer.nextConnection()]);
    const waiting = Promise.all([ask(alice), ask(ofIssuer)]);
    await asked;
    write({ anonymous_role: "reader" });
    product?.process.kill("SIGHUP");
    await product?.until(({ event, settings }) => event === "reload" && Array.isArray(settings));
    expect(await ask()).toEqual([200, null]);
    await Promise.all([directory.open(), issuer.open()]);
    for (const answer of await waiting) expect(answer).toEqual([200, null]);
  }, 60_000);

  test("because they never answer, everybody gets an answer all the same", async () => {
    await Promise.all([directory.silence(), issuer.silence()]);
    const token = await start(200);
    // Neither is heard of until the end.
    expect(await ask(alice)).toEqual([503, "5"]);
    expect(await ask(ofIssuer)).toEqual([503, "10"]);
    const many = Array.from({ length: 50 }, (_, index) => ask(basic(`user${index}`, "x")));
    expect(await ask(token)).toEqual([200, null]);
    const statuses = new Set((await Promise.all(many)).map(([status]) => status));
    expect([...statuses].filter((status) => status !== 503 && status !== 429)).toEqual([]);
    expect(statuses).toContain(503);
  }, 60_000);

  test("nobody guesses the passwords of the appliance's own users any faster", async () => {
    await Promise.all([directory.shut(), issuer.shut()]);
    const token = await start(NEVER_MS);
    for (let guess = 0; guess < 6; guess++) expect(await ask(basic("ursula", `guess ${guess}`))).toEqual([503, "5"]);
    const [status, retryAfter] = await ask(basic("ursula", "guess"));
    expect([status, Number(retryAfter) >= 1]).toEqual([429, true]);
    expect(await ask(token)).toEqual([200, null]);
  }, 60_000);
});
