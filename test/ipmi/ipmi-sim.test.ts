import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IpmiClient } from "ipmi-js";
import { createApi } from "../../src/api/server.ts";
import { boardId } from "../../src/devices/ids.ts";
import { Inventory } from "../../src/devices/inventory.ts";
import { defaultDiscoveryPolicy } from "../../src/ipmi/bmc-discovery.ts";
import type { Bmc } from "../../src/ipmi/bmc.ts";
import type { BmcDefinition } from "../../src/ipmi/bmc-definition.ts";
import { defaultLinkPolicy } from "../../src/ipmi/bmc-link.ts";
import { InventoryCache } from "../../src/ipmi/inventory-cache.ts";
import { IpmiBackend } from "../../src/ipmi/ipmi-backend.ts";
import { LanBmc, openLanBmc } from "../../src/ipmi/lan-bmc.ts";
import { defaultSettlePolicy, type SettlePolicy } from "../../src/ipmi/power.ts";
import { Secret } from "../../src/ipmi/secret.ts";
import { systemClock } from "../../src/lib/clock.ts";
import {
  hasIpmiSim,
  hasIpmitool,
  IPMI_SIM,
  startIpmiSim,
  startIpmiSimFleet,
  type IpmiSim,
  type IpmiSimOption,
} from "../support/ipmi-sim.ts";
import { startUdpProxy } from "../support/udp-proxy.ts";
import { EventLog } from "./fake-bmc.ts";

/** Events that can be waited for. */
class AwaitedEvents extends EventLog {
  readonly #waiting = new Set<() => void>();

  /** Resolves when a line contains the text, from now on or since the beginning. */
  async line(text: string): Promise<void> {
    while (!this.lines.some((line) => line.includes(text)))
      await new Promise<void>((resolve) => void this.#waiting.add(resolve));
  }

  override note(line: string): void {
    super.note(line);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

const definitionFor = ({ host, port }: IpmiSim, n = 1, more: Partial<BmcDefinition> = {}): BmcDefinition => ({
  board: boardId(0x40000000 + n),
  host,
  port,
  name: `sim ${n}`,
  username: "admin",
  password: new Secret("lantern-7"),
  privilege: "administrator",
  cipherSuite: 3,
  ...more,
});

interface Bridge extends AsyncDisposable {
  readonly backend: IpmiBackend;
  readonly events: AwaitedEvents;
  /** Asks for a path below `/opendcre/1.2/`. */
  readonly ask: (path: string) => Promise<{ readonly status: number; readonly json: unknown }>;
}

interface BridgeOptions {
  readonly settle?: SettlePolicy;
  readonly openBmc?: (definition: BmcDefinition) => Bmc;
}

function openBridge(
  definitions: readonly BmcDefinition[],
  stateDirectory: string,
  { settle = defaultSettlePolicy, openBmc }: BridgeOptions = {},
): Bridge {
  const events = new AwaitedEvents();
  const backend = new IpmiBackend(definitions, {
    openBmc: openBmc ?? ((definition) => openLanBmc(definition, systemClock)),
    store: new InventoryCache(stateDirectory, (path, { message }) => events.note(`${path}: ${message}`)),
    clock: systemClock,
    random: Math.random,
    events,
    link: { ...defaultLinkPolicy, firstPauseMs: 50, longestPauseMs: 200 },
    discovery: defaultDiscoveryPolicy,
    settle,
    queueLimit: 256,
  });
  const api = createApi({ inventory: new Inventory([backend]), prefix: "/opendcre/", version: "2.0.0-test" });
  return {
    backend,
    events,
    async ask(path) {
      const response = await api.fetch(new Request(`http://localhost/opendcre/1.2/${path}`), "127.0.0.1");
      return { status: response.status, json: await response.json() };
    },
    [Symbol.asyncDispose]: () => backend.close(),
  };
}

/** What ipmitool says of the BMC. */
async function ipmitool({ host, port }: IpmiSim, ...command: string[]): Promise<string> {
  const login = ["-I", "lanplus", "-C", "3", "-H", host, "-p", String(port), "-U", "admin", "-P", "lantern-7"];
  const child = Bun.spawn(["ipmitool", ...login, ...command], { stdio: ["ignore", "pipe", "pipe"] });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

const needs = hasIpmiSim && hasIpmitool;
const title = `the bridge over ${IPMI_SIM}${needs ? "" : " and ipmitool (missing)"}`;

const idOf = (number: number) => number.toString(16).padStart(4, "0");

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "opendcre-bridge-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Units of table 43-15 that are device types of their own, and what API 1.2 calls their values. */
const typesByUnit: Readonly<Record<number, readonly [string, string]>> = {
  1: ["temperature", "temperature_c"],
  4: ["voltage", "voltage_v"],
  5: ["current", "current_a"],
  6: ["wattage", "power_w"],
  17: ["airflow", "airflow_cfm"],
  18: ["fan_speed", "speed_rpm"],
};

describe.skipIf(!needs)(title, () => {
  const variants: readonly (readonly IpmiSimOption[])[] = [[], ["clean"], ["device"], ["device", "dynamic"]];

  test.each(variants.map((options) => [options.join(" ") || "default", options] as const))(
    "%s: every sensor with values is listed, and read as it is expected",
    async (_, options) => {
      await using sim = await startIpmiSim({ options });
      await using bridge = openBridge([definitionFor(sim)], join(folder, options.join("-") || "default"));
      await bridge.events.line("sensors (bmc)");
      const expected = sim.expected.sensors.flatMap((sensor) => (sensor.record === "full" ? [sensor] : []));
      expect(expected.length).toBeGreaterThan(30);
      const { json } = await bridge.ask("scan/40000001");
      const typeOf = ({ unit, percent }: (typeof expected)[number]) =>
        percent ? (["percentage", "percent"] as const) : (typesByUnit[unit] ?? (["sensor", "value"] as const));
      expect(json).toEqual({
        boards: [
          {
            board_id: "40000001",
            devices: [
              { device_id: "0100", device_type: "power" },
              { device_id: "0200", device_type: "system" },
              { device_id: "0300", device_type: "led" },
              ...expected.map((sensor) => ({
                device_id: idOf(sensor.number),
                device_type: typeOf(sensor)[0],
                device_info: sensor.name,
              })),
            ],
          },
        ],
      });
      for (const sensor of expected) {
        const [type, field] = typeOf(sensor);
        const { status, json: answer } = await bridge.ask(`read/${type}/40000001/${idOf(sensor.number)}`);
        if (sensor.readable && sensor.value !== null) {
          expect({ sensor: sensor.name, status }).toEqual({ sensor: sensor.name, status: 200 });
          expect(Reflect.get(Object(answer), field)).toBeCloseTo(sensor.value, 6);
        } else {
          expect(status).toBe(500);
          expect(answer).toMatchObject({
            message: expect.stringContaining(`device ${idOf(sensor.number)} on board 40000001`),
          });
        }
      }
    },
  );

  describe("one BMC", () => {
    let sim: IpmiSim;
    let bridge: Bridge;
    beforeAll(async () => {
      sim = await startIpmiSim();
      bridge = openBridge([definitionFor(sim)], join(folder, "one"));
      await bridge.events.line("sensors (bmc)");
    });
    afterAll(async () => {
      await bridge.backend.close();
      await sim.close();
    });
    afterEach(() => expect(bridge.events.lines.filter((line) => line.includes("down"))).toEqual([]));

    test("version says what Get Device ID says", async () => {
      const { json } = await bridge.ask("version/40000001");
      expect(json).toMatchObject({ api_version: "1.2" });
      const { firmware_version: firmware } = Object(json);
      expect(firmware).toStartWith("OpenDCRE IPMI Bridge v2.0");
      const info = await ipmitool(sim, "mc", "info");
      const [, revision] = /Firmware Revision\s*: (\S+)/.exec(info) ?? [];
      expect(firmware).toContain(`firmware ${revision}`);
      expect(firmware).toContain(`manufacturer ${sim.expected.manufacturer}`);
    });

    test("power is switched, once each time, and ipmitool sees it", async () => {
      const status = {
        pmbus_raw: "0,0,0,0",
        power_ok: true,
        over_current: false,
        under_voltage: false,
        input_voltage: 0,
        output_current: 0,
      };
      expect((await bridge.ask("power/40000001/0100")).json).toMatchObject({ ...status, power_status: "on" });
      for (const action of ["off", "on", "off"] as const) {
        const before = sim.chassisLog().length;
        const { json } = await bridge.ask(`power/40000001/0100/${action}`);
        expect(json).toMatchObject({ ...status, power_status: action });
        expect(await ipmitool(sim, "power", "status")).toContain(`is ${action}`);
        expect(sim.chassisLog().slice(before)).toEqual([`power ${action === "on" ? 1 : 0}`]);
      }
      await bridge.ask("power/40000001/0100/on");
    });

    test("cycle is sent once, and answered with the status after", async () => {
      sim.setPower(true);
      const before = sim.chassisLog().length;
      const { status, json } = await bridge.ask("power/cycle/40000001/0100");
      const log = sim.chassisLog().slice(before);
      expect({ status, log }).toEqual({ status: 200, log: expect.any(Array) });
      expect(json).toMatchObject({ power_status: "on" });
      expect(log.filter((line) => line === "power 0").length).toBeLessThanOrEqual(1);
      expect(await ipmitool(sim, "power", "status")).toContain("is on");
    });

    test("boot targets are set, read back, and seen by ipmitool", async () => {
      const words = { pxe: "Force PXE", hdd: "Force Boot from default Hard-Drive", no_override: "No override" };
      for (const target of ["pxe", "hdd", "no_override"] as const) {
        expect((await bridge.ask(`boot_target/40000001/0200/${target}`)).json).toEqual({ target });
        expect((await bridge.ask("boot_target/40000001/0200")).json).toEqual({ target });
        expect(await ipmitool(sim, "chassis", "bootparam", "get", "5")).toContain(words[target]);
      }
    });

    test("the LED is switched, and the simulator has seen it", async () => {
      for (const [state, device] of [
        ["on", "0200"],
        ["off", "0300"],
      ] as const) {
        const before = sim.chassisLog().length;
        expect((await bridge.ask(`led/40000001/${device}/${state}`)).json).toEqual({
          led_state: state,
          led_color: "unknown",
        });
        expect((await bridge.ask("led/40000001/0200")).json).toEqual({ led_state: state, led_color: "unknown" });
        // Interval, and whether it is forced.
        expect(sim.chassisLog().slice(before)).toEqual([state === "on" ? "identify 255 1" : "identify 0 0"]);
      }
    });

    test("asset data are those of FRU 0, as ipmitool has them, too", async () => {
      await bridge.ask("asset/40000001/0200");
      const { board, chassis, product } = sim.expected.fru["0"]!;
      const { json } = await bridge.ask("asset/40000001/0200");
      expect(json).toEqual({
        bmc_ip: sim.host,
        board_info: {
          manufacturer: board!.mfg,
          part_number: board!.part,
          product_name: board!.product,
          serial_number: board!.serial,
        },
        chassis_info: {
          chassis_type: "rack mount chassis",
          part_number: chassis!.part,
          serial_number: chassis!.serial,
        },
        product_info: {
          asset_tag: product!.asset,
          manufacturer: product!.mfg,
          part_number: product!.part,
          product_name: product!.name,
          serial_number: product!.serial,
          version: product!.version,
        },
      });
      const print = await ipmitool(sim, "fru", "print", "0");
      expect(print).toContain("Chassis Type          : Rack Mount Chassis");
      expect(print).toContain(`Product Serial        : ${product!.serial}`);
    });

    test("fans are read, and not set", async () => {
      expect((await bridge.ask("fan/40000001/0010")).json).toEqual({ speed_rpm: 7200 });
      const { status, json } = await bridge.ask("fan/40000001/0010/4000");
      expect(status).toBe(500);
      expect(json).toMatchObject({ message: "Setting of fan speed for this device is not permitted." });
    });

    test("a reading is that of now", async () => {
      await sim.control("sensor_set_value 0x20 0 0x01 0x60 1");
      expect((await bridge.ask("read/temperature/40000001/0001")).json).toEqual({ temperature_c: 96 });
      await sim.control("sensor_set_value 0x20 0 0x01 47 1");
      expect((await bridge.ask("read/temperature/40000001/0001")).json).toEqual({ temperature_c: 47 });
    });

    test("what is kept holds no secret", () => {
      const directory = join(folder, "one");
      const files = readdirSync(directory);
      expect(files).toHaveLength(1);
      const text = readFileSync(join(directory, files[0]!), "utf8");
      for (const secret of ["lantern-7", "admin", Buffer.from("lantern-7").toString("base64")])
        expect(text).not.toContain(secret);
    });
  });

  test("a BMC that has forgotten its sessions is asked again without the caller noticing", async () => {
    await using sim = await startIpmiSim();
    await using bridge = openBridge([definitionFor(sim)], join(folder, "restarted"));
    await bridge.events.line("sensors (bmc)");
    await sim.restart();
    expect((await bridge.ask("read/temperature/40000001/0001")).json).toEqual({ temperature_c: 47 });
  }, 30_000);

  test("a BMC that is not there is listed, says why in its health, and comes when it comes", async () => {
    await using sim = await startIpmiSim();
    await sim.stop();
    await using bridge = openBridge([definitionFor(sim, 1, { timeoutMs: 300 })], join(folder, "late"));
    await bridge.events.line("down");
    expect((await bridge.ask("scan")).json).toMatchObject({ boards: [{ devices: [{}, {}, {}] }] });
    expect((await bridge.ask("health")).json).toMatchObject({
      status: "degraded",
      links: { ipmi: [{ name: "sim 1", board_id: "40000001", state: "down", last_error: expect.any(String) }] },
    });
    const { status, json } = await bridge.ask("power/40000001/0100");
    expect(status).toBe(500);
    expect(json).toMatchObject({ message: expect.stringContaining("device 0100 on board 40000001 (sim 1)") });
    await sim.restart();
    await bridge.events.line("sensors (bmc)");
    expect((await bridge.ask("power/40000001/0100")).json).toMatchObject({ power_status: "on" });
    expect((await bridge.ask("health")).json).toMatchObject({ status: "ok" });
  }, 30_000);

  test("of 20 % of all datagrams lost, no power action is carried out twice, and none is told wrongly", async () => {
    await using sim = await startIpmiSim();
    await using proxy = await startUdpProxy({
      host: sim.host,
      port: sim.port,
      seed: 7,
      toBmc: { loss: 0.2 },
      toClient: { loss: 0.2 },
    });
    const { host, port } = proxy;
    // Silences that suit a machine that is its own network.
    const timing = { firstRetransmitMs: 60, deadlineMs: 4000 };
    const login = { username: "admin", password: "lantern-7", cipherSuite: 3 };
    await using bridge = openBridge([definitionFor(sim)], join(folder, "lossy"), {
      settle: { limitMs: 300, pollMs: 50 },
      openBmc: () => new LanBmc(new IpmiClient({ host, port, ...login, timing }), systemClock),
    });
    sim.setPower(true);
    let answered = 0;
    for (const action of ["off", "on", "off", "on", "off", "on", "off", "on", "off", "on"] as const) {
      const before = sim.chassisLog().length;
      const { status, json } = await bridge.ask(`power/40000001/0100/${action}`);
      const log = sim.chassisLog().slice(before);
      const isOn = sim.state("power") === "1";
      // Whatever was told is so; where nothing could be told, nothing was done twice.
      answered += status === 200 ? 1 : 0;
      if (status === 200) expect(json).toMatchObject({ power_status: isOn ? "on" : "off" });
      if (status === 200) expect(isOn).toBe(action === "on");
      expect(log.length).toBeLessThanOrEqual(1);
    }
    expect(answered).toBeGreaterThan(5);
    expect(proxy.counters.toBmc.lost + proxy.counters.toClient.lost).toBeGreaterThan(0);
  }, 120_000);

  test("a wrong password is told, and never which", async () => {
    await using sim = await startIpmiSim();
    const wrong = definitionFor(sim, 1, { password: new Secret("not-it-at-all") });
    await using bridge = openBridge([wrong], join(folder, "wrong"));
    await bridge.events.line("down");
    const { status, json } = await bridge.ask("power/40000001/0100");
    expect(status).toBe(500);
    const told = JSON.stringify([json, bridge.events.lines, (await bridge.ask("health")).json]);
    expect(told).toMatch(/password|user/i);
    expect(told).not.toContain("not-it-at-all");
  }, 30_000);

  test("sensors are known at once at the next start, from what was kept", async () => {
    await using sim = await startIpmiSim();
    const directory = join(folder, "again");
    {
      await using bridge = openBridge([definitionFor(sim)], directory);
      await bridge.events.line("sensors (bmc)");
    }
    sim.pause();
    await using bridge = openBridge([definitionFor(sim)], directory);
    await bridge.events.line("sensors (cache)");
    const { json } = await bridge.ask("scan");
    expect(Object(json).boards[0].devices.length).toBeGreaterThan(30);
    sim.resume();
    await bridge.events.line("up");
    expect((await bridge.ask("read/fan_speed/40000001/0010")).json).toEqual({ speed_rpm: 7200 });
    expect(bridge.events.lines.some((line) => line.includes("sensors (bmc)"))).toBe(false);
  }, 30_000);

  test("twenty of them, read side by side, of which five do not answer", async () => {
    await using fleet = await startIpmiSimFleet(20);
    const paused = fleet.bmcs.filter((_, index) => index % 4 === 0);
    for (const sim of paused) sim.pause();
    const definitions = fleet.bmcs.map((sim, index) => definitionFor(sim, index + 1, { timeoutMs: 1000 }));
    await using bridge = openBridge(definitions, join(folder, "fleet"));
    const live = definitions.filter((_, index) => index % 4 !== 0);
    await Promise.all(live.map(({ name }) => bridge.events.line(`${name} has`)));
    const answers = await Promise.all(
      live.map(({ board }) => bridge.ask(`read/temperature/${board.toString(16)}/0001`)),
    );
    expect(new Set(answers.map(({ json }) => JSON.stringify(json)))).toEqual(new Set(['{"temperature_c":47}']));
    for (const sim of paused) sim.resume();
  }, 60_000);
});
