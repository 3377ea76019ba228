import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPty } from "bun-serialport/testing";
import { busPlaceIn } from "../../src/appliance/start-bus.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { BusEmulator } from "../../src/emulator/bus-emulator.ts";
import { serveEmulator } from "../../src/emulator/emulated-line.ts";
import { loadBoardFile } from "../../src/emulator/load-board-file.ts";
import { systemClock } from "../../src/lib/clock.ts";
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
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  30_000,
);

test("BMCs are served while a port that somebody has named is not there, and the bus as soon as it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-start-bus-"));
  await using given = new AsyncDisposableStack();
  given.defer(() => rmSync(folder, { recursive: true }));
  const [file, device] = [join(folder, "bmcs.json"), join(folder, "bus")];
  writeFileSync(file, JSON.stringify({ bmcs: [{ bmc_ip: "127.0.0.1", port: 1, username: "u", password: "p" }] }));
  const product = await startProduct(["--bmc-config", file, "--device", device], fromSources, {
    OPENDCRE_STATE_DIRECTORY: folder,
  });
  given.defer(async () => void (await product.stop()));
  const { level, err } = await product.until(({ event }) => event === "line-down");
  expect({ level, err }).toMatchObject({ level: "warn", err: { code: "not-found" } });
  expect((await product.get("scan/40000001")).body).toMatchObject({ boards: [{ board_id: "40000001" }] });
  const { status, body } = await product.get("power/1/0001/off");
  expect({ status, body }).toMatchObject({ status: 500, body: { code: "line-down" } });
  expect((await product.get("health")).body).toMatchObject({ links: { bus: [{ name: device, state: "down" }] } });

  const pty = given.use(openPty());
  const served = serveEmulator(pty.port, new BusEmulator(loadBoardFile(null)), { clock: systemClock });
  given.defer(() => served.stop());
  symlinkSync(pty.path, device);
  await product.until(({ event }) => event === "line-up");
  expect((await product.get("scan/1")).status).toBe(200);
}, 30_000);

test("a port that is not there, and all that there is, is for whoever starts the program to mend", async () => {
  const named = [...fromSources, "serve", "--port", "0", "--device", "/dev/ttyNone"];
  const refused = Bun.spawn(named, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  expect(await refused.stderr.text()).toStartWith("opendcre: /dev/ttyNone");
  expect(await refused.exited).toBe(69);
});
