import { describe, expect, test } from "bun:test";
import { hasIpmitool } from "../../support/ipmi-sim.ts";
import { columns, fields, ipmitool, startBmc, still, type Said } from "./foreign-clients.ts";

/** Suites that every emulated BMC has; undefined is ipmitool's own choice, for which it asks the BMC. */
const suites = [3, 17, undefined] as const;

/** What a program printed; it must not have complained. */
function outOf({ out, err, code }: Said): string {
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}

/** What the description says a sensor measures. */
const valueOf = (name: string): number => {
  const value = still.sensors.find((sensor) => sensor.name === name)?.value;
  if (typeof value === "number") return value;
  return name === "Watts" ? (100 + 300) / 2 : (value?.base ?? Number.NaN);
};

const thresholdOrder = [
  "lowerNonRecoverable",
  "lowerCritical",
  "lowerNonCritical",
  "upperNonCritical",
  "upperCritical",
  "upperNonRecoverable",
] as const;

async function ask(...args: string[]): Promise<string> {
  await using started = await startBmc();
  return outOf(await ipmitool(started.bmc, args));
}

describe.skipIf(!hasIpmitool)("ipmitool (needs ipmitool)", () => {
  describe.each(suites)("with cipher suite %p", (suite) => {
    const said = async (...args: string[]) => {
      await using started = await startBmc();
      return outOf(await ipmitool(started.bmc, args, suite === undefined ? {} : { suite }));
    };

    test("mc info", async () => {
      const info = await said("mc", "info");
      expect(fields(info)).toMatchObject({
        "Device ID": "33",
        "Device Revision": "3",
        "Firmware Revision": "4.56",
        "IPMI Version": "2.0",
        "Manufacturer ID": "32473",
        "Product ID": "4711 (0x1267)",
        "Device Available": "yes",
        "Provides Device SDRs": "no",
      });
      expect(info).toMatch(/0x01\s+0x02\s+0x03\s+0x04/);
    });

    test("sensor: every reading and every threshold is the description's", async () => {
      const rows = columns(await said("sensor"));
      const analog = rows.filter(([, , unit]) => unit !== "discrete");
      expect(analog.map(([name]) => name)).toEqual(still.sensors.map(({ name }) => name));
      for (const [name = "", value, , state, ...limits] of analog) {
        expect(Number(value)).toBeCloseTo(valueOf(name), 3);
        expect(state).toBe(name === "Slow Fan" ? "cr" : "ok");
        const { thresholds } = still.sensors.find((sensor) => sensor.name === name)!;
        const expected = thresholdOrder.map((threshold) => thresholds[threshold]?.toFixed(3) ?? "na");
        expect(limits).toEqual(expected);
      }
    });

    test("sdr elist all: discrete states, event-only records and locators", async () => {
      const rows = columns(await said("sdr", "elist", "all"));
      const shown = new Map(rows.map(([name = "", ...rest]) => [name, rest.join("|")]));
      expect(shown.get("BMC")).toBe("00h|ok|6.1|Static MC @ 20h");
      expect(shown.get("PSU0 Status")).toBe("40h|ok|10.1|Presence detected");
      expect(shown.get("PSU1 Status")).toBe("41h|ok|10.2|Presence detected, Power Supply AC lost");
      expect(shown.get("Redundancy")).toBe("42h|ok|19.1|Redundancy Lost");
      expect(shown.get("CPU0 Status")).toBe("45h|ok|3.1|Presence detected");
      expect(shown.get("ACPI State")).toBe("48h|ok|34.1|S0/G0: working");
      expect(shown.get("DISK")).toBe("50h|ok|4.1|Drive Present");
      expect(shown.get("System Boot")).toBe("60h|ns|34.1|Event-Only");
      expect(shown.get("PSU")).toBe("00h|ns|10.1|Logical FRU @03h");
      expect(shown.get("ME")).toBe("00h|ok|46.1|Static MC @ 2Ch");
      expect(shown.get("Slow Fan")).toBe("06h|lcr|29.2|450 RPM");
    });

    test("fru print", async () => {
      const [builtIn = "", psu = ""] = (await said("fru", "print")).trim().split("\n\n");
      expect(fields(builtIn)).toEqual({
        "FRU Device Description": "Builtin FRU Device (ID 0)",
        "Chassis Type": "Rack Mount Chassis",
        "Chassis Part Number": "CH-PART",
        "Chassis Serial": "CH-SERIAL",
        "Board Mfg Date": "Fri Mar  1 08:30:00 2024 UTC",
        "Board Mfg": "Board Maker",
        "Board Product": "Board Name",
        "Board Serial": "BD-SERIAL",
        "Board Part Number": "BD-PART",
        "Board Extra": "extra two",
        "Product Manufacturer": "Product Maker",
        "Product Name": "Product Name",
        "Product Part Number": "PR-PART",
        "Product Version": "PR-VER",
        "Product Serial": "PR-SERIAL",
        "Product Asset Tag": "PR-ASSET",
      });
      expect(fields(psu)).toMatchObject({ "Product Manufacturer": "PSU Maker", "Product Name": "PSU Name" });
    });

    test("sel elist", async () => {
      const rows = columns(await said("sel", "elist")).map((row) => row.join("|"));
      expect(rows).toEqual([
        "1|02/03/24|04:05:06 UTC|Power Supply PSU0 Status|Presence detected|Asserted",
        "2|02/03/24|04:05:20 UTC|Temperature Unsigned|Upper Non-critical going high|Asserted|Reading 96 > Threshold 85 degrees C",
        "3|02/03/24|04:06:00 UTC|Power Supply PSU1 Status|Power Supply AC lost|Deasserted",
        "4|02/03/24|04:06:09 UTC|OEM record c5|007ed9|010203040506",
      ]);
    });

    test("chassis status", async () => {
      expect(fields(await said("chassis", "status"))).toMatchObject({
        "System Power": "on",
        "Power Overload": "false",
        "Power Restore Policy": "always-on",
        "Chassis Intrusion": "inactive",
        // DISK 2 is said to be faulty, and the slow fan to be too slow.
        "Drive Fault": "true",
        "Cooling/Fan Fault": "true",
      });
    });

    test("dcmi power reading", async () => {
      const reading = await said("dcmi", "power", "reading");
      for (const line of ["Instantaneous power reading", "Minimum during", "Maximum during", "Average power"])
        expect(reading).toMatch(new RegExp(`${line}.*: +200 Watts`));
      expect(reading).toMatch(/Power reading state is: +activated/);
      expect(reading).toMatch(/IPMI timestamp: +01\/01\/26 12:00:00 UTC/);
    });

    test("lan print", async () => {
      expect(fields(await said("lan", "print", "1"))).toMatchObject({
        "IP Address Source": "Static Address",
        "IP Address": "192.0.2.10",
        "Subnet Mask": "255.255.255.0",
        "MAC Address": "02:00:00:aa:bb:cc",
        "Default Gateway IP": "192.0.2.1",
        "802.1q VLAN ID": "42",
        "RMCP+ Cipher Suites": "3,17",
      });
    });

    test("user list", async () => {
      const lines = (await said("user", "list", "1")).split("\n");
      expect(lines[2]).toMatch(/^2 +admin +\w+ +\w+ +true +ADMINISTRATOR$/);
      expect(lines[3]).toMatch(/^3 +oper +\w+ +\w+ +true +OPERATOR$/);
      expect(lines[4]).toMatch(/^4 +viewer +\w+ +\w+ +true +USER$/);
      expect(lines[6]).toMatch(/^6 +ghost +\w+ +\w+ +false +ADMINISTRATOR$/);
      expect(lines[1]).toMatch(/^1 +\w+ +\w+ +false +NO ACCESS$/);
    });

    test("session info active", async () => {
      expect(fields(await said("session", "info", "active"))).toMatchObject({
        "slot count": "4",
        "active sessions": "1",
        "user id": "2",
        "privilege level": "ADMINISTRATOR",
        "session type": "IPMIv2/RMCP+",
        "console ip": "127.0.0.1",
      });
    });
  });

  test("raw", async () => {
    // Get Device ID: IPMI 2.0 section 20.1.
    expect((await ask("raw", "0x06", "0x01")).trim().replaceAll(/\s+/g, " ")).toBe(
      "21 03 04 56 02 ff d9 7e 00 67 12 01 02 03 04",
    );
  });

  test("raw of a command that there is not", async () => {
    await using started = await startBmc();
    const { code, err } = await ipmitool(started.bmc, ["raw", "0x30", "0x70"]);
    expect(code).toBe(1);
    expect(err).toContain("rsp=0xc1");
  });

  test.each([
    ["too short", ["raw", "0x04", "0x2d"], "rsp=0xc7"],
    ["too long", ["raw", "0x06", "0x01", "0x00"], "rsp=0xc7"],
    ["with a value that has no meaning", ["raw", "0x00", "0x02", "0x0f"], "rsp=0xcc"],
    ["for a sensor that there is not", ["raw", "0x04", "0x2d", "0xf0"], "rsp=0xcb"],
    ["thresholds of a discrete sensor", ["raw", "0x04", "0x27", "0x40"], "rsp=0xcd"],
    // IPMI 2.0, section 22.20: one byte more for a handle, four for a session id, and none for all others.
    ["for a session by handle, without one", ["raw", "0x06", "0x3d", "0xfe"], "rsp=0xc7"],
    ["for a session by id, of which there is a byte", ["raw", "0x06", "0x3d", "0xff", "1"], "rsp=0xc7"],
    ["for the caller's session, with more behind it", ["raw", "0x06", "0x3d", "0x00", "1"], "rsp=0xc7"],
    ["for a copy of channel access that there is not", ["raw", "0x06", "0x41", "1", "0"], "rsp=0xcc"],
    // IPMI 2.0, section 28.12, parameters 0 and 7.
    ["too long for a boot parameter", ["raw", "0x00", "0x08", "0", "1", "1", "1"], "rsp=0xc7"],
    ["for a block of the boot mailbox that there is not", ["raw", "0x00", "0x09", "7", "5", "0"], "rsp=0xc9"],
    [
      "to set a block that there is not",
      ["raw", "0x00", "0x08", "7", "5", ...Array.from({ length: 16 }, () => "0")],
      "rsp=0xc9",
    ],
    ["for a boot parameter that there is not", ["raw", "0x00", "0x09", "8", "0", "0"], "rsp=0x80"],
    ["an SDR that there is not", ["raw", "0x0a", "0x23", "0", "0", "0x10", "0x10", "0", "0xff"], "rsp=0xcb"],
    ["an SDR's middle without a reservation", ["raw", "0x0a", "0x23", "0", "0", "1", "0", "5", "8"], "rsp=0xc5"],
  ])("a request that is %s is refused", async (_, args, refusal) => {
    await using started = await startBmc();
    const { code, err } = await ipmitool(started.bmc, args);
    expect(code).toBe(1);
    expect(err).toContain(refusal);
  });

  test("bridged to a controller on the IPMB, and to one that is not there", async () => {
    await using started = await startBmc();
    const present = await ipmitool(started.bmc, ["-b", "6", "-t", "0x2c", "mc", "info"]);
    expect(fields(present.out)).toMatchObject({ "Device ID": "33", "Firmware Revision": "4.04" });
    const absent = await ipmitool(started.bmc, ["-b", "0", "-t", "0x62", "raw", "0x06", "0x01"]);
    expect(absent.code).toBe(1);
  });

  test("channel info, cipher suites, self test, GUID, hours", async () => {
    expect(fields(await ask("channel", "info", "1"))).toMatchObject({
      "Channel Medium Type": "802.3 LAN",
      "Active Session Count": "1",
    });
    expect(await ask("channel", "getciphers", "ipmi", "1")).toMatch(/hmac_sha256 +sha256_128 +aes_cbc_128/);
    expect(await ask("mc", "selftest")).toContain("passed");
    expect(await ask("mc", "guid", "rfc4122")).toContain("00112233445566778899AABBCCDDEEFF");
    expect(await ask("chassis", "poh")).toContain("32 days, 9 hours");
    expect(await ask("dcmi", "asset_tag")).toContain("A tag that takes more than one portion");
    expect(await ask("dcmi", "get_mc_id_string")).toContain("still-bmc");
  });

  test("a discrete reading's reserved bit is 1, and its states are in the bytes before", async () => {
    // IPMI 2.0, table 35-15: byte 5, bit 7 is "reserved, returned as 1b". CPU0 Status is in state 7, PSU1 Status in 0 and 3.
    expect((await ask("raw", "0x04", "0x2d", "0x45")).trim()).toBe("00 c0 80 80");
    expect((await ask("raw", "0x04", "0x2d", "0x41")).trim()).toBe("00 c0 09 80");
  });

  test("a power limit that is not in force is told all the same", async () => {
    await using started = await startBmc();
    const command = async (...args: string[]) => outOf(await ipmitool(started.bmc, ["dcmi", "power", ...args]));
    // ipmitool prints what stands behind the completion code 80h, "no active set power limit". DCMI 1.5, table 6-18.
    expect(await command("get_limit")).toMatch(
      /No Active Power Limit\s[\s\S]*Power Limit: +0 Watts\s+Correction time: +0 milli/,
    );
    await command("set_limit", "limit", "250");
    expect(await command("get_limit")).toMatch(/No Active Power Limit\s[\s\S]*Power Limit: +250 Watts/);
    await command("activate");
    expect(await command("get_limit")).toMatch(/Power Limit Active\s[\s\S]*Power Limit: +250 Watts/);
  });

  test("dcmi temperatures", async () => {
    const readings = await ask("dcmi", "get_temp_reading");
    expect(readings).toMatch(/Inlet air temperature\(40h\)\s+1\s+-23 C/);
    expect(readings).toMatch(/Inlet air temperature\(40h\)\s+2\s+-12 C/);
    expect(readings).toMatch(/CPU temperature sensors\(41h\)\s+1\s+\+47 C/);
  });
});
