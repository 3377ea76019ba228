import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { hasPyghmi } from "../../support/ipmi-sim.ts";
import { pyghmi, startBmc, still } from "./foreign-clients.ts";

/** pyghmi stops at non-linear sensors, and at OEM entries of the log; it knows all others. */
const readable = {
  ...still,
  sensors: still.sensors.filter(({ name }) => name !== "Non-linear"),
  sel: { ...still.sel, entries: still.sel.entries.filter((entry) => !(entry instanceof Uint8Array)) },
};

// Python takes its time to start.
setDefaultTimeout(30_000);

describe.skipIf(!hasPyghmi)("pyghmi (needs python3-pyghmi)", () => {
  test("power, boot device, identify", async () => {
    await using started = await startBmc({ ...readable, chassis: { ...still.chassis, powerOffMs: 0, powerOnMs: 0 } });
    const said = await pyghmi(
      started.bmc,
      `
before = c.get_power()
off = c.set_power('off', wait=True)
on = c.set_power('on', wait=True)
c.set_bootdev('network', persist=True, uefiboot=True)
c.set_identify(on=True)
show([before, off, on, c.get_bootdev()])`,
    );
    expect(said).toEqual([
      { powerstate: "on" },
      { powerstate: "off" },
      { powerstate: "on" },
      { bootdev: "network", persistent: true, uefimode: true },
    ]);
    expect(started.bmc.counters.controls).toMatchObject({ off: 1, on: 1 });
    expect(started.bmc.model.identify.state).toBe("indefinite");
  });

  test("sensors", async () => {
    await using started = await startBmc(readable);
    const script = "show([[s.name, s.value, s.units, s.states, s.health] for s in c.get_sensor_data()])";
    const said = await pyghmi(started.bmc, script);
    if (!Array.isArray(said)) throw new TypeError("pyghmi showed no list");
    const rows = new Map(said.map((row: readonly unknown[]) => [String(row[0]), row]));
    for (const { name, value } of readable.sensors) {
      const expected = typeof value === "number" ? value : name === "Watts" ? 200 : value.base;
      const shown = Number(rows.get(name)?.[1]);
      // The middle of what the raw reading may stand for, which is beside it where the conversion is curved.
      expect(Math.abs(shown - expected)).toBeLessThanOrEqual(Math.max(0.001, expected * 0.07));
    }
    // It tells the first of the thresholds that are crossed.
    expect(rows.get("Slow Fan")?.[3]).toEqual(["lower non-critical threshold"]);
    expect(rows.get("PSU1 Status")?.[3]).toEqual(["Present", "Power input lost"]);
    expect(rows.get("ACPI State")?.[3]).toEqual(["Online"]);
  });

  test("inventory and event log", async () => {
    await using started = await startBmc(readable);
    const said = await pyghmi(
      started.bmc,
      "show([dict(c.get_inventory()), [[e.get('component'), e.get('event')] for e in c.get_event_log()]])",
    );
    if (!Array.isArray(said)) throw new TypeError("pyghmi showed no list");
    expect(said[0]).toMatchObject({
      System: {
        "Product name": "Product Name",
        "Serial Number": "PR-SERIAL",
        "Board model": "BD-PART",
        "Device ID": 33,
      },
      PSU: { "Product name": "PSU Name" },
    });
    expect(said[1]).toEqual([
      ["PSU0 Status", "Present"],
      ["Unsigned", "Upper non-critical"],
      ["PSU1 Status", "Power input restored"],
    ]);
  });

  test("users and network", async () => {
    await using started = await startBmc(readable);
    const said = await pyghmi(started.bmc, "show([c.get_net_configuration(), c.get_users()])");
    expect(said).toMatchObject([
      { ipv4_address: "192.0.2.10/24", ipv4_gateway: "192.0.2.1", mac_address: "02:00:00:aa:bb:cc" },
      { "2": { name: "admin", access: { privilege_level: "administrator", ipmi_msg: true } }, "4": { name: "viewer" } },
    ]);
  });
});
