import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPty, type Pty } from "bun-serialport/testing";
import { runCommand } from "../../support/command.ts";
import { hasIpmiSim, IPMI_SIM, startIpmiSim, type IpmiSim } from "../../support/ipmi-sim.ts";
import { startProduct, type Product } from "../../support/product.ts";

/** The port of a BMC that nobody is. */
const DISCARD = 9;
const WRONG_PASSWORD = "wrong-hunter2";

const needs = `needs ${IPMI_SIM}`;

let folder = "";
let config = "";
let sim: IpmiSim;
let product: Product;
let pty: Pty;

beforeAll(async () => {
  if (!hasIpmiSim) return;
  folder = mkdtempSync(join(tmpdir(), "opendcre-doctor-product-"));
  sim = await startIpmiSim();
  pty = openPty();
  product = await startProduct(["--config", writeConfig("serve", 0, []), "--emulator"]);
  const access = { bmc_ip: sim.host, port: sim.port, username: "admin" };
  config = writeConfig("doctor", product.port, [
    { ...access, name: "good", password: sim.passwordOf("admin") },
    { ...access, name: "wrong", password: WRONG_PASSWORD },
    { ...access, name: "stranger", username: "nobody-here", password: WRONG_PASSWORD },
    { ...access, name: "gone", port: DISCARD, password: WRONG_PASSWORD },
  ]);
});
afterAll(async () => {
  if (!hasIpmiSim) return;
  await Promise.all([product.stop(), sim.close()]);
  await pty.close();
  rmSync(folder, { recursive: true });
});

function writeConfig(name: string, port: number, bmcs: readonly object[], device: string | null = pty.path): string {
  const [file, bmcFile] = [join(folder, `${name}.json`), join(folder, `${name}-bmcs.json`)];
  writeFileSync(bmcFile, JSON.stringify({ bmcs }), { mode: 0o600 });
  const state = join(folder, `${name}-state`);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const settings = {
    server: { port },
    bus: { device },
    state: { directory: state },
    ipmi: { bmc_config: bmcFile },
  };
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  return file;
}

/** All that is in a folder, with contents and times. */
const stateOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      const stats = statSync(join(path, name));
      const content = stats.isFile() ? readFileSync(join(path, name), "base64") : "folder";
      return `${name} ${stats.mode} ${stats.mtimeMs} ${content}`;
    });

interface Found {
  readonly subject: string;
  readonly level: string;
  readonly message: string;
  readonly advice?: string;
}

async function doctor(...args: readonly string[]) {
  const outcome = await runCommand(["doctor", "--config", config, "--json", ...args]);
  const { ok, findings }: { ok: boolean; findings: Found[] } = JSON.parse(outcome.out);
  return { ...outcome, ok, of: (subject: string) => findings.filter((finding) => finding.subject === subject) };
}

describe.skipIf(!hasIpmiSim)(`opendcre doctor, beside the server (${needs})`, () => {
  test("tells BMCs with wrong passwords and BMCs that are not there from those that are well", async () => {
    const before = stateOf(folder);
    const { exitCode, ok, out, err, of } = await doctor();
    // Those that are one BMC are also noted as such.
    expect(of("BMCs").filter(({ level }) => level !== "warn")).toMatchObject([
      { level: "ok", message: expect.stringMatching(/^good at .*lets admin in \(cipher suite \d+\)/) },
      { level: "fail", message: expect.stringMatching(/^wrong at .*password/) },
      { level: "fail", message: expect.stringMatching(/^stranger at .*nobody-here/) },
      { level: "fail", message: expect.stringMatching(/^gone at .*does not answer/) },
    ]);
    expect(of("service")).toMatchObject([{ level: "ok" }]);
    // This process has it open.
    const holder = `${pty.path} is in use by ${readFileSync("/proc/self/comm", "utf8").trim()} (process ${process.pid})`;
    expect(of("serial port")).toMatchObject([{ level: "fail", message: holder }]);
    expect({ exitCode, ok, err }).toEqual({ exitCode: 1, ok: false, err: "" });
    expect(out).not.toContain(WRONG_PASSWORD);
    expect(out).not.toContain(sim.passwordOf("admin"));
    // It has looked, and changed nothing, here or there.
    expect(stateOf(folder)).toEqual(before);
    expect(sim.chassisLog()).toEqual([]);
  }, 20_000);

  test("says the same for people, and ends well where all is well", async () => {
    const access = { bmc_ip: sim.host, port: sim.port, username: "admin", password: sim.passwordOf("admin") };
    const path = writeConfig("well", product.port, [access], null);
    const { exitCode, out } = await runCommand(["doctor", "--config", path]);
    expect(out).toContain(`ok    service: http://127.0.0.1:${product.port}/opendcre/1.2/test answers\n`);
    expect(out).not.toContain("FAIL");
    expect(exitCode).toBe(0);
  });

  test("finds files that others can read, and a server that is down", async () => {
    const path = writeConfig("down", DISCARD, []);
    chmodSync(join(folder, "down-bmcs.json"), 0o644);
    const { exitCode, out } = await runCommand(["doctor", "--config", path]);
    expect(out).toMatch(/^warn {2}files: everybody on this machine may read .*down-bmcs\.json/m);
    expect(out).toMatch(/^FAIL {2}service: nobody answers at .*:9\/.*\n {6}to do: sudo systemctl start opendcre/m);
    expect(exitCode).toBe(1);
  });
});
