import { describe, expect, test } from "bun:test";
import { defaultBmcs } from "../../../src/emulator/bmc/load-bmc-file.ts";
import { hasFreeIpmi, hasIpmitool } from "../../support/ipmi-sim.ts";
import { columns, fields, freeIpmi, ipmitool, startBmc, still } from "./foreign-clients.ts";

const withQuirks = (quirks: Partial<typeof still.quirks>) => ({ ...still, quirks: { ...still.quirks, ...quirks } });

const names = (table: string) => columns(table).map(([name]) => name);

describe.skipIf(!hasIpmitool)("a BMC with its own ways (needs ipmitool)", () => {
  test.each([16, 20, 40])("SDRs that can be read %p bytes at a time", async (sdrReadLimit) => {
    await using started = await startBmc(withQuirks({ sdrReadLimit }));
    const { out, code } = await ipmitool(started.bmc, ["sensor"]);
    expect(code).toBe(0);
    expect(names(out).slice(0, still.sensors.length)).toEqual(still.sensors.map(({ name }) => name));
    expect(started.bmc.counters.commands["Get SDR"]).toBeGreaterThan(still.sensors.length * 2);
  });

  test("a BMC that takes no reservations", async () => {
    await using started = await startBmc(withQuirks({ refuseReserve: true }));
    const { err, code } = await ipmitool(started.bmc, ["raw", "0x0a", "0x22"]);
    expect(code).toBe(1);
    expect(err).toContain("rsp=0xc1");
    const part = await ipmitool(started.bmc, ["raw", "0x0a", "0x23", "0", "0", "2", "0", "5", "3"]);
    expect(part.out.trim()).toBe("03 00 20 00 01");
  });

  test("FRU data that can be read 16 bytes at a time", async () => {
    await using started = await startBmc(withQuirks({ fruReadLimit: 16 }));
    const { out } = await ipmitool(started.bmc, ["fru", "print", "0"]);
    expect(fields(out)).toMatchObject({ "Product Asset Tag": "PR-ASSET" });
  });

  test("three bytes of chassis status, and an identify LED that says nothing", async () => {
    await using started = await startBmc(
      withQuirks({ chassisStatusBytes: 3, identifyReported: false, identifyForce: false }),
    );
    const status = await ipmitool(started.bmc, ["raw", "0", "1"]);
    expect(status.out.trim()).toBe("41 00 0c");
    const forced = await ipmitool(started.bmc, ["raw", "0", "4", "0", "1"]);
    expect(forced.err).toContain("rsp=0xc7");
  });

  test("power readings that say 0 W first", async () => {
    await using started = await startBmc(withQuirks({ emptyPowerReadings: 1 }));
    const reading = async () => (await ipmitool(started.bmc, ["dcmi", "power", "reading"])).out;
    expect(await reading()).toMatch(/Instantaneous power reading: +0 Watts/);
    expect(await reading()).toMatch(/Instantaneous power reading: +200 Watts/);
  });

  test("boot flags that do not take", async () => {
    await using started = await startBmc(withQuirks({ bootFlagsKept: false }));
    await ipmitool(started.bmc, ["chassis", "bootdev", "pxe"]);
    const { out } = await ipmitool(started.bmc, ["chassis", "bootparam", "get", "5"]);
    expect(out).toContain("Boot Flag Invalid");
    expect(out).toContain("No override");
  });

  test("no DCMI", async () => {
    await using started = await startBmc({ ...still, dcmi: { ...still.dcmi, supported: "no" } });
    const { code } = await ipmitool(started.bmc, ["dcmi", "power", "reading"]);
    expect(code).not.toBe(0);
  });

  test("a sensor that cannot be read, and the others that can", async () => {
    await using started = await startBmc();
    started.bmc.model.faults.add({ fault: "unavailable", sensors: [1, 64] });
    const { out } = await ipmitool(started.bmc, ["sdr", "elist"]);
    const rows = new Map(columns(out).map((row) => [row[0], row]));
    expect(rows.get("Unsigned")?.[2]).toBe("ns");
    expect(rows.get("PSU0 Status")?.[4]).not.toContain("Presence");
    expect(rows.get("Offset")?.[4]).toBe("37.50 degrees C");
  });

  test("the built-in microserver", async () => {
    const [, microserver] = defaultBmcs();
    await using started = await startBmc(microserver);
    const login = { user: "admin", password: "emulated" };
    const sensors = await ipmitool(started.bmc, ["sensor"], login);
    expect(names(sensors.out)).toEqual([
      ...microserver.sensors.map(({ name }) => name),
      ...microserver.discreteSensors.map(({ name }) => name),
    ]);
    const fru = await ipmitool(started.bmc, ["fru", "print"], login);
    expect(fields(fru.out)).toMatchObject({ "Product Name": "Microserver M10" });
  });

  test("IPv6", async () => {
    await using started = await startBmc(still, undefined, "::1");
    expect((await ipmitool(started.bmc, ["power", "status"])).out).toBe("Chassis Power is on\n");
  });
});

describe.skipIf(!hasIpmitool)("device SDRs (needs ipmitool)", () => {
  test.each(["device", "device-dynamic"] as const)("%s: ipmitool lists the sensors", async (sdrs) => {
    await using started = await startBmc({ ...still, sdrs });
    const info = await ipmitool(started.bmc, ["mc", "info"]);
    expect(fields(info.out)["Provides Device SDRs"]).toBe("yes");
    const refused = await ipmitool(started.bmc, ["raw", "0x0a", "0x20"]);
    expect(refused.err).toContain("rsp=0xc1");
    const { out } = await ipmitool(started.bmc, ["sensor"]);
    expect(names(out).slice(0, still.sensors.length)).toEqual(still.sensors.map(({ name }) => name));
  });
});

describe.skipIf(!hasFreeIpmi)("other clients (needs freeipmi-tools)", () => {
  test("a FRU with a wrong checksum, and the others that are good", async () => {
    await using started = await startBmc(withQuirks({ damagedFrus: [3] }));
    const { out, err } = await freeIpmi(started.bmc, "ipmi-fru", []);
    expect(out).toContain("PR-ASSET");
    expect(out + err).toContain("product info area checksum invalid");
    expect(out).not.toContain("PSU Maker");
  });

  test("a reservation that is cancelled in the middle", async () => {
    await using started = await startBmc(withQuirks({ sdrReadLimit: 24 }));
    started.bmc.model.faults.add({
      fault: "reservation-cancelled",
      commands: ["Get SDR"],
      afterRequests: 10,
      requests: 2,
    });
    const { out } = await freeIpmi(started.bmc, "ipmi-sensors", []);
    const [, ...rows] = columns(out);
    expect(rows.map(([, name]) => name).slice(0, still.sensors.length)).toEqual(still.sensors.map(({ name }) => name));
    expect(started.bmc.counters.commands["Reserve SDR Repository"]).toBeGreaterThan(1);
  });

  test("the rack server: every sensor can be read, and all is well", async () => {
    const [rackServer] = defaultBmcs();
    await using started = await startBmc(rackServer);
    const login = { user: "admin", password: "emulated", suite: 17 };
    const { out } = await freeIpmi(started.bmc, "ipmi-sensors", ["--output-sensor-state"], login);
    const [, ...rows] = columns(out);
    expect(rows).toHaveLength(rackServer.sensors.length + rackServer.discreteSensors.length);
    for (const [, name, , state, reading] of rows) {
      expect([name, state]).toEqual([name, "Nominal"]);
      if (rackServer.sensors.some((sensor) => sensor.name === name)) expect(Number(reading)).not.toBeNaN();
    }
  });
});
