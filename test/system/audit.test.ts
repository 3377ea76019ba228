import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fromSources, root, startProduct, type Product } from "../support/product.ts";
import { canMount, mountTmpfs } from "../support/tmpfs.ts";

const products: Product[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(products.splice(0).map((product) => product.stop("SIGKILL")));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-audit-"));
  folders.push(folder);
  return folder;
}

/** So that a line of 300 baud, on which an exchange takes a second, is no reason to give up. */
const slow = { OPENDCRE_BUS_TIMEOUT_MS: "20000" };

const trailIn = (state: string) => join(state, "audit", "audit.jsonl");

/** Serves an emulated rack, and keeps what is kept in a folder. */
async function serve(state: string, env: Record<string, string> = {}, args: readonly string[] = []): Promise<Product> {
  const product = await startProduct(["--emulator", "config/simple.json", ...args], undefined, {
    OPENDCRE_STATE_DIRECTORY: state,
    ...env,
  });
  products.push(product);
  return product;
}

/** The lines of the trail, as objects. */
const linesIn = (state: string): Record<string, unknown>[] =>
  readFileSync(trailIn(state), "utf8")
    .trimEnd()
    .split("\n")
    .map((line): Record<string, unknown> => JSON.parse(line));

/** Waits until something stands in the trail. */
async function untilTrail(product: Product, path: string, what: string): Promise<void> {
  while (!existsSync(path) || !readFileSync(path, "utf8").includes(what)) await product.get("test");
}

/** Runs a command of the program to its end. */
async function run(state: string, ...args: readonly string[]) {
  const child = Bun.spawn([...fromSources, ...args], {
    cwd: root,
    env: { ...Bun.env, OPENDCRE_STATE_DIRECTORY: state },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

const post = { method: "POST" };

describe("the audit trail of the product", () => {
  test("has each command that changes something, before and after, and nothing else", async () => {
    const state = newFolder();
    const product = await serve(state);
    expect((await product.get("power/1/3001/off", post)).status).toBe(200);
    const { headers } = await product.get("led/1/5001/on?x=secret", post);
    expect((await product.get("read/temperature/1/5801")).status).toBe(200);
    expect((await product.get("power/1/3001")).status).toBe(200);
    expect((await product.get("fan/1/3002/99999", post)).status).toBe(500);
    expect(await product.stop()).toBe(0);
    const who = { name: "anyone", via: "none" };
    const common = { kind: "control", who, remote: "127.0.0.1", board: "00000001" };
    const off = { ...common, action: "power", value: "off", device: "3001" };
    const on = { ...common, action: "led", value: "on", device: "5001", request_id: headers.get("x-request-id") };
    expect(linesIn(state)).toMatchObject([
      { ...off, seq: 1, phase: "intent", route: "POST /opendcre/1.2/power/1/3001/off" },
      { ...off, seq: 2, phase: "outcome", intent: 1, result: "ok" },
      { ...on, seq: 3, phase: "intent", route: "POST /opendcre/1.2/led/1/5001/on" },
      { ...on, seq: 4, phase: "outcome", intent: 3, result: "ok" },
    ]);
    const controls = (await product.lines()).filter(({ event }) => event === "control");
    expect(controls.map(({ outcome }) => outcome)).toEqual(["ok", "ok"]);
  }, 30_000);

  test("has a thousand commands at once: those that were carried out, and no others", async () => {
    const state = newFolder();
    const product = await serve(state);
    const boards = [1, 2, 3];
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => product.get(`led/${boards[index % 3]}/5001/on`, post)),
    );
    const statuses = answers.map(({ status }) => status);
    const carriedOut = statuses.filter((status) => status === 200).length;
    expect(carriedOut).toBeGreaterThanOrEqual(3);
    expect(statuses.filter((status) => status === 409)).toHaveLength(1000 - carriedOut);
    await product.stop();
    const lines = linesIn(state);
    expect(lines.filter(({ phase }) => phase === "intent")).toHaveLength(carriedOut);
    expect(lines.filter(({ phase, result }) => phase === "outcome" && result === "ok")).toHaveLength(carriedOut);
    expect((await run(state, "audit", "verify")).code).toBe(0);
  }, 60_000);

  test("is checked and shown by commands of their own", async () => {
    const state = newFolder();
    const product = await serve(state);
    await product.get("power/1/3001/cycle", post);
    await product.get("led/3/5001/on", post);
    // While it serves.
    expect(await run(state, "audit", "verify")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok: 4 lines in 1 file, the last one is number 4, with hash [0-9a-f]{64}\n$/),
    });
    const shown = await run(state, "audit", "show", "--board", "0x1", "--since", "1h");
    const [first, second, ...rest] = shown.stdout.trimEnd().split("\n");
    expect(first).toMatch(
      /^20\S+ \S+Z {2}1 intent {3}power cycle on 00000001\/3001, by anyone \(none\), from 127\.0\.0\.1, request \S+$/,
    );
    expect(second).toEndWith(": ok (of 1)");
    expect(rest).toEqual([]);
    expect((await run(state, "audit", "show", "--since", "2099-01-01")).stdout).toBe("");
    expect(await run(state, "audit", "show", "--since", "soon")).toMatchObject({ code: 64 });
    expect(await product.stop()).toBe(0);
    const text = readFileSync(trailIn(state), "utf8");
    writeFileSync(trailIn(state), text.replace('"value":"cycle"', '"value":"on"'));
    const broken = await run(state, "audit", "verify");
    expect(broken.code).toBe(65);
    expect(broken.stdout).toContain(
      `broken: ${trailIn(state)}:1: expected a whole line; found a line of which its hash`,
    );
    expect(await run(state, "audit", "verify", join(state, "nosuch.jsonl"))).toMatchObject({ code: 78 });
  }, 60_000);

  test("is said not to be there where nothing has been written yet", async () => {
    const state = newFolder();
    for (const command of ["verify", "show"]) {
      const { stdout, stderr, code } = await run(state, "audit", command);
      const said = `opendcre: there is no audit trail at ${trailIn(state)}: nothing has been written yet, or it is elsewhere`;
      expect([stdout, stderr, code]).toEqual(["", `${said} (audit.file or state.directory say where)\n`, 78]);
    }
    expect(existsSync(trailIn(state))).toBe(false);
  });

  test("shows nothing to a terminal that is no text", async () => {
    const state = newFolder();
    const product = await serve(state);
    await product.get("led/1/5001/on", post);
    await product.stop();
    const { name, hash, body } = { name: "\u001B]0;owned\u0007", hash: "", body: linesIn(state)[0]! };
    const { hash: _, ...members } = { ...body, hash, who: { name, via: "oidc" } };
    const open = JSON.stringify(members).slice(0, -1);
    const digest = new Bun.CryptoHasher("sha256").update(open).digest("hex");
    writeFileSync(trailIn(state), `${open},"hash":"${digest}"}\n`);
    const { stdout } = await run(state, "audit", "show");
    expect(stdout).toContain("owned");
    for (const character of "\u001B\u0007") expect(stdout).not.toContain(character);
  }, 30_000);

  test("is shown with what is wrong with it: a line that was changed", async () => {
    const state = newFolder();
    const create = (name: string) => run(state, "token", "create", name, "--role", "reader");
    await create("t");
    writeFileSync(trailIn(state), readFileSync(trailIn(state), "utf8").replace("reader", "admin"));
    expect((await create("u")).stderr).toContain("audit.jsonl is not as it was written: see opendcre audit verify");
    const { stdout, stderr, code } = await run(state, "audit", "show");
    expect(stdout.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/Z {2}2 outcome {2}token-create reader t, by .*: ok \(of 1\)$/),
      expect.stringMatching(/Z {2}3 intent {3}token-create reader u, by /),
      expect.stringMatching(/Z {2}4 outcome {2}token-create reader u, by .*: ok \(of 3\)$/),
    ]);
    const said = "1 line is not as it was written, and left out: see opendcre audit verify";
    expect([stderr, code]).toEqual([`opendcre: ${said}\n`, 0]);
    expect((await run(state, "audit", "verify")).code).toBe(65);
  }, 30_000);

  test("is shown with what is wrong with it: an end that is gone", async () => {
    const state = newFolder();
    const create = (name: string) => run(state, "token", "create", name, "--role", "reader");
    await create("t");
    const text = readFileSync(trailIn(state), "utf8");
    writeFileSync(trailIn(state), text.slice(0, text.indexOf("\n") + 1));
    expect((await create("u")).stderr).toContain("audit.jsonl has been cut: see opendcre audit verify");
    const { stdout } = await run(state, "audit", "show");
    expect(stdout).toMatch(/Z {2}2 repair {3}lines up to number 2 were on the disk, and are gone$/m);
    expect((await run(state, "audit", "verify")).code).toBe(65);
  }, 30_000);

  test("says of a command that a killed program had under way that its outcome is unknown", async () => {
    const state = newFolder();
    // At 50 baud, an answer takes seconds.
    const product = await serve(state, {}, ["--baud-delay", "50", "--log-level", "debug"]);
    void product.get("power/1/3001/off", post).catch(() => undefined);
    await product.until(({ sent }) => sent !== undefined);
    await product.stop("SIGKILL");
    expect(linesIn(state)).toMatchObject([{ phase: "intent", value: "off" }]);
    const next = await serve(state);
    const line = await next.until(({ msg }) => String(msg).startsWith("outcome unknown"));
    expect(line).toMatchObject({ level: "warn", intent: 1, board: "00000001", device: "3001", value: "off" });
    expect((await next.get("led/1/5001/on", post)).status).toBe(200);
    expect(await next.stop()).toBe(0);
    expect(linesIn(state)).toMatchObject([
      { phase: "intent" },
      { phase: "outcome", intent: 1, result: "unknown", action: "power", value: "off" },
      { phase: "intent", action: "led" },
      { phase: "outcome", result: "ok" },
    ]);
    expect((await run(state, "audit", "verify")).code).toBe(0);
  }, 60_000);

  test("has the outcomes also of commands that are under way, and that wait, when the program is told to stop", async () => {
    const state = newFolder();
    const product = await serve(state, slow, ["--baud-delay", "300", "--log-level", "debug"]);
    const first = product.get("power/1/3001/off", post);
    await product.until(({ sent }) => sent !== undefined);
    const second = product.get("led/2/5001/on", post);
    await untilTrail(product, trailIn(state), '"led"');
    expect(await product.stop()).toBe(0);
    expect([(await first).status, (await second).status]).toEqual([200, 503]);
    const outcomes = linesIn(state).filter(({ phase }) => phase === "outcome");
    expect(new Set(outcomes.map(({ action, result }) => `${String(action)} ${String(result)}`))).toEqual(
      new Set(["power ok", "led shutting-down"]),
    );
  }, 60_000);

  test("has a command whose caller hung up in the queue as cancelled", async () => {
    const state = newFolder();
    const product = await serve(state, slow, ["--baud-delay", "300", "--log-level", "debug"]);
    const first = product.get("read/temperature/1/5801");
    await product.until(({ sent }) => sent !== undefined);
    const caller = new AbortController();
    const hungUp = product.get("led/1/5001/on", { ...post, signal: caller.signal }).catch(() => "hung up");
    await untilTrail(product, trailIn(state), "led");
    caller.abort();
    expect(await hungUp).toBe("hung up");
    await product.until(({ event, outcome }) => event === "control" && outcome === "cancelled");
    expect((await first).status).toBe(200);
    await product.stop();
    expect(linesIn(state)).toMatchObject([{ phase: "intent" }, { phase: "outcome", result: "cancelled" }]);
  }, 60_000);

  test("is written by the command line while the server writes it, too", async () => {
    const state = newFolder();
    const product = await serve(state);
    const created = Promise.all(["a", "b", "c"].map((name) => run(state, "token", "create", name, "--role", "reader")));
    const control = new AbortController();
    void created.finally(() => control.abort());
    while (!control.signal.aborted) await product.get("led/3/5001/on", post);
    for (const { code } of await created) expect(code).toBe(0);
    await product.stop();
    const lines = linesIn(state);
    const acts = lines.filter(({ kind, phase }) => kind === "admin" && phase === "intent");
    expect(new Set(acts.map(({ action, target }) => `${String(action)} ${String(target)}`))).toEqual(
      new Set(["token-create a", "token-create b", "token-create c"]),
    );
    expect(lines.length).toBeGreaterThan(6);
    const secrets = (await created).map(({ stdout }) => /dcre_\S+/.exec(stdout)?.[0]);
    for (const secret of secrets) {
      expect(secret).toBeString();
      expect(readFileSync(trailIn(state), "utf8")).not.toContain(secret!);
    }
    expect(await run(state, "audit", "verify")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok: /) });
  }, 60_000);

  test("is told of SIGHUP", async () => {
    const state = newFolder();
    const product = await serve(state);
    product.process.kill("SIGHUP");
    await untilTrail(product, trailIn(state), '"outcome"');
    await product.stop();
    const reload = { kind: "admin", action: "reload", who: { name: "system", via: "signal" } };
    expect(linesIn(state)).toMatchObject([
      { ...reload, phase: "intent" },
      { ...reload, phase: "outcome", result: "ok" },
    ]);
  }, 30_000);

  test("says of SIGHUP which settings are new, and whether all that was read again could be taken", async () => {
    const state = newFolder();
    const [config, htpasswd] = [join(state, "opendcre.json"), join(state, "htpasswd")];
    writeFileSync(htpasswd, "", { mode: 0o600 });
    const configure = (control: object) => writeFileSync(config, JSON.stringify({ control, auth: { htpasswd } }));
    configure({});
    const product = await serve(state, {}, ["--config", config]);
    const hangUp = async (count: number) => {
      product.process.kill("SIGHUP");
      for (;;) {
        await untilTrail(product, trailIn(state), '"outcome"');
        const outcomes = linesIn(state).filter(({ phase }) => phase === "outcome");
        if (outcomes.length === count) return outcomes.at(-1);
        await product.get("test");
      }
    };
    configure({ protected_boards: ["1"], cooldown_ms: 1 });
    const value = "control.protected_boards, control.cooldown_ms";
    expect(await hangUp(1)).toMatchObject({ action: "reload", value, result: "ok" });
    // A file of credentials that everybody may read is refused.
    chmodSync(htpasswd, 0o644);
    const second = await hangUp(2);
    expect(second).toMatchObject({ action: "reload", result: "not-taken" });
    expect(second).not.toHaveProperty("value");
    chmodSync(htpasswd, 0o600);
    expect(await hangUp(3)).toMatchObject({ action: "reload", result: "ok" });
    expect(await product.stop()).toBe(0);
  }, 30_000);

  test("has all that administrators do on the command line, also what failed", async () => {
    const state = newFolder();
    await run(state, "token", "create", "t", "--role", "operator", "--boards", "1");
    await run(state, "token", "create", "t", "--role", "reader");
    await run(state, "token", "revoke", "t");
    const password = join(state, "password");
    writeFileSync(password, "correct horse\n");
    const type = ["sh", "-c", 'exec "$0" "$@" < $PASSWORD_FILE', ...fromSources];
    for (const command of ["add u --role admin", "password u", "role u --role reader", "remove u"]) {
      const child = Bun.spawn([...type, "user", ...command.split(" ")], {
        cwd: root,
        env: { ...Bun.env, OPENDCRE_STATE_DIRECTORY: state, PASSWORD_FILE: password },
        stdio: ["ignore", "ignore", "pipe"],
      });
      expect([await child.exited, await child.stderr.text()]).toEqual([0, expect.stringContaining("u: ")]);
    }
    await run(state, "token", "list");
    const acts = linesIn(state).map(({ phase, kind, action, target, value, result }) =>
      [phase, kind, action, target, value, result].join(" ").trimEnd(),
    );
    expect(acts).toEqual([
      "intent admin token-create t operator of boards 00000001",
      "outcome admin token-create t operator of boards 00000001 ok",
      "intent admin token-create t reader",
      "outcome admin token-create t reader name-taken",
      "intent admin token-revoke t",
      "outcome admin token-revoke t  ok",
      "intent admin user-add u admin",
      "outcome admin user-add u admin ok",
      "intent admin user-password u",
      "outcome admin user-password u  ok",
      "intent admin user-role u reader",
      "outcome admin user-role u reader ok",
      "intent admin user-remove u",
      "outcome admin user-remove u  ok",
    ]);
    expect(readFileSync(trailIn(state), "utf8")).not.toContain("correct horse");
  }, 60_000);

  test("is none where it is switched off", async () => {
    const state = newFolder();
    const product = await serve(state, { OPENDCRE_AUDIT_MODE: "off" });
    expect((await product.get("led/1/5001/on", post)).status).toBe(200);
    await product.stop();
    expect(existsSync(trailIn(state))).toBe(false);
  }, 30_000);

  test("refuses commands where its folder cannot be made; reads go on", async () => {
    const state = join(newFolder(), "state");
    writeFileSync(state, "a file, where a folder should be");
    const product = await serve(state);
    const refused = await product.get("led/1/5001/off", post);
    expect([refused.status, refused.body.code]).toEqual([503, "audit-unavailable"]);
    expect((await product.get("led/1/5001")).body).toEqual({ led_state: "on" });
    await product.stop();
  }, 30_000);
});

/** What runs a command as a user who may write next to nothing. */
const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const mayBecomeNobody = process.getuid?.() === 0 && Bun.which("setpriv") !== null;

/** A server without a rack: what is done to it is that it reads its configuration again. */
async function serveAsNobody(env: Record<string, string>): Promise<Product> {
  const config = join(newFolder(), "opendcre.json");
  writeFileSync(config, '{ "bus": { "device": null } }');
  for (const path of [config, dirname(config)]) chownSync(path, 65_534, 65_534);
  const product = await startProduct(["--config", config], [...asNobody, ...fromSources], env);
  products.push(product);
  return product;
}

describe.skipIf(!mayBecomeNobody)("the audit trail of a user who may write nothing (needs root and setpriv)", () => {
  test("is in their own folder, and they find it there", async () => {
    const home = newFolder();
    chownSync(home, 65_534, 65_534);
    const product = await serveAsNobody({ HOME: home });
    const path = join(home, ".local/state/opendcre/audit/audit.jsonl");
    product.process.kill("SIGHUP");
    await untilTrail(product, path, '"outcome"');
    await product.stop();
    const warned = (await product.lines()).filter(({ event, level }) => event === "audit" && level === "warn");
    expect(warned).toMatchObject([
      { file: path, msg: expect.stringContaining("because the usual folder cannot be written") },
    ]);
    const said = async (...command: readonly string[]) => {
      const env = { ...Bun.env, HOME: home, OPENDCRE_BUS_DEVICE: "" };
      return Bun.spawn([...asNobody, ...fromSources, ...command], { cwd: root, env }).stdout.text();
    };
    expect(await said("audit", "verify")).toStartWith("ok: 2 lines in 1 file");
    expect(await said("doctor")).toMatch(/^warn +audit trail: it is \S+audit\.jsonl, because the usual folder/m);
  }, 30_000);

  test("is said to be out of reach where that cannot be written either", async () => {
    const product = await serveAsNobody({ HOME: "/proc" });
    await product.stop();
    const warned = (await product.lines()).find(({ event }) => event === "audit");
    expect(warned).toMatchObject({ level: "warn", file: "/var/lib/opendcre/audit/audit.jsonl" });
    expect(warned?.["msg"]).toContain("commands that change something will be refused");
  }, 30_000);
});

describe.skipIf(!canMount)("the product on a disk of its own (needs root, and mount)", () => {
  test("refuses commands while the disk is full, says so, reads on, and recovers by itself", async () => {
    const state = join(newFolder(), "state");
    mkdirSync(state);
    using disk = mountTmpfs(state);
    const product = await serve(state);
    expect((await product.get("led/1/5001/on", post)).status).toBe(200);
    disk.fill();
    let refused = await product.get("led/1/5001/off", post);
    // What is left of the last block is still used.
    for (let count = 0; refused.status === 200 && count < 50; count++)
      refused = await product.get("led/1/5001/off", post);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.body).toMatchObject({
      code: "audit-unavailable",
      message: expect.stringContaining("the disk is full"),
    });
    expect((await product.get("read/temperature/1/5801")).status).toBe(200);
    expect((await product.get("test")).status).toBe(200);
    disk.empty();
    expect((await product.get("led/1/5001/on", post)).status).toBe(200);
    await product.stop();
    const said = (await product.lines()).filter(({ event }) => event === "audit").map(({ level }) => level);
    expect(said).toEqual(["error", "info"]);
    expect((await run(state, "audit", "verify")).code).toBe(0);
    const lines = linesIn(state);
    const intents = lines.filter(({ phase }) => phase === "intent").map(({ seq }) => seq);
    expect(lines.filter(({ phase }) => phase === "outcome").map(({ intent }) => intent)).toEqual(intents);
  }, 60_000);
});

describe("commands that are refused", () => {
  test("to switch off or cycle a protected board; it can be switched on", async () => {
    const product = await serve(newFolder(), { OPENDCRE_CONTROL_PROTECTED_BOARDS: "0x1,40000002" });
    for (const action of ["off", "cycle"]) {
      const { status, body } = await product.get(`power/1/3001/${action}`, post);
      expect([status, body.code]).toEqual([403, "protected"]);
    }
    expect((await product.get("power/1/3001/on", post)).status).toBe(200);
  }, 30_000);

  test("too soon after a power command, with when to come back", async () => {
    const product = await serve(newFolder(), { OPENDCRE_CONTROL_COOLDOWN_MS: "60000" });
    expect((await product.get("power/1/3001/off", post)).status).toBe(200);
    const { status, body, headers } = await product.get("power/1/3001/on", post);
    expect([status, body.code]).toEqual([429, "cooling-down"]);
    expect(Number(headers.get("retry-after"))).toBeWithin(50, 61);
    expect((await product.get("power/1/3001")).body.power_status).toBe("off");
  }, 30_000);

  test("while another is under way on the same board, with what that is", async () => {
    const product = await serve(newFolder(), slow, ["--baud-delay", "300", "--log-level", "debug"]);
    const first = product.get("power/1/3001/off", post);
    await product.until(({ sent }) => sent !== undefined);
    const { status, body } = await product.get("led/1/5001/on", post);
    expect([status, body.code]).toEqual([409, "board-busy"]);
    expect(body.message).toContain("power off of device 3001, by anyone, request ");
    expect((await first).status).toBe(200);
  }, 30_000);
});
