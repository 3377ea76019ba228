import { describe, expect, test } from "bun:test";
import type { EmulatedBmc } from "../../../src/emulator/bmc/emulated-bmc.ts";
import { hasIpmitool } from "../../support/ipmi-sim.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { columns, fields, ipmitool, START, startBmc, still } from "./foreign-clients.ts";

/** A BMC whose time a test moves, and what ipmitool prints about it. */
async function onManualTime(change: Partial<typeof still> = {}) {
  const clock = new ManualClock(START);
  const started = await startBmc({ ...still, ...change }, clock);
  return {
    bmc: started.bmc,
    clock,
    ask: (...args: string[]) => answer(started.bmc, args),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

async function answer(bmc: EmulatedBmc, args: readonly string[]): Promise<string> {
  const { out, err, code } = await ipmitool(bmc, args, { suite: 17 });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}

const ON = "Chassis Power is on\n";
const OFF = "Chassis Power is off\n";

/** Entries of the log from the fifth on: the description has four. One fan is too slow from the start, which is told once. */
const newEvents = (text: string) =>
  columns(text)
    .slice(4)
    .filter(([, , , source]) => source !== "Fan Slow Fan")
    .map(([, , , source, what, direction]) => `${source}: ${what} ${direction}`);

describe.skipIf(!hasIpmitool)("ipmitool controls (needs ipmitool)", () => {
  test("power off takes its time, and so does power on", async () => {
    await using started = await onManualTime();
    const { ask, clock, bmc } = started;
    await ask("power", "off");
    await clock.advance(999);
    expect(await ask("power", "status")).toBe(ON);
    await clock.advance(1);
    expect(await ask("power", "status")).toBe(OFF);
    await ask("power", "on");
    await clock.advance(1999);
    expect(await ask("power", "status")).toBe(OFF);
    await clock.advance(1);
    expect(await ask("power", "status")).toBe(ON);
    expect(await ask("chassis", "restart_cause")).toContain("chassis power control command");
    expect(bmc.counters.controls).toMatchObject({ off: 1, on: 1, cycle: 0 });
    expect(newEvents(await ask("sel", "elist"))).toEqual([
      "Power Unit Power Unit: Power off/down Asserted",
      "System ACPI Power State ACPI State: S0/G0: working Deasserted",
      "System ACPI Power State ACPI State: S5/G2: soft-off Asserted",
      "Power Unit Power Unit: Power off/down Deasserted",
      "System ACPI Power State ACPI State: S5/G2: soft-off Deasserted",
      "System ACPI Power State ACPI State: S0/G0: working Asserted",
      "System Boot Initiated System Boot: Initiated by power up Asserted",
    ]);
  });

  test("a power cycle goes off, waits, and comes on", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    await ask("power", "cycle");
    await clock.advance(1000);
    expect(await ask("power", "status")).toBe(OFF);
    await clock.advance(3000 + 2000 - 1);
    expect(await ask("power", "status")).toBe(OFF);
    await clock.advance(1);
    expect(await ask("power", "status")).toBe(ON);
  });

  test("what is asked for next calls off what was asked for before", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    await ask("power", "soft");
    await ask("power", "on");
    await clock.advance(60_000);
    expect(await ask("power", "status")).toBe(ON);
  });

  test("reset, cycle and interrupt are refused while the power is off", async () => {
    await using started = await onManualTime();
    const { ask, clock, bmc } = started;
    await ask("power", "off");
    await clock.advance(1000);
    for (const action of ["reset", "cycle", "diag", "soft"]) {
      const { err, code } = await ipmitool(bmc, ["power", action]);
      expect(code).toBe(1);
      expect(err).toContain("Command not supported in present state");
    }
    expect(bmc.counters.controls).toMatchObject({ reset: 0, cycle: 0, "diagnostic-interrupt": 0, "soft-off": 0 });
  });

  test("what is there only when the power is on cannot be read when it is off", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    await ask("power", "off");
    await clock.advance(1000);
    expect(await ask("sdr", "get", "Only when on")).toContain("No Reading");
    expect(await ask("sdr", "get", "Watts")).toMatch(/Sensor Reading\s+: 10 /);
    expect(await ask("dcmi", "power", "reading")).toMatch(/Instantaneous power reading: +10 Watts/);
  });

  test("boot flags hold for one boot", async () => {
    await using started = await onManualTime();
    const { ask, clock, bmc } = started;
    await ask("chassis", "bootdev", "pxe");
    const flags = await ask("chassis", "bootparam", "get", "5");
    expect(flags).toContain("Boot Flag Valid");
    expect(flags).toContain("Force PXE");
    expect(flags).toContain("only next boot");
    await ask("power", "reset");
    await clock.advance(5000);
    expect(await ask("chassis", "bootparam", "get", "5")).toContain("Boot Flag Invalid");
    expect(bmc.model.bootOptions.bootedWith?.[1]).toBe(1 << 2);
    expect(newEvents(await ask("sel", "elist"))).toContain("OS Boot OS Boot: PXE boot completed Asserted");
  });

  test("persistent EFI flags hold for all boots", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    await ask("chassis", "bootdev", "disk", "options=persistent,efiboot");
    for (let boot = 0; boot < 2; boot++) {
      await ask("power", "reset");
      await clock.advance(5000);
      const flags = await ask("chassis", "bootparam", "get", "5");
      expect(flags).toContain("Boot Flag Valid");
      expect(flags).toContain("Options apply to all future boots");
      expect(flags).toContain("BIOS EFI boot");
      expect(flags).toContain("Force Boot from default Hard-Drive");
    }
  });

  test("boot flags expire after 60 s, unless a Chassis Control command came", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    // ipmitool's own bootdev tells the BMC that flags are not to expire.
    const setPxe = ["raw", "0x00", "0x08", "5", "0x80", "4", "0", "0", "0"];
    await ask(...setPxe);
    await clock.advance(59_999);
    expect(await ask("chassis", "bootparam", "get", "5")).toContain("Boot Flag Valid");
    await clock.advance(1);
    expect(await ask("chassis", "bootparam", "get", "5")).toContain("Boot Flag Invalid");
    await ask(...setPxe);
    await clock.advance(50_000);
    await ask("power", "on");
    await clock.advance(59_999);
    expect(await ask("chassis", "bootparam", "get", "5")).toContain("Boot Flag Valid");
    await clock.advance(1);
    expect(await ask("chassis", "bootparam", "get", "5")).toContain("Boot Flag Invalid");
  });

  test("bit 3 of boot parameter 3 keeps them", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    await ask("raw", "0x00", "0x08", "3", "0x08");
    await ask("raw", "0x00", "0x08", "5", "0x80", "4", "0", "0", "0");
    await clock.advance(3_600_000);
    expect(await ask("chassis", "bootparam", "get", "5")).toContain("Boot Flag Valid");
  });

  test("identify: timed, until further notice, and off", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    // IPMI 2.0 table 28-3, byte 3: bit 6 says that bits 5:4 mean something.
    const state = async () => {
      const status = await ask("raw", "0x00", "0x01");
      return Number.parseInt(status.trim().split(" ")[2] ?? "", 16) & 0x70;
    };
    expect(await state()).toBe(0x40);
    await ask("chassis", "identify", "20");
    expect(await state()).toBe(0x50);
    await clock.advance(19_999);
    expect(await state()).toBe(0x50);
    await clock.advance(1);
    expect(await state()).toBe(0x40);
    await ask("chassis", "identify", "force");
    await clock.advance(3_600_000);
    expect(await state()).toBe(0x60);
    await ask("chassis", "identify", "0");
    expect(await state()).toBe(0x40);
  });

  test("a threshold that is crossed leaves an event, and another one when it is over", async () => {
    await using started = await onManualTime();
    const { ask, clock, bmc } = started;
    const sensor = bmc.model.sensors.analog.find(({ description }) => description.name === "Unsigned")!;
    sensor.override(86);
    await clock.advance(1000);
    expect(await ask("sensor", "get", "Unsigned")).toContain("Upper Non-Critical");
    // Hysteresis of two counts: at 84 it is not over yet.
    sensor.override(84);
    await clock.advance(1000);
    await ask("mc", "info");
    sensor.override(82);
    await clock.advance(1000);
    const events = newEvents(await ask("sel", "elist")).filter((event) => event.includes("Unsigned"));
    expect(events).toEqual([
      "Temperature Unsigned: Upper Non-critical going high Asserted",
      "Temperature Unsigned: Upper Non-critical going high Deasserted",
    ]);
    expect(
      columns(await ask("sel", "elist")).find(
        (row) => row[5] === "Asserted" && row[3] === "Temperature Unsigned" && row[0] !== "2",
      )?.[6],
    ).toBe("Reading 86 > Threshold 85 degrees C");
  });

  test("positive hysteresis is of upper thresholds, negative of lower ones", async () => {
    await using started = await onManualTime();
    const { ask, clock, bmc } = started;
    // Positive: 8 counts, subtracted from thresholds that are crossed upwards; negative: 1, added to the others. IPMI 2.0, table 43-1.
    await ask("raw", "0x04", "0x24", "1", "0xff", "8", "1");
    await ask("raw", "0x04", "0x24", "5", "0xff", "8", "1");
    const named = (name: string) => bmc.model.sensors.analog.find(({ description }) => description.name === name)!;
    // Thresholds: upper non-critical 85 °C; lower non-critical 900 rpm, of which a count is 75.
    for (const [celsius, rpm] of [
      [86, 825],
      [80, 1050],
      [76, 1050],
    ] as const) {
      named("Unsigned").override(celsius);
      named("Fan").override(rpm);
      await clock.advance(1000);
      await ask("mc", "info");
    }
    expect(newEvents(await ask("sel", "elist"))).toEqual([
      "Temperature Unsigned: Upper Non-critical going high Asserted",
      "Fan Fan: Lower Non-critical going low Asserted",
      "Fan Fan: Lower Non-critical going low Deasserted",
      "Temperature Unsigned: Upper Non-critical going high Deasserted",
    ]);
  });

  test("thresholds and hysteresis can be set, where they can", async () => {
    await using started = await onManualTime();
    const { ask, bmc } = started;
    await ask("sensor", "thresh", "Unsigned", "unc", "40");
    expect(await ask("sensor", "get", "Unsigned")).toMatch(/Status +: Upper Non-Critical/);
    const { code } = await ipmitool(bmc, ["raw", "0x04", "0x26", "21", "0x10", "0", "0", "0", "0", "50", "0"]);
    expect(code).toBe(1);
    await ask("raw", "0x04", "0x24", "1", "0xff", "5", "6");
    expect((await ask("raw", "0x04", "0x25", "1", "0xff")).trim()).toBe("05 06");
  });

  test("an SDR tells the thresholds that the sensor began with: nothing has changed in the repository", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    // Record 2 is that of sensor 1; Get SDR Repository Info has the time stamps behind version, count and free space.
    const repository = async () => [
      await ask("raw", "0x0a", "0x23", "0", "0", "2", "0", "0", "0xff"),
      await ask("raw", "0x0a", "0x20"),
    ];
    const before = await repository();
    await clock.advance(5000);
    await ask("sensor", "thresh", "Unsigned", "unc", "40");
    await ask("raw", "0x04", "0x24", "1", "0xff", "5", "6");
    expect(await repository()).toEqual(before);
    expect(await ask("sdr", "get", "Unsigned")).toMatch(/Upper non-critical +: 85\.000/);
    expect(await ask("sensor", "get", "Unsigned")).toMatch(/Upper Non-Critical +: 40\.000/);
  });

  test("the log can be cleared, and says so", async () => {
    await using started = await onManualTime();
    const { ask } = started;
    expect(fields(await ask("sel", "info"))).toMatchObject({
      Entries: "4",
      "Free Space": "960 bytes",
      Overflow: "false",
    });
    await ask("sel", "clear");
    expect(columns(await ask("sel", "elist")).map(([, , , source, what]) => [source, what])).toEqual([
      ["Event Logging Disabled SEL", "Log area reset/cleared"],
    ]);
    await ask("sel", "delete", "1");
    expect(fields(await ask("sel", "info"))["Entries"]).toBe("0");
  });

  test("the log's clock can be set, and keeps time", async () => {
    await using started = await onManualTime();
    const { ask, clock } = started;
    expect(await ask("sel", "time", "get")).toBe("01/01/26 12:00:00 UTC\n");
    // Set SEL Time to 2024-02-03 04:05:06 UTC.
    await ask("raw", "0x0a", "0x49", "0x72", "0xbb", "0xbd", "0x65");
    await clock.advance(90_000);
    expect(await ask("sel", "time", "get")).toBe("02/03/24 04:06:36 UTC\n");
    expect(newEvents(await ask("sel", "elist")).filter((event) => event.includes("System Event"))).toHaveLength(2);
  });

  test("the watchdog does what it was told, once", async () => {
    await using started = await onManualTime();
    const { ask, clock, bmc } = started;
    // Set: SMS/OS, power down, 30 s. Then start it.
    await ask("raw", "0x06", "0x24", "4", "2", "0", "0", "0x2c", "0x01");
    await ask("raw", "0x06", "0x22");
    await clock.advance(20_000);
    expect(fields(await ask("mc", "watchdog", "get"))).toMatchObject({
      "Watchdog Timer Is": "Started/Running",
      "Watchdog Timer Action": "Power Down (0x02)",
      "Initial Countdown": "30.0 sec",
      "Present Countdown": "10.0 sec",
    });
    await clock.advance(10_000 + 1000);
    expect(await ask("power", "status")).toBe(OFF);
    expect(await ask("mc", "watchdog", "get")).toContain("SMS/OS");
    expect(newEvents(await ask("sel", "elist"))[0]).toBe("Watchdog2 Watchdog: Power down Asserted");
    await clock.advance(600_000);
    expect(bmc.counters.controls.off).toBe(1);
  });

  test("the watchdog cannot be started before it is set", async () => {
    await using started = await onManualTime();
    const { err } = await ipmitool(started.bmc, ["raw", "0x06", "0x22"]);
    expect(err).toContain("rsp=0x80");
  });

  test("FRU data can be written, and what was written stays over a cold reset", async () => {
    await using started = await onManualTime();
    const { ask, clock, bmc } = started;
    await ask("raw", "0x0a", "0x12", "3", "0xf8", "0", "0xaa", "0x55");
    await ask("mc", "reset", "cold");
    expect(bmc.sessions).toBe(0);
    await clock.advance(10_000);
    expect((await ask("raw", "0x0a", "0x11", "3", "0xf8", "0", "2")).trim()).toBe("02 aa 55");
    expect(
      columns(await ask("sel", "elist"))
        .slice(0, 3)
        .map(([id]) => id),
    ).toEqual(["1", "2", "3"]);
  });
});
