import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasIpmiSim, hasIpmitool, IPMI_SIM, startIpmiSim, type IpmiSim } from "../support/ipmi-sim.ts";
import { startProduct, type Product } from "../support/product.ts";

const needs = `needs ${IPMI_SIM}, and ipmitool`;
const isReady = hasIpmiSim && hasIpmitool;

let folder = "";
let sim: IpmiSim;
const products: Product[] = [];

beforeAll(async () => {
  if (!isReady) return;
  folder = mkdtempSync(join(tmpdir(), "opendcre-bmcs-"));
  sim = await startIpmiSim();
});
afterEach(async () => {
  await Promise.all(products.splice(0).map((product) => product.stop("SIGKILL")));
});
afterAll(async () => {
  if (!isReady) return;
  await sim.close();
  rmSync(folder, { recursive: true });
});

/** An entry as files of 1.2 have them, and the port, which they did not need. */
const entry = (more: object = {}) => ({
  bmc_ip: sim.host,
  port: sim.port,
  username: "admin",
  password: sim.passwordOf("admin"),
  auth_type: "RAKP_HMAC_SHA1",
  integrity_type: "HMAC_SHA1_96",
  encryption_type: "AES_CBC_128",
  ...more,
});

function writeBmcFile(...bmcs: readonly object[]): string {
  const path = join(folder, "bmc_config.json");
  writeFileSync(path, JSON.stringify({ bmcs }));
  return path;
}

async function serve(args: readonly string[], env: Record<string, string> = {}): Promise<Product> {
  const product = await startProduct(args, undefined, { OPENDCRE_STATE_DIRECTORY: join(folder, "state"), ...env });
  products.push(product);
  return product;
}

const isInventoried = ({ event }: Record<string, unknown>) => event === "bmc-inventory";

/** What ipmitool says of the simulated BMC. */
async function ipmitool(...args: readonly string[]): Promise<string> {
  const access = ["-H", sim.host, "-p", `${sim.port}`, "-U", "admin", "-P", sim.passwordOf("admin")];
  const child = Bun.spawn(["ipmitool", "-I", "lanplus", "-C", "3", ...access, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

describe.skipIf(!isReady)(`the whole product with BMCs (${needs})`, () => {
  test("lists a BMC beside the bus, reads it, switches it, and ipmitool sees that", async () => {
    const product = await serve(["--emulator", "config/simple.json", "--bmc-config", writeBmcFile(entry())]);
    await product.until(isInventoried);
    const { boards } = (await product.get("scan")).body;
    expect(boards.map(({ board_id }: { board_id: string }) => board_id)).toEqual([
      "00000001",
      "00000002",
      "00000003",
      "40000001",
    ]);
    const sensor = sim.expected.sensors.find(({ name }) => name === "CPU0 Temp");
    if (sensor?.record !== "full") throw new TypeError("the simulated BMC has no such sensor");
    const id = sensor.number.toString(16);
    expect((await product.get(`read/temperature/40000001/${id}`)).body).toEqual({ temperature_c: sensor.value });
    expect((await product.get("power/40000001/0100/off", { method: "POST" })).body).toMatchObject({
      power_status: "off",
    });
    expect(await ipmitool("power", "status")).toBe("Chassis Power is off\n");
    expect((await product.get("power/on/40000001/0100")).body).toMatchObject({ power_status: "on" });
    expect((await product.get("boot_target/40000001/0200/pxe")).body).toEqual({ target: "pxe" });
    expect(await ipmitool("chassis", "bootparam", "get", "5")).toContain("Force PXE");
    expect((await product.get("asset/40000001/0200")).body).toMatchObject({
      bmc_ip: sim.host,
      product_info: { manufacturer: "Lanternworks", serial_number: "SN00001" },
    });
    expect((await product.get("health")).body).toMatchObject({
      status: "ok",
      links: { ipmi: [{ board_id: "40000001", state: "up" }] },
    });
    expect(await product.stop()).toBe(0);
    expect(sim.chassisLog().filter((line) => line.startsWith("power"))).toEqual(["power 0", "power 1"]);
    const controls = (await product.lines()).filter(({ event }) => event === "control");
    expect(controls.map(({ command, value, outcome }) => [command, value, outcome])).toEqual([
      ["power", "off", "ok"],
      ["power", "on", "ok"],
      ["boot-target", "pxe", "ok"],
    ]);
  });

  test("is up with a BMC that is not there, lists it, and says what is wrong with it", async () => {
    // Nobody answers at the discard port.
    const product = await serve([
      "--emulator",
      "config/simple.json",
      "--bmc-config",
      writeBmcFile(entry({ port: 9, timeout: 1 })),
    ]);
    const { body } = await product.get("scan/40000001");
    const types = body.boards[0].devices.map(({ device_type }: { device_type: string }) => device_type);
    expect(types).toEqual(["power", "system", "led"]);
    const { msg } = await product.until(({ event }) => event === "bmc-down");
    expect(msg).toContain(sim.host);
    const health = (await product.get("health")).body;
    expect(health.status).toBe("degraded");
    expect(health.links.ipmi[0]).toMatchObject({ state: "down", last_error: expect.any(String) });
    const power = await product.get("power/40000001/0100/off", { method: "POST" });
    expect(power.status).toBe(500);
    expect(power.body.message).toContain("device 0100 on board 40000001");
    expect((await product.get("read/temperature/1/5801")).status).toBe(200);
    expect(await product.stop()).toBe(0);
  });

  test("SIGHUP takes a new file, and leaves everything as it is where that is wrong", async () => {
    const path = writeBmcFile(entry());
    const product = await serve(["--emulator", "config/simple.json", "--bmc-config", path]);
    await product.until(isInventoried);
    writeFileSync(path, '{ "bmcs": [ { "bmc_ip": "" } ] }');
    product.process.kill("SIGHUP");
    const refusal = await product.until(({ event, level }) => event === "reload" && level === "error");
    expect(refusal["msg"]).toContain(`${path}:1:`);
    expect((await product.get("version/40000001")).status).toBe(200);
    writeBmcFile(entry({ board_id: "40000007" }));
    product.process.kill("SIGHUP");
    await product.until(({ msg }) => String(msg).includes("was read again"));
    expect((await product.get("version/40000007")).status).toBe(200);
    expect((await product.get("version/40000001")).status).toBe(500);
    expect(await product.stop()).toBe(0);
  });

  test("tells nobody its passwords: not the log at its finest, no answer, no kept file, no process list", async () => {
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, `${sim.passwordOf("admin")}\n`, { mode: 0o600 });
    const wrong = { username: "oper", password: "wrong-secret-1" };
    const { password: _, ...withoutPassword } = entry();
    const path = writeBmcFile({ ...withoutPassword, password_file: "password" }, entry(wrong));
    const product = await serve(["--log-level", "trace", "--emulator", "config/simple.json", "--bmc-config", path]);
    await product.until(isInventoried);
    await product.until(({ event }) => event === "bmc-down");
    const answers = await Promise.all(
      ["health", "scan", "asset/40000001/0200", "power/40000002/0100", "version/40000002"].map((route) =>
        product.get(route),
      ),
    );
    const commandLine = readFileSync(`/proc/${product.process.pid}/cmdline`, "utf8");
    expect(await product.stop()).toBe(0);
    const kept = readdirSync(join(folder, "state"), { recursive: true, withFileTypes: true })
      .filter((found) => found.isFile())
      .map((found) => readFileSync(join(found.parentPath, found.name), "utf8"));
    expect(kept.length).toBeGreaterThan(0);
    const told = JSON.stringify([await product.lines(), answers.map(({ body }) => body), commandLine, kept]);
    for (const secret of [sim.passwordOf("admin"), wrong.password]) {
      for (const form of [secret, Buffer.from(secret).toString("base64"), Buffer.from(secret).toString("hex")])
        expect(told).not.toContain(form);
    }
  });

  test("knows the sensors at once at the next start", async () => {
    const args = ["--emulator", "config/simple.json", "--bmc-config", writeBmcFile(entry({ name: "kept" }))];
    const first = await serve(args);
    await first.until(isInventoried);
    const before = (await first.get("scan/40000001")).body;
    expect(await first.stop()).toBe(0);
    const second = await serve(args);
    expect(await second.until(isInventoried)).toMatchObject({ source: "cache" });
    expect((await second.get("scan/40000001")).body).toEqual(before);
    expect(await second.stop()).toBe(0);
  });

  test("refuses a wrong file at the start with all mistakes and exit code 78", async () => {
    const path = join(folder, "wrong.json");
    writeFileSync(
      path,
      '{ "bmcs": [ { "bmc_ip": 7, "username": "a", "password": "b", "auth_type": "RAKP_HMAC_SHA2" } ] }',
    );
    const child = Bun.spawn([process.execPath, "src/main.ts", "serve", "--emulator", "--bmc-config", path], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const text = await new Response(child.stderr).text();
    expect(await child.exited).toBe(78);
    const lines = text.trimEnd().split("\n");
    expect(lines.every((line) => line.startsWith(`opendcre: ${path}:1:`))).toBe(true);
    expect(text).toContain("bmc_ip");
    expect(text).toContain("auth_type");
  });
});
