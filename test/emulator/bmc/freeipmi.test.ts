import { describe, expect, test } from "bun:test";
import { hasFreeIpmi } from "../../support/ipmi-sim.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { columns, fields, freeIpmi, START, startBmc, still, type Said } from "./foreign-clients.ts";

/** What a program printed; it must not have complained. */
function outOf({ out, err, code }: Said): string {
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}

const hasDcmi = hasFreeIpmi && Bun.which("ipmi-dcmi") !== null;

/** Sensors that FreeIPMI cannot read: it has no Get Sensor Reading Factors. */
const unreadable = new Set(["Non-linear"]);

describe.skipIf(!hasDcmi)("FreeIPMI (needs freeipmi-tools)", () => {
  describe.each([3, 17])("with cipher suite %p", (suite) => {
    const said = async (tool: string, ...args: string[]) => {
      await using started = await startBmc();
      return outOf(await freeIpmi(started.bmc, tool, args, { suite }));
    };

    test("ipmi-sensors", async () => {
      const flags = ["--output-sensor-state", "--output-sensor-thresholds", "--shared-sensors"];
      const [, ...rows] = columns(await said("ipmi-sensors", ...flags));
      const byName = new Map(rows.map((row) => [row[1] ?? "", row]));
      for (const { name, value, thresholds } of still.sensors) {
        const row = byName.get(name)!;
        if (!unreadable.has(name)) {
          const expected = typeof value === "number" ? value : name === "Watts" ? 200 : value.base;
          expect(Math.abs(Number(row[4]) - expected)).toBeLessThanOrEqual(0.01);
        }
        expect(row[3]).toBe(name === "Slow Fan" ? "Critical" : "Nominal");
        const limits = [
          thresholds.lowerNonRecoverable,
          thresholds.lowerCritical,
          thresholds.lowerNonCritical,
          thresholds.upperNonCritical,
          thresholds.upperCritical,
          thresholds.upperNonRecoverable,
        ];
        for (const [index, limit] of limits.entries()) {
          const shown = row[6 + index];
          if (limit === undefined) expect(shown).toBe("N/A");
          else expect(Math.abs(Number(shown) - limit)).toBeLessThanOrEqual(0.01);
        }
      }
      expect(byName.get("Quotient")?.[5]).toBe("J / s");
      expect(byName.get("Root")?.[5]).toBe("L per minute");
      expect(byName.get("PSU1 Status")?.at(-1)).toBe("'Presence detected' 'Power Supply input lost (AC/DC)'");
      expect(byName.get("DISK 2")?.at(-1)).toBe("'Drive Presence' 'Drive Fault'");
      expect(byName.get("DISK 3")?.at(-1)).toBe("'OK'");
    });

    test("ipmipower --stat", async () => {
      expect(await said("ipmipower", "--stat")).toBe("127.0.0.1: on\n");
    });

    test("ipmi-fru", async () => {
      expect(fields(await said("ipmi-fru"))).toMatchObject({
        "FRU Chassis Type": "Rack Mount Chassis",
        "FRU Chassis Serial Number": "CH-SERIAL",
        "FRU Board Manufacturer": "Board Maker",
        "FRU Board Serial Number": "BD-SERIAL",
        "FRU FRU File ID": "FILE",
        "FRU Product Part/Model Number": "PR-PART",
        "FRU Product Asset Tag": "PR-ASSET",
        "FRU Board Manufacturing Date/Time": "03/01/24 - 08:30:00",
      });
    });

    test("ipmi-sel", async () => {
      const [, ...rows] = columns(await said("ipmi-sel"));
      expect(rows.map(([, date, time, name, , event]) => [date, time, name, event].join("|"))).toEqual([
        "Feb-03-2024|04:05:06|PSU0 Status|Presence detected",
        "Feb-03-2024|04:05:20|Unsigned|Upper Non-critical - going high ; Sensor Reading = 96.00 C ; Threshold = 85.00 C",
        "Feb-03-2024|04:06:00|PSU1 Status|Power Supply input lost (AC/DC)",
        "Feb-03-2024|04:06:09|N/A|OEM defined = 01h 02h 03h 04h 05h 06h",
      ]);
    });

    test("bmc-info", async () => {
      const info = await said("bmc-info");
      expect(fields(info)).toMatchObject({
        "Device ID": "33",
        "Device Revision": "3",
        "Firmware Revision": "4.56",
        "IPMI Version": "2.0",
        "Product ID": "4711",
        "Auxiliary Firmware Revision Information": "04030201h",
      });
      expect(info).toMatch(/Channel Number +: 1\nMedium Type +: 802.3 LAN/);
    });

    test("ipmi-chassis", async () => {
      expect(fields(await said("ipmi-chassis", "--get-chassis-status"))).toMatchObject({
        "System Power": "on",
        "Power restore policy": "Always on",
        "Chassis Identify state": "off",
        "Drive Fault": "true",
      });
    });

    test("ipmi-dcmi", async () => {
      expect(fields(await said("ipmi-dcmi", "--get-system-power-statistics"))).toMatchObject({
        "Current Power": "200 Watts",
        "Average Power over sampling duration": "200 watts",
        "Power Measurement": "Active",
      });
      expect(await said("ipmi-dcmi", "--get-asset-tag")).toBe("A tag that takes more than one portion\n");
      expect(await said("ipmi-dcmi", "--get-management-controller-identifier-string")).toBe("still-bmc\n");
      expect(fields(await said("ipmi-dcmi", "--get-dcmi-capability-info"))).toMatchObject({
        "DCMI Specification Conformance": "1.5",
        "Power Management / Monitoring Support": "Available",
        "Asset Tag": "Available",
        "Number of SEL entries": "64",
      });
    });
  });

  test("ipmipower switches, and waits until it is so", async () => {
    const clock = new ManualClock(START);
    await using started = await startBmc(
      { ...still, chassis: { ...still.chassis, powerOffMs: 0, powerOnMs: 0 } },
      clock,
    );
    const { bmc } = started;
    const command = (...args: string[]) => freeIpmi(bmc, "ipmipower", args, { suite: 17 });
    expect(outOf(await command("--off", "--wait-until-off"))).toBe("127.0.0.1: ok\n");
    expect(outOf(await command("--stat"))).toBe("127.0.0.1: off\n");
    expect(outOf(await command("--on", "--wait-until-on"))).toBe("127.0.0.1: ok\n");
    expect(bmc.counters.controls).toMatchObject({ off: 1, on: 1 });
  });

  test("ipmi-chassis reads boot flags, sets identify and policy", async () => {
    await using started = await startBmc();
    const { bmc } = started;
    const command = async (...args: string[]) => outOf(await freeIpmi(bmc, "ipmi-chassis", args, { suite: 3 }));
    // Its own setting of boot flags writes back what it has read. Bytes as in IPMI 2.0 table 28-14: valid, EFI, CD/DVD.
    bmc.model.bootOptions.set(5, false, Uint8Array.of(0xa0, 5 << 2, 0, 0, 0));
    expect(fields(await command("--get-boot-flags"))).toMatchObject({
      "Boot device selector": "Force boot from default CD/DVD",
      "BIOS boot type": "Extensible firmware Interface boot",
    });
    await command("--chassis-identify=FORCE");
    expect(bmc.model.identify.state).toBe("indefinite");
    await command("--set-power-restore-policy=always-off");
    expect(bmc.model.chassis.restorePolicy).toBe("always-off");
  });

  test("ipmi-sel clears the log", async () => {
    await using started = await startBmc();
    outOf(await freeIpmi(started.bmc, "ipmi-sel", ["--clear"]));
    expect(started.bmc.model.log.entries).toHaveLength(1);
  });

  test("a foreign session's faults: wrong password and privilege in words", async () => {
    await using started = await startBmc();
    const wrong = await freeIpmi(started.bmc, "bmc-info", [], { password: "wrong" });
    expect(wrong.err).toContain("password invalid");
    const viewer = await freeIpmi(started.bmc, "bmc-info", [], { user: "viewer", password: "glass-1" });
    expect(viewer.err).toContain("privilege level cannot be obtained for this user");
    const nobody = await freeIpmi(started.bmc, "bmc-info", [], { user: "nobody", password: "x" });
    expect(nobody.err).toContain("username invalid");
  });
});
