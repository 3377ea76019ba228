/** Procedures over the real client against OpenIPMI's simulator: what it holds is known from its expected.json, what was done to it from its log. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { IpmiClient } from "../../../src/ipmi-js/client/ipmi-client.ts";
import type { FruInventory } from "../../../src/ipmi-js/fru/inventory.ts";
import { setBootTarget, getBootTarget } from "../../../src/ipmi-js/procedures/boot-target.ts";
import { setIdentify, identifyFor } from "../../../src/ipmi-js/procedures/identify.ts";
import { setPower } from "../../../src/ipmi-js/procedures/power.ts";
import { readFruInventory } from "../../../src/ipmi-js/procedures/read-fru.ts";
import { readPower } from "../../../src/ipmi-js/procedures/read-power.ts";
import { SensorReader } from "../../../src/ipmi-js/procedures/read-sensors.ts";
import { readSdrs } from "../../../src/ipmi-js/procedures/read-sdrs.ts";
import { clearSel, readSel } from "../../../src/ipmi-js/procedures/sel.ts";
import { readDeviceSummary, readLanConfiguration, readUsers } from "../../../src/ipmi-js/procedures/summary.ts";
import { encodeSelEntry } from "../../../src/ipmi-js/sel/entry.ts";
import { sensorsOf } from "../../../src/ipmi-js/sensors/sensors-of.ts";
import { hasIpmiSim, hasIpmitool, startIpmiSim, type IpmiSim, type IpmiSimOption } from "../../support/ipmi-sim.ts";
import type { ExpectedBmc } from "../../support/ipmi-sim-expected.ts";

const clientOf = (sim: IpmiSim) =>
  new IpmiClient({
    host: sim.host,
    port: sim.port,
    username: "admin",
    password: sim.passwordOf("admin"),
    cipherSuite: 3,
  });

/** Runs ipmitool on the same BMC. */
async function ipmitool(sim: IpmiSim, ...command: string[]): Promise<string> {
  const login = ["-U", "admin", "-P", sim.passwordOf("admin"), "-C", "3"];
  const where = ["-I", "lanplus", "-H", sim.host, "-p", String(sim.port)];
  const child = Bun.spawn(["ipmitool", ...where, ...login, ...command], { stdio: ["ignore", "pipe", "ignore"] });
  return new Response(child.stdout).text();
}

/** What every sensor reads, by number: a value, states, or null for none. Event-only ones are left out. */
function expectedReadings({ sensors }: ExpectedBmc): Map<number, number | readonly number[] | null> {
  const readings = new Map<number, number | readonly number[] | null>();
  for (const sensor of sensors) {
    if (sensor.record === "full") readings.set(sensor.number, sensor.readable ? sensor.value : null);
    if (sensor.record !== "compact") continue;
    readings.set(sensor.number, sensor.states);
    for (const [number, states] of Object.entries(sensor.shared ?? {})) readings.set(Number(number), states);
  }
  return readings;
}

describe
  .skipIf(!hasIpmiSim)
  .each<[readonly IpmiSimOption[]]>([[[]], [["clean"]], [["device"]], [["device", "dynamic"]]])(
  "sensors of ipmi_sim %p",
  (options) => {
    let sim: IpmiSim;
    let client: IpmiClient;
    beforeAll(async () => {
      sim = await startIpmiSim({ options });
      client = clientOf(sim);
    });
    afterAll(async () => {
      await client.close();
      await sim.close();
    });

    test("all SDRs in two round trips each, all readings in one", async () => {
      await client.connect();
      const before = client.counters.answered;
      const { raw, records, problems, source } = await readSdrs(client);
      expect(problems).toEqual([]);
      expect(source.kind).toBe(options.includes("device") ? "device" : "repository");
      expect(client.counters.answered - before).toBeLessThanOrEqual(2 * raw.length + 4);

      const sensors = sensorsOf(records);
      const asked = client.counters.answered;
      const readings = await new SensorReader(client).readAll(sensors);
      const readable = sensors.filter(({ kind }) => kind !== "event-only");
      expect(client.counters.answered - asked).toBeLessThanOrEqual(readable.length);

      const expected = expectedReadings(sim.expected);
      const found = new Map<number, number | readonly number[] | null>();
      for (const { sensor, reading } of readings) {
        if (sensor.kind === "event-only") continue;
        if (reading.kind === "analog") found.set(sensor.number, reading.value);
        else if (reading.kind === "discrete")
          found.set(
            sensor.number,
            reading.states.map(({ offset }) => offset),
          );
        else found.set(sensor.number, null);
      }
      expect(new Set(found.keys())).toEqual(new Set(expected.keys()));
      for (const [number, value] of expected) {
        const mine = found.get(number);
        if (typeof value === "number" && typeof mine === "number") expect(mine).toBeCloseTo(value, 6);
        else expect([number, mine]).toEqual([number, value]);
      }
    });

    test("thresholds as they were configured", async () => {
      const reader = new SensorReader(client);
      const names = {
        lnr: "lowerNonRecoverable",
        lc: "lowerCritical",
        lnc: "lowerNonCritical",
        unc: "upperNonCritical",
        uc: "upperCritical",
        unr: "upperNonRecoverable",
      } as const;
      const sensors = sensorsOf((await readSdrs(client)).records);
      let checked = 0;
      for (const expected of sim.expected.sensors) {
        const sensor = sensors.find(({ number }) => number === expected.number);
        if (expected.record !== "full" || !expected.readable || sensor?.kind !== "threshold") continue;
        const found = await reader.readThresholds(sensor);
        const values = Object.entries(names).flatMap(([short, name]) => {
          const value = expected.thresholds[short];
          return value === undefined ? [] : [[name, value] as const];
        });
        expect([sensor.name, Object.keys(found).toSorted()]).toEqual([
          sensor.name,
          values.map(([name]) => name).toSorted(),
        ]);
        for (const [name, value] of values) expect(found[name]).toBeCloseTo(value, 6);
        checked++;
      }
      expect(checked).toBeGreaterThan(30);
    });
  },
);

/** Some texts of each area. */
const textsOf = ({ chassis, board, product }: FruInventory) => [
  [chassis?.partNumber, chassis?.serialNumber].map((field) => field?.text),
  [board?.serialNumber, board?.partNumber].map((field) => field?.text),
  [product?.productName, product?.assetTag].map((field) => field?.text),
];

const expectedTexts = ({ chassis, board, product }: ExpectedBmc["fru"][string]) => [
  [chassis?.part, chassis?.serial],
  [board?.serial, board?.part],
  [product?.name, product?.asset],
];

describe.skipIf(!hasIpmiSim)("ipmi_sim", () => {
  let sim: IpmiSim;
  let client: IpmiClient;
  beforeAll(async () => {
    sim = await startIpmiSim();
    client = clientOf(sim);
  });
  afterAll(async () => {
    await client.close();
    await sim.close();
  });

  // First: sensors that are changed below are logged.
  test("the log, entry by entry, and cleared", async () => {
    const { entries, problems, info } = await readSel(client);
    expect(problems).toEqual([]);
    expect(info.entries).toBe(sim.expected.sel.length);
    const found = entries.map((entry) => {
      const bytes = encodeSelEntry(entry);
      return { type: bytes[2]!, bytes: Array.from(bytes.subarray(3)) };
    });
    expect(found).toEqual(sim.expected.sel);
    await clearSel(client);
    expect(await readSel(client)).toMatchObject({ entries: [], problems: [], info: { entries: 0 } });
  });

  test("a reading that changes is seen, in value and state", async () => {
    const sensor = sensorsOf((await readSdrs(client)).records).find(({ name }) => name === "CPU0 Temp")!;
    const reader = new SensorReader(client);
    await sim.control("sensor_set_value 0x20 0 0x01 0x60 1");
    expect(await reader.read(sensor)).toMatchObject({ value: 0x60, state: "upperCritical" });
    await sim.control("sensor_set_value 0x20 0 0x01 0x2f 1");
    expect(await reader.read(sensor)).toMatchObject({ value: 0x2f, state: "ok" });
  });

  test.skipIf(!hasIpmitool)("thresholds are set, and ipmitool sees them", async () => {
    const sensor = sensorsOf((await readSdrs(client)).records).find(({ name }) => name === "P12V")!;
    if (sensor.kind !== "threshold") throw new RangeError("P12V has no thresholds");
    const reader = new SensorReader(client);
    const before = await reader.readThresholds(sensor);
    const after = await reader.writeThresholds(sensor, { upperNonCritical: 12.6 });
    // Steps of 0.063 V.
    expect(after.upperNonCritical).toBeCloseTo(12.6, 6);
    expect(after).toEqual({ ...before, upperNonCritical: after.upperNonCritical! });
    const seen = await ipmitool(sim, "sensor", "get", "P12V");
    expect(Number(/Upper Non-Critical +: (\S+)/.exec(seen)?.[1])).toBeCloseTo(12.6, 3);
  });

  test("FRU devices that locators name", async () => {
    const { records } = await readSdrs(client);
    const frus = await readFruInventory(client, records);
    expect(frus.map(({ fru, name }) => [fru, name])).toEqual([
      [0, "Mainboard"],
      [1, "PSU0"],
    ]);
    for (const { fru, inventory } of frus) {
      expect(inventory?.problems).toEqual([]);
      const expected = sim.expected.fru[String(fru)];
      expect(inventory && textsOf(inventory)).toEqual(expected && expectedTexts(expected));
    }
  });

  test("power is switched once, and is as it was told to be", async () => {
    const before = sim.chassisLog().length;
    expect(await setPower(client, "off")).toMatchObject({ agrees: true, status: { isOn: false } });
    expect(sim.state("power")).toBe("0");
    expect(await setPower(client, "on")).toMatchObject({ agrees: true, status: { isOn: true } });
    expect(sim.state("power")).toBe("1");
    expect(sim.chassisLog().slice(before)).toEqual(["power 0", "power 1"]);
  });

  test.skipIf(!hasIpmitool)("boot targets are read back, and ipmitool reads them, too", async () => {
    const outcome = await setBootTarget(client, { device: "pxe" });
    // This simulator keeps the device only.
    expect(outcome).toMatchObject({ tookEffect: true, differences: ["isValid"], flags: { device: "pxe" } });
    expect(await ipmitool(sim, "chassis", "bootparam", "get", "5")).toContain("Force PXE");
    expect((await setBootTarget(client, { device: "hdd" })).flags.device).toBe("hdd");
    expect((await getBootTarget(client)).device).toBe("hdd");
    expect((await setBootTarget(client, { device: "no-override" })).flags.device).toBe("no-override");
  });

  test("the identify light", async () => {
    const before = sim.chassisLog().length;
    expect(await setIdentify(client, true)).toEqual({ mode: "indefinite" });
    expect(await setIdentify(client, false)).toEqual({ mode: "off" });
    await identifyFor(client, 30);
    expect(sim.chassisLog().slice(before)).toEqual(["identify 255 1", "identify 0 0", "identify 30 0"]);
  });

  test("what it draws, by its sensor: it has no DCMI", async () => {
    const sensors = sensorsOf((await readSdrs(client)).records);
    const expected = sim.expected.sensors.find(({ name }) => name === "System Power");
    expect(await readPower(client, sensors)).toEqual({
      watts: expected?.record === "full" ? (expected.value ?? Number.NaN) : Number.NaN,
      source: { kind: "sensors", names: ["System Power"] },
    });
    expect(await readPower(client)).toBeUndefined();
  });

  test("what it is, how it is reached, and who may", async () => {
    const { manufacturer, product, firmware, guid, users } = sim.expected;
    const summary = await readDeviceSummary(client);
    expect(summary).toMatchObject({ device: { manufacturerId: manufacturer, productId: product }, firmware });
    expect(summary.selfTest).toBeUndefined();
    // As its bytes come, in the order of SMBIOS.
    const hex = summary.guid!.replaceAll("-", "");
    expect(Uint8Array.fromHex(hex.slice(0, 8)).toReversed().toHex() + hex.slice(16)).toBe(
      guid.slice(0, 8) + guid.slice(16),
    );
    expect(await readLanConfiguration(client)).toMatchObject({ channel: 1, address: "127.0.0.1", source: "static" });
    const found = await readUsers(client);
    expect(found.map(({ userId, name }) => [userId, name])).toEqual(
      users.filter(({ id, name }) => id > 1 || name !== "").map(({ id, name }) => [id, name]),
    );
  });
});
