// The script in ipmi-js's README, as it stands there, with the package linked as npm links a folder.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hasIpmiSim, IPMI_SIM, startIpmiSim, type IpmiSim } from "../support/ipmi-sim.ts";

const source = join(import.meta.dirname, "../../src/ipmi-js");
const folder = mkdtempSync(join(tmpdir(), "opendcre-ipmi-js-"));
const script = join(folder, "script.mjs");

const runtimes: Readonly<Record<string, readonly string[]>> = {
  bun: [process.execPath, "run"],
  node: ["node"],
  deno: ["deno", "run", "--allow-net", "--allow-env", "--no-lock", "--node-modules-dir=manual"],
};

/** The first block of code, with what a user changes in it. */
function scriptFor(sim: IpmiSim): string {
  const [, code = ""] = /```ts\n([^`]*)```/.exec(readFileSync(join(source, "README.md"), "utf8")) ?? [];
  const placeholder = 'host: "192.0.2.10", username: "ADMIN", password: "secret"';
  expect(code).toContain(placeholder);
  const access = { host: sim.host, port: sim.port, username: "admin", password: sim.passwordOf("admin") };
  return code.replace(placeholder, JSON.stringify(access).slice(1, -1));
}

describe.skipIf(!hasIpmiSim)(`the script in the README of ipmi-js (needs ${IPMI_SIM})`, () => {
  let sim: IpmiSim;

  beforeAll(async () => {
    const installed = join(folder, "ipmi-js");
    cpSync(source, installed, { recursive: true });
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(installed, join(folder, "node_modules/ipmi-js"));
    const outdir = join(installed, "dist");
    const entrypoints = [join(source, "index.ts"), join(source, "testing.ts")];
    const built = await Bun.build({ entrypoints, outdir, target: "node", format: "esm", splitting: true });
    expect(built.success).toBeTrue();
    sim = await startIpmiSim();
    writeFileSync(join(folder, "package.json"), "{}");
    writeFileSync(script, scriptFor(sim));
  });

  afterAll(async () => {
    await sim.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, command] of Object.entries(runtimes)) {
    test.skipIf(Bun.which(command[0] ?? "") === null)(
      `runs unchanged with ${name}`,
      async () => {
        const child = Bun.spawn([...command, script], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
        const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
        expect({ exit: await child.exited, err }).toMatchObject({ exit: 0 });
        const lines = out.trimEnd().split("\n");
        expect(lines[0]).toBe("on");
        const values = sim.expected.sensors.flatMap((sensor) =>
          "value" in sensor && sensor.value !== null ? [`${sensor.name} ${sensor.value}`] : [],
        );
        expect(values.length).toBeGreaterThan(20);
        for (const line of values) expect(lines).toContain(line);
      },
      30_000,
    );
  }
});
