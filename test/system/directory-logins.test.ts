import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AUDIENCE, makeKey, startOidcProvider, type OidcProvider } from "../support/oidc-provider.ts";
import { startProduct, type Product } from "../support/product.ts";
import { finder, groupDn, hasSlapd, passwords, peopleDn, SLAPD, startSlapd, type Slapd } from "../support/slapd.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-logins-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file that nobody else may read, and hands back its path. */
function secretFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  return path;
}

async function start(name: string, sections: object, env: Record<string, string> = {}): Promise<Product> {
  const state = mkdtempSync(join(folder, "state-"));
  const file = secretFile(`${name}.json`, JSON.stringify({ ...sections, state: { directory: state } }));
  return startProduct(["--emulator", "--config", file], undefined, env);
}

/** Requests a path, and hands back the status and what may be worth knowing beside it. */
async function ask(product: Product, path: string, authorization?: string) {
  const { status, headers } = await product.get(
    path,
    authorization === undefined ? {} : { headers: { authorization } },
  );
  return { status, retryAfter: headers.get("retry-after"), challenge: headers.get("www-authenticate") };
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

describe.skipIf(!hasSlapd)(`The product with a directory (needs ${SLAPD})`, () => {
  let slapd: Slapd;
  let product: Product;

  beforeAll(async () => {
    slapd = await startSlapd();
    product = await start("ldap", {
      ldap: {
        servers: [slapd.url],
        ca_file: join(slapd.folder, "ca.pem"),
        bind_dn: finder.name,
        bind_password_file: secretFile("finder", `${finder.password}\n`),
        user_base: peopleDn,
        groups: [
          { group: groupDn("ops"), role: "operator", boards: ["1"] },
          { group: groupDn("readers"), role: "reader" },
        ],
      },
    });
  }, 30_000);

  afterAll(async () => {
    await product.stop();
    await slapd.stop();
  });

  test("lets users in with the roles of their groups", async () => {
    const alice = basic("alice", passwords.alice);
    const bob = basic("bob", passwords.bob);
    expect(await ask(product, "power/1/3001/off", alice)).toMatchObject({ status: 200 });
    expect(await ask(product, "power/2/3001/off", alice)).toMatchObject({ status: 403 });
    expect(await ask(product, "scan/1", bob)).toMatchObject({ status: 200 });
    expect(await ask(product, "power/1/3001/on", bob)).toMatchObject({ status: 403 });
    expect(await ask(product, "scan/1", basic("zoë", passwords["zoë"]))).toMatchObject({ status: 200 });
  });

  test("keeps everybody else out, and does not say why", async () => {
    const strangers = [
      undefined,
      basic("alice", passwords.bob),
      basic("nobody", "password"),
      basic("carol", passwords.carol),
    ];
    for (const credentials of strangers) {
      const answer = await ask(product, "scan/1", credentials);
      expect(answer).toMatchObject({ status: 401, challenge: expect.stringContaining("Basic") });
    }
  });

  test("believes the authorities of the system where no others are named", async () => {
    const ldap = {
      servers: [slapd.tlsUrl],
      bind_template: `uid={user},${peopleDn}`,
      group_check: "member",
      groups: [{ group: groupDn("ops"), role: "operator" }],
    };
    const alice = basic("alice", passwords.alice);
    const stranger = await start("stranger", { ldap });
    expect(await ask(stranger, "scan/1", alice)).toMatchObject({ status: 503 });
    await stranger.stop();
    const friend = await start("friend", { ldap }, { SSL_CERT_FILE: join(slapd.folder, "ca.pem") });
    expect(await ask(friend, "scan/1", alice)).toMatchObject({ status: 200 });
    await friend.stop();
  });

  test("says that it cannot check while the directory is down", async () => {
    const dead = await start("down", {
      ldap: {
        servers: ["ldaps://localhost:1"],
        user_base: peopleDn,
        groups: [{ group: groupDn("ops"), role: "operator" }],
      },
    });
    expect(await ask(dead, "scan/1", basic("alice", passwords.alice))).toMatchObject({ status: 503, retryAfter: "5" });
    const line = await dead.until(({ event }) => event === "directory");
    expect(line).toMatchObject({ server: "ldaps://localhost:1", code: "unreachable" });
    await dead.stop();
    const lines = JSON.stringify(await dead.lines());
    expect(lines).not.toContain(passwords.alice);
    expect(lines).not.toContain(Buffer.from(passwords.alice).toString("base64").slice(0, 12));
  });
});

describe("The product with an issuer of tokens", () => {
  let provider: OidcProvider;
  let product: Product;

  beforeAll(async () => {
    const clients = {
      ops: { secret: "secret-of-client-ops", claims: { roles: ["rack-operator"] } },
      monitor: { secret: "secret-of-client-monitor", claims: { roles: ["rack-reader"] } },
      both: { secret: "secret-of-client-both", claims: { roles: ["rack-operator", "rack-reader"] } },
      other: { secret: "secret-of-client-other", claims: { roles: ["something"] } },
    };
    provider = await startOidcProvider({ clients, keys: [await makeKey("one")] });
    product = await start("oidc", {
      oidc: {
        issuer: provider.issuer,
        audience: AUDIENCE,
        roles: [
          { value: "rack-operator", role: "operator", boards: ["1"] },
          { value: "rack-reader", role: "reader" },
        ],
      },
    });
  }, 30_000);

  afterAll(async () => {
    await product.stop();
    await provider.stop();
  });

  test("lets callers in with the roles of their tokens", async () => {
    const ops = `Bearer ${await provider.token("ops")}`;
    const monitor = `Bearer ${await provider.token("monitor")}`;
    expect(await ask(product, "power/1/3001/off", ops)).toMatchObject({ status: 200 });
    expect(await ask(product, "power/2/3001/off", ops)).toMatchObject({ status: 403 });
    expect(await ask(product, "scan/1", monitor)).toMatchObject({ status: 200 });
    expect(await ask(product, "power/1/3001/on", monitor)).toMatchObject({ status: 403 });
  });

  test("lets them do what any of their roles allows", async () => {
    const boardsOf = async (client: string) => {
      const headers = { authorization: `Bearer ${await provider.token(client)}` };
      const { body } = await product.get("scan", { headers });
      return body.boards.map(({ board_id: id }: { board_id: string }) => id);
    };
    expect(await boardsOf("ops")).toEqual(["00000001"]);
    expect(await boardsOf("both")).toEqual(await boardsOf("monitor"));
    expect((await boardsOf("both")).length).toBeGreaterThan(1);
    const both = `Bearer ${await provider.token("both")}`;
    expect(await ask(product, "led/1/5001/on", both)).toMatchObject({ status: 200 });
    expect(await ask(product, "led/2/5001/on", both)).toMatchObject({ status: 403 });
  });

  test("keeps everybody else out", async () => {
    const token = await provider.token("ops");
    const [header, payload] = token.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    const strangers = [
      undefined,
      "Bearer x",
      `Bearer ${header}.${payload}.AAAA`,
      `Bearer ${none}.${payload}.AA`,
      `Bearer ${await provider.token("other")}`,
    ];
    for (const credentials of strangers)
      expect(await ask(product, "scan/1", credentials)).toMatchObject({
        status: 401,
        challenge: expect.stringContaining("Bearer"),
      });
    await product.stop();
    const lines = JSON.stringify(await product.lines());
    expect(lines).toContain("wrong signature");
    expect(lines).not.toContain(payload ?? token);
  });
});

const roles = (role: string) => [{ value: "rack", role }];

describe("The product, told of it later,", () => {
  test("asks for an issuer's tokens from a SIGHUP on, and takes other roles at the next", async () => {
    const clients = { robot: { secret: "secret-of-client-robot", claims: { roles: ["rack"] } } };
    await using provider = await startOidcProvider({ clients, keys: [await makeKey("one")] });
    const state = { directory: mkdtempSync(join(folder, "state-")) };
    const write = (sections: object) => secretFile("later.json", JSON.stringify({ ...sections, state }));
    const oidc = { issuer: provider.issuer, audience: AUDIENCE };
    const product = await startProduct(["--emulator", "--config", write({})]);
    const robot = `Bearer ${await provider.token("robot")}`;
    expect(await ask(product, "scan/1")).toMatchObject({ status: 200 });
    write({ oidc: { ...oidc, roles: roles("reader") } });
    product.process.kill("SIGHUP");
    await product.until(({ msg }) => msg === "callers are asked who they are");
    expect(await ask(product, "scan/1")).toMatchObject({ status: 401 });
    expect(await ask(product, "scan/1", robot)).toMatchObject({ status: 200 });
    expect(await ask(product, "power/1/3001/off", robot)).toMatchObject({ status: 403 });
    write({ oidc: { ...oidc, roles: roles("operator") } });
    product.process.kill("SIGHUP");
    const isTaken = async () => (await ask(product, "power/1/3001/off", robot)).status === 200;
    while (!(await isTaken())) expect(product.process.exitCode).toBeNull();
    expect(await product.stop()).toBe(0);
    expect(JSON.stringify(await product.lines())).not.toContain("restart");
  });

  test("does not start with a password that everybody can read, or with certificates that are not there", async () => {
    const password = secretFile("open", "password-that-is-open");
    chmodSync(password, 0o644);
    const ldap = {
      servers: ["ldaps://localhost:1"],
      user_base: peopleDn,
      groups: [{ group: groupDn("ops"), role: "operator" }],
    };
    const faults = [
      { change: { bind_dn: finder.name, bind_password_file: password }, message: "chmod 640" },
      { change: { bind_dn: finder.name, bind_password_file: join(folder, "missing") }, message: "no such file" },
      { change: { ca_file: join(folder, "missing.pem") }, message: "missing.pem" },
    ];
    for (const { change, message } of faults) {
      const failure = await start("faulty", { ldap: { ...ldap, ...change } }).then(
        () => "it started",
        (error: unknown) => String(error),
      );
      expect(failure).toContain(message);
      expect(failure).not.toContain("password-that-is-open");
    }
  });
});
