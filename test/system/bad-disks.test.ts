import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSources, root, startProduct, type Product } from "../support/product.ts";
import { canMount, mountTmpfs } from "../support/tmpfs.ts";

let folder = "";
let product: Product | undefined;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "opendcre-disks-"))));
afterEach(async () => {
  await product?.stop("SIGKILL");
  product = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A disk of its own below the test's folder. */
function diskAt(name: string) {
  const path = join(folder, name);
  mkdirSync(path);
  return mountTmpfs(path);
}

async function serve(): Promise<Product> {
  product = await startProduct(["--emulator", "config/simple.json"], undefined, {
    OPENDCRE_STATE_DIRECTORY: join(folder, "state"),
    OPENDCRE_LOG_DIRECTORY: join(folder, "logs"),
  });
  return product;
}

const post = { method: "POST" };

async function createToken(name: string) {
  const child = Bun.spawn([...fromSources, "token", "create", name, "--role", "reader"], {
    cwd: root,
    env: { ...Bun.env, OPENDCRE_STATE_DIRECTORY: join(folder, "state") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

describe.skipIf(!canMount)("on disks of their own (needs root, and mount)", () => {
  test("log files on a full disk lose lines, say so once, and go on after SIGHUP", async () => {
    using logs = diskAt("logs");
    const rack = await serve();
    logs.fill();
    for (let count = 0; count < 3; count++) expect((await rack.get("scan/1")).status).toBe(200);
    const said = await rack.until(({ event }) => event === "log-file");
    expect(said).toMatchObject({ level: "error", msg: expect.stringContaining("ENOSPC") });
    logs.empty();
    rack.process.kill("SIGHUP");
    await rack.until(({ event, msg }) => event === "reload" && msg === "reading again what may change");
    const answer = await rack.get("scan/2");
    expect(answer.status).toBe(200);
    expect(await rack.stop()).toBe(0);
    expect(readFileSync(join(folder, "logs", "access.log"), "utf8")).toContain("GET /opendcre/1.2/scan/2 ");
    const files = (await rack.lines()).filter(({ event }) => event === "log-file").map(({ file }) => file);
    expect(files.length).toBe(new Set(files).size);
  }, 30_000);

  test("a start on read-only ones says what is missing, serves reads, and refuses what changes something", async () => {
    using logs = diskAt("logs");
    using state = diskAt("state");
    for (const disk of [logs, state]) disk.remount("ro");
    const rack = await serve();
    expect((await rack.get("read/temperature/1/5801")).status).toBe(200);
    const refused = await rack.get("power/1/3001/off", post);
    expect([refused.status, refused.body.code]).toEqual([503, "audit-unavailable"]);
    expect(refused.body.message).toContain("the disk is read-only");
    expect((await rack.get("power/1/3001")).body.power_status).toBe("on");
    expect(await rack.stop()).toBe(0);
    const said = (await rack.lines()).filter(({ level }) => level === "warn" || level === "error");
    expect(said.map(({ event }) => event)).toEqual(expect.arrayContaining(["audit", "log-file"]));
    const [first] = said;
    expect(first).toMatchObject({ event: "audit", msg: expect.stringContaining("will be refused") });
  }, 30_000);

  test("a token that does not fit is not made, and those that are there stay", async () => {
    using state = diskAt("state");
    expect((await createToken("first")).code).toBe(0);
    const tokens = join(folder, "state", "tokens.json");
    const before = readFileSync(tokens, "utf8");
    state.fill();
    // What is left of the trail's last block is still used: then it is the file of tokens that does not fit.
    for (let refused = 0; refused < 8; refused++) {
      const { stdout, stderr, code } = await createToken(`second${refused}`);
      expect([stdout, code]).toEqual(["", 74]);
      expect(stderr).toMatch(/ENOSPC|the disk is full/);
      expect(readFileSync(tokens, "utf8")).toBe(before);
    }
    expect(existsSync(`${tokens}.tmp`)).toBe(false);
    state.empty();
    expect((await createToken("third")).code).toBe(0);
    expect(readFileSync(tokens, "utf8")).toContain('"third"');
  }, 60_000);
});
