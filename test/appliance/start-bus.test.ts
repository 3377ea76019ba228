import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { busPlaceIn } from "../../src/appliance/start-bus.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { RecordedLog } from "../support/recorded-process.ts";
import { fromSources, root, startProduct } from "../support/product.ts";

const configWith = (env: Readonly<Record<string, string>>) => loadConfig({ fileName: null, env, readFile: () => "" });

test("the usual port is where the bus is, also beside BMCs, as soon as it is there", async () => {
  const log = new RecordedLog();
  const config = configWith({ OPENDCRE_IPMI_BMC_CONFIG: "/bmcs.json" });
  const bus = { ...config.bus, device: "/dev/null" };
  expect(busPlaceIn({ ...config, bus }, await log.create(config.log))).toEqual({ path: "/dev/null" });
  expect(log.lines).toEqual([]);
});

test.skipIf(existsSync("/dev/ttyAMA0"))(
  "BMCs are served alone where nobody has named a port and the usual one is not there (no /dev/ttyAMA0)",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "opendcre-start-bus-"));
    try {
      const file = join(folder, "bmcs.json");
      writeFileSync(file, JSON.stringify({ bmcs: [{ bmc_ip: "127.0.0.1", port: 1, username: "u", password: "p" }] }));
      const env = { OPENDCRE_STATE_DIRECTORY: folder };
      const product = await startProduct(["--bmc-config", file], fromSources, env);
      expect((await product.get("scan")).body.boards).toMatchObject([{ board_id: "40000001" }]);
      expect(await product.stop()).toBe(0);
      const lines = await product.lines();
      expect(lines.filter(({ event }) => event === "no-bus")).toMatchObject([{ level: "warn", bus: "/dev/ttyAMA0" }]);
      expect(lines.find(({ msg }) => String(msg).startsWith("listening on"))).toMatchObject({ bus: null });

      const named = [...fromSources, "serve", "--port", "0", "--bmc-config", file, "--device", "/dev/ttyAMA0"];
      const refused = Bun.spawn(named, { cwd: root, stdio: ["ignore", "ignore", "pipe"], env: { ...Bun.env, ...env } });
      expect(await refused.stderr.text()).toStartWith("opendcre: /dev/ttyAMA0");
      expect(await refused.exited).toBe(69);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  30_000,
);
