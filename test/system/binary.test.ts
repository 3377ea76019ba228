// The binaries, as they are shipped.
import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, startProduct } from "../support/product.ts";

const x64 = join(root, "dist", "opendcre-linux-x64");
const arm64 = join(root, "dist", "opendcre-linux-arm64");

/** Runs arm64 programs on x64: packages qemu-user-static, libc6-arm64-cross, libgcc-s1-arm64-cross, libstdc++6-arm64-cross. */
const armLibraries = "/usr/aarch64-linux-gnu";
const hasArmEmulator = Bun.which("qemu-aarch64-static") !== null && existsSync(armLibraries);
const onArm64 = ["qemu-aarch64-static", "-L", armLibraries, arm64];

const canRun = process.arch === "x64" && process.platform === "linux";

beforeAll(async () => {
  const build = Bun.spawn([process.execPath, "build.ts"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  expect(await build.exited).toBe(0);
}, 120_000);

/** What every binary has to do in emulator mode. */
async function expectToServe(command: readonly string[]): Promise<void> {
  const product = await startProduct(["--emulator"], command);
  const { boards } = (await product.get("scan")).body;
  const ids = boards.map((board: { board_id: string }) => board.board_id);
  expect(ids).toEqual(["00000001", "00000002", "00000003", "40000001", "40000002"]);
  expect((await product.get("read/temperature/1/5801")).body).toEqual({ temperature_c: expect.any(Number) });
  expect((await product.get("power/1/3001/off")).body).toMatchObject({ power_status: "off", power_ok: false });
  expect((await product.get("fan/1/3002/4000", { method: "POST" })).body).toEqual({ speed_rpm: 4000 });
  expect((await product.get("led/1/5001/blue")).status).toBe(500);
  // Over UDP, with encrypted sessions, to the emulated BMCs.
  expect((await product.get("power/40000001/0100")).body).toMatchObject({ power_status: "on", pmbus_raw: "0,0,0,0" });
  expect((await product.get("boot_target/40000001/0200/pxe")).body).toEqual({ target: "pxe" });
  expect((await product.get("led/40000002/0300/on")).body).toEqual({ led_state: "on", led_color: "unknown" });
  expect(await product.stop()).toBe(0);
}

/** Runs a command to its end. */
async function outcomeOf(command: readonly string[], options: { cwd?: string } = {}) {
  const child = Bun.spawn([...command], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

describe.skipIf(!canRun)("linux-x64", () => {
  test("serves the rack that is built in", () => expectToServe([x64]), 30_000);

  test("knows its version and commit", async () => {
    const { stdout, code } = await outcomeOf([x64, "--version"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^opendcre \d+\.\d+\.\d+\S* \(commit ([0-9a-f]{12}\+?|unknown), Bun \d+\.\d+\.\d+, linux x64\)\n$/,
    );
  });

  test("reads no .env, bunfig.toml, package.json or tsconfig.json of the folder that it is started in", async () => {
    const folder = mkdtempSync(join(tmpdir(), "opendcre-binary-"));
    writeFileSync(join(folder, ".env"), "OPENDCRE_SERVER_PORT=nonsense\n");
    writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./missing.ts"]\n');
    writeFileSync(join(folder, "package.json"), "{ nonsense");
    writeFileSync(join(folder, "tsconfig.json"), "{ nonsense");
    const { code, stdout, stderr } = await outcomeOf([x64, "check-config"], { cwd: folder });
    rmSync(folder, { recursive: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("ok");
  });

  test("a port that is taken is one line that says what to do, and 69", async () => {
    const product = await startProduct(["--emulator"], [x64]);
    const { code, stderr } = await outcomeOf([x64, "serve", "--emulator", "--port", String(product.port)]);
    expect(code).toBe(69);
    expect(stderr).toMatch(
      /^opendcre: cannot listen on 127\.0\.0\.1 port \d+: another program listens there; .*--port.*\n$/,
    );
    expect(await product.stop()).toBe(0);
  });

  test("a serial port that is not there is one line that says what to do, and 69", async () => {
    const { code, stderr } = await outcomeOf([x64, "serve", "--device", "/dev/ttyNone", "--port", "0"]);
    expect(code).toBe(69);
    expect(stderr).toMatch(/^opendcre: [^\n]*\/dev\/ttyNone[^\n]*list-ports[^\n]*\n$/);
  });

  test("the network is not opened without an explicit flag", async () => {
    const refused = await outcomeOf([x64, "serve", "--emulator", "--host", "0.0.0.0", "--port", "0"]);
    expect(refused.code).toBe(78);
    expect(refused.stderr).toContain("--allow-unauthenticated-network");
    const product = await startProduct(["--emulator", "--host", "0.0.0.0", "--allow-unauthenticated-network"], [x64]);
    expect((await product.get("test")).status).toBe(200);
    expect(await product.stop()).toBe(0);
  });
});

describe.skipIf(!canRun || !hasArmEmulator)("linux-arm64 (needs qemu-user-static and the arm64 libraries)", () => {
  test(
    "serves the rack that is built in (needs qemu-user-static and the arm64 libraries)",
    () => expectToServe(onArm64),
    120_000,
  );
});
