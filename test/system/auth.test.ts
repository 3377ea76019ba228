import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";
import { fromSources, root, startProduct, type Product } from "../support/product.ts";
import { RawHttp } from "../support/raw-http.ts";

const folder = mkdtempSync(join(tmpdir(), "opendcre-auth-"));
afterAll(() => rmSync(folder, { recursive: true }));

const products: Product[] = [];
afterEach(async () => {
  await Promise.all(products.splice(0).map((product) => product.stop("SIGKILL")));
});

/** Starts the product with a state directory of its own. */
async function serve(settings: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
  const state = mkdtempSync(join(folder, "state-"));
  const env = { OPENDCRE_STATE_DIRECTORY: state, ...settings };
  const product = await startProduct(["--emulator", ...args], undefined, env);
  products.push(product);
  const command = async (line: string, input?: string) => {
    const outcome = await runCommand(line.split(" "), { env, ...(input !== undefined && { input }) });
    expect(outcome).toMatchObject({ exitCode: 0 });
    return outcome.out.trim();
  };
  return { product, state, env, command };
}

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
const basic = (user: string, password: string): RequestInit => ({
  headers: { authorization: `Basic ${btoa(`${user}:${password}`)}` },
});
const statusOf = async (product: Product, path: string, init?: RequestInit) => (await product.get(path, init)).status;

describe("where nobody is asked", () => {
  test("a Host header has to name this machine, as it stands on the wire", async () => {
    const { product } = await serve();
    const line = "GET /opendcre/1.2/version/1 HTTP/1.1";
    const statuses = async (hosts: readonly string[]) => {
      const found: number[] = [];
      for (const host of hosts) {
        const raw = await RawHttp.open(product.port);
        found.push((await raw.ask(line, host)).status);
        raw.close();
      }
      return found;
    };
    // The last one is 127.0.0.1 as a number; no name in the DNS looks like that.
    const ours = [
      "Host: localhost\r\n",
      "Host: 127.0.0.1:5000\r\n",
      "host: [::1]:5000\r\n",
      "HOST: LOCALHOST\r\n",
      "Host: 2130706433\r\n",
    ];
    expect(await statuses(ours)).toEqual([200, 200, 200, 200, 200]);
    const others = [
      "Host: evil.example\r\n",
      "Host: evil.example:5000\r\n",
      "Host: localhost@evil.example\r\n",
      "Host: localhost.evil.example\r\n",
      "Host: evil.example\r\nX-Forwarded-Host: localhost\r\n",
      "Host: 0\r\n",
      "Host: \r\n",
      "Host: local host\r\n",
    ];
    expect((await statuses(others)).filter((status) => status !== 403 && status !== 400)).toEqual([]);
    const raw = await RawHttp.open(product.port);
    // The request's own line may name another host than the header: no browser sends that, and the header counts.
    expect(
      (await raw.ask("GET http://localhost/opendcre/1.2/version/1 HTTP/1.1", "Host: evil.example\r\n")).status,
    ).toBe(403);
    raw.close();
  });
});

test("without a Host header, HTTP/1.1 gets 400 everywhere; HTTP/1.0, which browsers do not speak, is answered", async () => {
  const { product } = await serve();
  const statusFor = async (line: string) => {
    const raw = await RawHttp.open(product.port);
    const { status } = await raw.ask(line, "");
    raw.close();
    return status;
  };
  for (const path of ["test", "health", "scan", "version/1", "led/1/5001/on", "nosuch"])
    expect([path, await statusFor(`GET /opendcre/1.2/${path} HTTP/1.1`)]).toEqual([path, 400]);
  expect(await statusFor("POST /opendcre/1.2/led/1/5001/on HTTP/1.1")).toBe(400);
  expect(await statusFor("GET /opendcre/1.2/version/1 HTTP/1.0")).toBe(200);
});

test("of several Host headers open reads go by the first, which is a browser's only one", async () => {
  const { product } = await serve();
  const statuses: number[] = [];
  for (const path of ["version/1", "test"])
    for (const [first, second] of [["localhost", "evil.example"] as const, ["evil.example", "localhost"] as const]) {
      const raw = await RawHttp.open(product.port);
      const headers = `Host: ${first}\r\nHost: ${second}\r\n`;
      statuses.push((await raw.ask(`GET /opendcre/1.2/${path} HTTP/1.1`, headers)).status);
      raw.close();
    }
  expect(statuses).toEqual([200, 403, 200, 200]);
});

test("of several Host headers none counts, wherever headers are looked at", async () => {
  const several = [
    "Host: localhost\r\nHost: evil.example\r\n",
    "Host: evil.example\r\nHost: localhost\r\n",
    "Host: localhost\r\nhost: localhost\r\n",
    "Host: localhost\r\nHost:\r\n",
  ];
  const answers = async ({ port }: Product, line: string) => {
    const found: unknown[] = [];
    for (const headers of several) {
      const raw = await RawHttp.open(port);
      const { status, body } = await raw.ask(line, headers);
      found.push([status, JSON.parse(body).code]);
      raw.close();
    }
    return found;
  };
  const refused = several.map(() => [400, "ambiguous-host"]);
  const open = await serve();
  expect(await answers(open.product, "GET /opendcre/1.2/led/1/5001/on HTTP/1.1")).toEqual(
    // The URL is made of the first one.
    refused.with(1, [403, "forbidden"]),
  );
  const closed = await serve({ OPENDCRE_AUTH_REQUIRED: "true" });
  for (const path of ["scan/1", "health", "power/1/3001/off"])
    expect(await answers(closed.product, `GET /opendcre/1.2/${path} HTTP/1.1`)).toEqual(refused);
}, 60_000);

describe("with a token and a user", () => {
  test("what is made holds at once, what is taken away does not; no secret is written anywhere", async () => {
    const { product, state, command } = await serve({ OPENDCRE_AUTH_REQUIRED: "true" });
    expect(await statusOf(product, "scan/1")).toBe(401);
    expect(await statusOf(product, "test")).toBe(200);
    expect((await product.get("health")).body).toEqual({ status: "ok" });

    const token = await command("token create deploy --role operator --boards 1");
    expect(await statusOf(product, "scan/1", bearer(token))).toBe(200);
    expect(await statusOf(product, "led/1/5001/on", { ...bearer(token), method: "POST" })).toBe(200);
    expect(await statusOf(product, "led/2/5001/on", { ...bearer(token), method: "POST" })).toBe(403);
    const { body } = await product.get("scan", bearer(token));
    expect(body.boards.map(({ board_id: id }: { board_id: string }) => id)).toEqual(["00000001"]);

    const night = await command("token create night --role reader --role operator@1");
    expect((await product.get("scan", bearer(night))).body.boards.length).toBeGreaterThan(1);
    expect(await statusOf(product, "led/1/5001/off", { ...bearer(night), method: "POST" })).toBe(200);
    expect(await statusOf(product, "led/2/5001/off", { ...bearer(night), method: "POST" })).toBe(403);

    const password = "correct horse battery";
    await command("user add alice --role reader", password);
    expect(await statusOf(product, "scan/1", basic("alice", password))).toBe(200);
    expect(await statusOf(product, "led/1/5001/on", basic("alice", password))).toBe(403);
    expect(await statusOf(product, "scan/1", basic("alice", "wrong guess"))).toBe(401);
    expect(await statusOf(product, "scan/1", basic(token, "as a user name"))).toBe(401);
    expect(await statusOf(product, `scan/1?token=${token}`)).toBe(401);

    await command("user role alice --role operator@1");
    expect(await statusOf(product, "led/1/5001/on", basic("alice", password))).toBe(200);
    await command("user role alice --role reader");
    expect(await statusOf(product, "led/1/5001/on", basic("alice", password))).toBe(403);
    await command("user password alice", "staple battery horse");
    expect(await statusOf(product, "scan/1", basic("alice", password))).toBe(401);
    expect(await statusOf(product, "scan/1", basic("alice", "staple battery horse"))).toBe(200);
    await command("token revoke deploy");
    expect(await statusOf(product, "scan/1", bearer(token))).toBe(401);

    expect(await product.stop()).toBe(0);
    const log = JSON.stringify(await product.lines());
    const kept = ["tokens.json", "users.json", "audit/audit.jsonl"].map((name) =>
      readFileSync(join(state, name), "utf8"),
    );
    for (const secret of [token, password, "staple battery horse", "wrong guess", "as a user name"])
      expect([log, ...kept].filter((text) => text.includes(secret))).toEqual([]);
    expect(log).not.toContain("argon2id");
    expect(log).toContain(`"event":"login-failed"`);
  }, 60_000);

  test("guesses are slowed down over HTTP, and a token still comes in", async () => {
    const { product, command } = await serve({ OPENDCRE_AUTH_REQUIRED: "true" });
    const token = await command("token create deploy --role reader");
    await command("user add alice --role reader", "correct horse");
    const guesses = Array.from({ length: 30 }, (_, guess) => product.get("scan/1", basic("alice", `guess ${guess}`)));
    const answers = await Promise.all(guesses);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await statusOf(product, "scan/1", bearer(token))).toBe(200);
  }, 60_000);
});

test("with credentials that everybody can read, it does not start, and says what to do", async () => {
  const { product, state, env, command } = await serve();
  await command("token create deploy --role reader");
  await product.stop();
  chmodSync(join(state, "tokens.json"), 0o644);
  const outcome = await runCommand(["serve", "--emulator", "--port", "0"], { env });
  expect(outcome).toMatchObject({
    exitCode: 78,
    err: expect.stringContaining(`chmod 640 ${join(state, "tokens.json")}`),
  });
}, 60_000);

test.skipIf(process.getuid?.() !== 0)(
  "with a folder that it may not look into, which may have tokens, it does not start, and says what to do (needs root)",
  () => {
    const state = mkdtempSync(join(folder, "closed-"));
    const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    const env = { ...Bun.env, HOME: "/nonexistent", OPENDCRE_STATE_DIRECTORY: state };
    const command = ["setpriv", ...nobody, ...fromSources, "serve", "--device", "/dev/null", "--port", "0"];
    const { exitCode, stderr } = Bun.spawnSync(command, { cwd: root, env });
    expect([exitCode, stderr.toString()]).toEqual([
      78,
      expect.stringMatching(/tokens\.json: cannot be read: EACCES.*; let the user that runs this program read it/),
    ]);
  },
  60_000,
);

test("SIGHUP takes other roles of an htpasswd file, and a wrong configuration changes nothing", async () => {
  const hash = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK";
  const [config, users] = [join(folder, "hup.json"), join(folder, "htpasswd")];
  await Bun.write(users, `alice:${hash}\n`);
  chmodSync(users, 0o600);
  const write = (auth: object) => Bun.write(config, JSON.stringify({ auth: { htpasswd: users, ...auth } }));
  await write({});
  const { product } = await serve({}, ["--config", config]);
  const light = () => statusOf(product, "led/1/5001/on", basic("alice", "U*U*"));
  expect(await light()).toBe(403);
  await write({ htpasswd_role: "king" });
  product.process.kill("SIGHUP");
  await product.until(({ event, level }) => event === "reload" && level === "error");
  expect(await light()).toBe(403);
  await write({ htpasswd_role: "operator" });
  product.process.kill("SIGHUP");
  await product.until(({ event, settings }) => event === "reload" && Array.isArray(settings));
  expect(await light()).toBe(200);
}, 60_000);
