import { describe, expect, test } from "bun:test";
import { getChassisStatus, IpmiError } from "ipmi-js";
import { anyone } from "../../src/devices/caller.ts";
import { boardId, deviceId } from "../../src/devices/ids.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { settle } from "../support/manual-clock.ts";
import { definitionOf, type FakeBmc, openKnownRack, openRack, sdr, timeout, TIMEOUT_MS, units } from "./fake-bmc.ts";
import { Secret } from "../../src/ipmi/secret.ts";

const context = { signal: new AbortController().signal, requestId: "r", caller: anyone };
const board = boardId(0x40000001);
const on = (device: number) => ({ board, device: deviceId(device) });
const refused = (completionCode: number) => new IpmiError("completion-code", "Refused with a code", { completionCode });

const withEverySensor = (bmc: FakeBmc) => {
  bmc.records = [
    sdr({ number: 1, name: "CPU Temp" }),
    sdr({ number: 2, name: "Inlet", unit: units.fahrenheit }),
    sdr({ number: 3, unit: units.rpm }),
    sdr({ number: 4, unit: units.volt }),
    sdr({ number: 5, unit: units.ampere }),
    sdr({ number: 6, unit: units.watt }),
    sdr({ number: 7, unit: units.hertz }),
    sdr({ number: 8, unit: units.cfm }),
    sdr({ number: 9, unit: 0, percent: true }),
    sdr({ number: 10, unit: units.joule }),
    // Volts per hour.
    sdr({ number: 11, unit: units.volt, unitBits: 5 << 3 }),
    // Another LUN, another owner; one of software, which cannot be asked.
    sdr({ number: 1, lun: 1, name: "Other" }),
    sdr({ number: 1, owner: 0x22, name: "Satellite" }),
    sdr({ number: 12, owner: 0x41, name: "Agent" }),
  ];
};

const powerOf = (action: "on" | "off" | "cycle" | "status") => ({ kind: "power", ...on(0x100), action }) as const;

/** The answer to the first such command is lost; `carriesOut` says whether the command was. */
async function inDoubt(action: "on" | "off" | "cycle", carriesOut: boolean, wasOn: boolean) {
  const rack = await openKnownRack();
  const bmc = rack.bmc();
  bmc.setPower(wasOn);
  let isFirst = true;
  bmc.failure = (what) => {
    if (what !== `power ${action}` || !isFirst) return undefined;
    isFirst = false;
    if (carriesOut) bmc.onControl(action);
    return timeout(true);
  };
  return { ...rack, bmc, outcome: rack.clock.until(rack.backend.execute(powerOf(action), context)) };
}

const statusOf = (bytes: Uint8Array) => getChassisStatus.reply.decode(bytes);

describe("scan", () => {
  test("lists power, system and LED before anything is known, and asks nobody", async () => {
    const { backend, bmc } = openRack();
    const [record] = await backend.scanAll(context);
    expect(record).toEqual({
      id: board,
      devices: [
        { id: deviceId(0x0100), type: "power" },
        { id: deviceId(0x0200), type: "system" },
        { id: deviceId(0x0300), type: "led" },
      ],
    });
    expect(bmc().asked).toEqual([]);
  });

  test("lists every sensor that has values, by its number, with its id string, when it is known", async () => {
    const { backend, bmc } = await openKnownRack({ prepare: withEverySensor });
    const asked = bmc().asked.length;
    const [found] = await backend.execute({ kind: "scan", board }, context);
    expect(found?.devices.slice(3).map(({ id, type, info }) => `${id.toString(16)} ${type} ${info}`)).toEqual([
      "1 temperature CPU Temp",
      "2 temperature Inlet",
      "3 fan_speed S3",
      "4 voltage S4",
      "5 current S5",
      "6 wattage S6",
      "7 frequency S7",
      "8 airflow S8",
      "9 percentage S9",
      "a sensor S10",
      "b sensor S11",
      "1000 temperature Other",
      "1001 temperature Satellite",
    ]);
    expect(bmc().asked).toHaveLength(asked);
  });

  test("of a board that is not there names it", async () => {
    const { backend } = openRack();
    const unknown = boardId(0x40000007);
    expect(backend.owns(unknown)).toBe(false);
    const error = await deviceErrorOf(backend.execute({ kind: "scan", board: unknown }, context), "no-such-board");
    expect(error.message).toBe("BMC with board id 40000007 was not found.");
  });
});

describe("read", () => {
  const readings = [
    [units.celsius, 47.5, "temperature", { kind: "temperature", temperatureC: 47.5 }],
    [units.fahrenheit, 212, "temperature", { kind: "temperature", temperatureC: 100 }],
    [units.kelvin, 300, "temperature", { kind: "temperature", temperatureC: 26.85 }],
    [units.rpm, 7200, "fan_speed", { kind: "fan_speed", speedRpm: 7200 }],
    [units.volt, 12.159, "voltage", { kind: "voltage", voltageV: 12.159 }],
    [units.ampere, 0.8, "current", { kind: "current", currentA: 0.8 }],
    [units.watt, 184, "wattage", { kind: "wattage", powerW: 184 }],
    [units.hertz, 50, "frequency", { kind: "frequency", frequencyHz: 50 }],
    [units.cfm, 68, "airflow", { kind: "airflow", airflowCfm: 68 }],
    [units.joule, 3, "sensor", { kind: "sensor", value: 3, unit: "J" }],
  ] as const;

  test.each(readings)("unit %d, value %d, as %s", async (unit, value, type, measurement) => {
    const { backend, clock } = await openKnownRack({
      prepare(bmc) {
        bmc.records = [sdr({ number: 5, unit })];
        bmc.values.set(5, value);
      },
    });
    const reading = await backend.execute({ kind: "read", ...on(5), type }, context);
    expect(reading).toEqual({ measurement, takenAtMs: clock.wallMs(), quality: "good" });
  });

  test("of a percentage", async () => {
    const { backend } = await openKnownRack({
      prepare(bmc) {
        bmc.records = [sdr({ number: 5, unit: 0, percent: true })];
        bmc.values.set(5, 39.984);
      },
    });
    const { measurement } = await backend.execute({ kind: "read", ...on(5), type: "percentage" }, context);
    expect(measurement).toEqual({ kind: "percentage", percent: 39.984 });
  });

  test("of another type than the device's is refused, and asks nobody", async () => {
    const { backend, bmc } = await openKnownRack();
    const asked = bmc().asked.length;
    const wrong = await deviceErrorOf(
      backend.execute({ kind: "read", ...on(1), type: "fan_speed" }, context),
      "unsupported",
    );
    expect(wrong.message).toBe("The device 0001 on board 40000001 (bmc 1) is of type temperature, not fan_speed.");
    expect(wrong.detail).toEqual({ ...on(1), expected: "fan_speed", received: "temperature" });
    const none = await deviceErrorOf(backend.execute({ kind: "read", ...on(9), type: "led" }, context), "unsupported");
    expect(none.message).toBe("There is no device 0009 on board 40000001 (bmc 1).");
    const power = await deviceErrorOf(
      backend.execute({ kind: "read", ...on(0x100), type: "power" }, context),
      "unsupported",
    );
    expect(power.message).toStartWith("The device 0100 on board 40000001 (bmc 1) is of type power");
    expect(bmc().asked).toHaveLength(asked);
  });

  test("of a sensor without a reading says why", async () => {
    const { backend, bmc } = await openKnownRack();
    bmc().values.set(1, { kind: "unavailable", reason: "scanning-disabled" });
    const error = await deviceErrorOf(
      backend.execute({ kind: "read", ...on(1), type: "temperature" }, context),
      "bad-value",
    );
    expect(error.message).toBe(
      'The sensor "CPU Temp", device 0001 on board 40000001 (bmc 1), has no reading: scanning disabled.',
    );
    // Nor does one bad sensor fail another, or the board.
    expect(await backend.execute({ kind: "read", ...on(0x10), type: "fan_speed" }, context)).toMatchObject({
      measurement: { speedRpm: 7200 },
    });
    expect(backend.health()[0]?.state).toBe("up");
  });

  test("that nobody answers names board, device and cause", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().isSilent = true;
    const error = await deviceErrorOf(
      clock.until(backend.execute({ kind: "read", ...on(1), type: "temperature" }, context)),
      "no-response",
    );
    expect(error.message).toBe(
      "The read of temperature from device 0001 on board 40000001 (bmc 1) failed: No answer came within 4 s.",
    );
    expect(error.detail).toEqual({ ...on(1), attempts: 4 });
    expect(error.cause).toBeInstanceOf(IpmiError);
  });

  test("before the sensors are known says that, and why", async () => {
    const { backend, clock } = openRack({ prepare: (bmc) => void (bmc.isSilent = true) });
    const command = { kind: "read", ...on(1), type: "temperature" } as const;
    const early = await deviceErrorOf(backend.execute(command, context), "no-response");
    expect(early.message).toEndWith("the BMC's sensors could not be read (it has not answered yet).");
    await clock.advance(TIMEOUT_MS);
    const late = await deviceErrorOf(backend.execute(command, context), "no-response");
    expect(late.message).toEndWith("the BMC's sensors could not be read (No answer came within 4 s).");
  });
});

describe("waiting", () => {
  const readCpu = { kind: "read", ...on(1), type: "temperature" } as const;
  const readFan = { kind: "read", ...on(0x10), type: "fan_speed" } as const;

  test("one thing at a time is asked; who waits for the same sensor gets the same reading", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().delayMs = 10;
    const all = [readFan, readCpu, readCpu, readFan, readCpu].map((command) => backend.execute(command, context));
    await clock.until(Promise.all(all));
    expect(bmc().mostAtOnce).toBe(1);
    // The fan that was already being read when it was asked for again is read again.
    expect(bmc().asked.filter((what) => what.startsWith("sensor"))).toEqual(["sensor 16", "sensor 1", "sensor 16"]);
  });

  test("control goes ahead of reads", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().delayMs = 10;
    const asked = bmc().asked.length;
    const all: Promise<unknown>[] = [backend.execute(readFan, context), backend.execute(readCpu, context)];
    all.push(backend.execute({ kind: "power", ...on(0x100), action: "off" }, context));
    await clock.until(Promise.all(all));
    expect(bmc().asked.slice(asked)).toEqual(["sensor 16", "power off", "status", "watts", "sensor 1"]);
  });

  test("too many are refused: the queue is bounded, and the refusal says when to come back", async () => {
    const { backend, bmc, clock } = await openKnownRack({ queueLimit: 2 });
    bmc().delayMs = 10;
    const version = { kind: "version", board } as const;
    const taken = [1, 2, 3].map(() => backend.execute(version, context));
    const error = await deviceErrorOf(backend.execute(version, context), "busy");
    expect(error.message).toStartWith("The firmware version of board 40000001 (bmc 1) failed: BMC bmc 1 is busy");
    expect(error.detail).toEqual({ board, retryAfterS: 1 });
    await clock.until(Promise.all(taken));
  });

  test("those whose callers have gone are not asked", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().delayMs = 10;
    const abort = new AbortController();
    const first = backend.execute(readFan, context);
    const gone = backend.execute(readCpu, { ...context, signal: abort.signal });
    abort.abort();
    await deviceErrorOf(gone, "cancelled");
    await clock.until(first);
    await clock.advance(100);
    expect(bmc().countOf("sensor 1")).toBe(0);
  });

  test("a BMC that lets nobody in is not asked to by everybody who reads: that may lock the account", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().failure = () => new IpmiError("authentication", "The password is wrong");
    await deviceErrorOf(backend.execute({ kind: "version", board }, context), "refused");
    const asked = bmc().asked.length;
    for (let n = 0; n < 100; n++) {
      const error = await deviceErrorOf(backend.execute({ kind: "version", board }, context), "refused");
      expect(error.message).toContain("The password is wrong");
    }
    expect(bmc().asked).toHaveLength(asked);
    bmc().failure = undefined;
    await clock.advance(60_000);
    expect(await backend.execute({ kind: "version", board }, context)).toContain("firmware 3.45");
  });

  test("a reading is that of the sensor that there is when its turn comes", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    await clock.advance(599_000);
    bmc().stamp = "2";
    bmc().records = [sdr({ number: 1, name: "Fan 1", unit: units.rpm })];
    bmc().delayMs = 2000;
    // Eight seconds' work; after one, the SDRs are due to be looked at, which takes six.
    const others = Array.from({ length: 4 }, () => backend.execute({ kind: "version", board }, context));
    const gone = deviceErrorOf(backend.execute(readCpu, context), "unsupported");
    await clock.until(Promise.all(others));
    expect((await gone).message).toContain("is of type fan_speed, not temperature");
  });

  test("those that waited for a BMC that turned out to be silent are not kept waiting any longer", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().isSilent = true;
    const all = [readFan, readCpu].map((command) => deviceErrorOf(backend.execute(command, context), "no-response"));
    all.push(deviceErrorOf(backend.execute({ kind: "power", ...on(0x100), action: "off" }, context), "no-response"));
    await clock.advance(TIMEOUT_MS);
    await Promise.all(all);
    expect(bmc().countOf("sensor 1") + bmc().countOf("power off")).toBe(0);
    // Who asks afterwards asks the BMC.
    bmc().isSilent = false;
    expect(await backend.execute(readCpu, context)).toMatchObject({ measurement: { temperatureC: 47 } });
  });
});

describe("version", () => {
  test("is the bridge's, and what the BMC says of itself", async () => {
    const { backend } = await openKnownRack();
    expect(await backend.execute({ kind: "version", board }, context)).toBe(
      "OpenDCRE IPMI Bridge v2.0, firmware 3.45, IPMI 2.0, manufacturer 32473, product 2055",
    );
  });
});

describe("power", () => {
  test("status is that of the chassis, and its input power by DCMI", async () => {
    const { backend, bmc } = await openKnownRack({ prepare: (each) => void (each.powerW = 360) });
    const well = {
      raw: "0,0,0,0",
      on: true,
      ok: true,
      overCurrent: false,
      underVoltage: false,
      inputPowerW: 360,
      inputVoltageV: 0,
      outputCurrentA: 0,
    };
    expect(await backend.execute(powerOf("status"), context)).toEqual(well);
    // Bits of the current power state: IPMI 2.0, table 28-3.
    bmc().status = statusOf(Uint8Array.of(0b0000_0010, 0, 0));
    expect(await backend.execute(powerOf("status"), context)).toEqual({
      ...well,
      on: false,
      ok: false,
      overCurrent: true,
    });
    bmc().status = statusOf(Uint8Array.of(0b0000_1001, 0, 0, 0));
    expect(await backend.execute(powerOf("status"), context)).toEqual({ ...well, ok: false, underVoltage: true });
    bmc().status = statusOf(Uint8Array.of(0b0001_0001, 0, 0, 0));
    expect(await backend.execute(powerOf("status"), context)).toEqual({ ...well, ok: false });
  });

  test("input power comes from a sensor of the whole where DCMI has none, which is not asked again; else it is 0", async () => {
    const { backend, bmc } = await openKnownRack({
      prepare(each) {
        each.records = [
          sdr({ number: 1, name: "PSU0 Pin", unit: units.watt, entity: 0x0a }),
          sdr({ number: 2, name: "PSU1 Pin", unit: units.watt, entity: 0x0a }),
          sdr({ number: 3, name: "System Power", unit: units.watt, entity: 0x13 }),
        ];
        each.values = new Map([
          [1, 184],
          [2, 176],
          [3, 366],
        ]);
      },
    });
    expect(await backend.execute(powerOf("status"), context)).toMatchObject({ inputPowerW: 366 });
    expect(await backend.execute(powerOf("status"), context)).toMatchObject({ inputPowerW: 366 });
    expect(bmc().countOf("watts")).toBe(1);
    bmc().values.set(3, { kind: "unavailable", reason: "no-data" });
    expect(await backend.execute(powerOf("status"), context)).toMatchObject({ inputPowerW: 0 });
  });

  test("a BMC that is silent about DCMI is still up, and keeps nobody waiting twice", async () => {
    const { backend, bmc } = await openKnownRack();
    bmc().failure = (what) => (what === "watts" ? timeout() : undefined);
    expect(await backend.execute(powerOf("status"), context)).toMatchObject({ on: true, inputPowerW: 0 });
    expect(await backend.execute(powerOf("status"), context)).toMatchObject({ on: true });
    expect(bmc().countOf("watts")).toBe(1);
    expect(backend.health()[0]?.state).toBe("up");
  });

  test("input power of a BMC that says nothing for the first time is asked for again", async () => {
    const { backend, bmc, clock } = await openKnownRack({ prepare: (each) => void (each.powerW = 0) });
    const first = backend.execute(powerOf("status"), context);
    await clock.advance(100);
    bmc().powerW = 360;
    expect(await clock.until(first)).toMatchObject({ inputPowerW: 360 });
    bmc().powerW = 0;
    // Later on, zero is what it is.
    expect(await backend.execute(powerOf("status"), context)).toMatchObject({ inputPowerW: 0 });
    expect(bmc().countOf("watts")).toBe(3);
  });

  test("a cycle is waited for until the chassis has been off and is on", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().onControl = () => {
      clock.after(600, () => bmc().setPower(false));
      clock.after(1600, () => bmc().setPower(true));
    };
    const startedMs = clock.monotonicMs();
    expect((await clock.until(backend.execute(powerOf("cycle"), context))).on).toBe(true);
    expect(clock.monotonicMs() - startedMs).toBe(1750);
    // One that nobody sees, because it is over at once, is not waited for endlessly.
    bmc().onControl = () => undefined;
    expect((await clock.until(backend.execute(powerOf("cycle"), context))).on).toBe(true);
    expect(clock.monotonicMs() - startedMs).toBe(1750 + 3000);
  });

  test("a BMC that is busy or silent while it switches is waited for", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    let looks = 0;
    bmc().failure = (what) =>
      what === "status" && ++looks <= 4 ? (looks % 2 === 1 ? refused(0xc0) : timeout()) : undefined;
    expect((await clock.until(backend.execute(powerOf("off"), context))).on).toBe(false);
    expect(bmc().countOf("power off")).toBe(1);
  });

  test("that was taken, of a BMC that then says nothing, says so", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().failure = (what) => (what === "status" ? timeout() : undefined);
    const error = await deviceErrorOf(clock.until(backend.execute(powerOf("off"), context)), "no-response");
    expect(error.message).toBe(
      "The power off of device 0100 on board 40000001 (bmc 1) failed: the BMC took power off, and then its status could not be read (No answer came within 4 s).",
    );
  });

  test("off waits until the status agrees", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().onControl = () => void clock.after(1100, () => bmc().setPower(false));
    const startedMs = clock.monotonicMs();
    const status = await clock.until(backend.execute(powerOf("off"), context));
    expect(status.on).toBe(false);
    expect(clock.monotonicMs() - startedMs).toBe(1250);
    expect(bmc().countOf("power off")).toBe(1);
  });

  test("off waits for a few seconds at most, and answers what is", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().onControl = () => undefined;
    const startedMs = clock.monotonicMs();
    const status = await clock.until(backend.execute(powerOf("off"), context));
    expect(status.on).toBe(true);
    expect(clock.monotonicMs() - startedMs).toBe(5000);
    expect(bmc().countOf("power off")).toBe(1);
  });

  test("a refusal is told with its cause", async () => {
    const { backend, bmc } = await openKnownRack();
    bmc().failure = (what) => (what === "power cycle" ? refused(0xd5) : undefined);
    const error = await deviceErrorOf(backend.execute(powerOf("cycle"), context), "refused");
    expect(error.message).toBe("The power cycle of device 0100 on board 40000001 (bmc 1) failed: Refused with a code.");
    expect(bmc().countOf("power cycle")).toBe(1);
  });

  test("for another device is refused", async () => {
    const { backend } = await openKnownRack();
    const error = await deviceErrorOf(
      backend.execute({ kind: "power", ...on(0x200), action: "off" }, context),
      "unsupported",
    );
    expect(error.message).toBe("The device 0200 on board 40000001 (bmc 1) is of type system, not power.");
  });

  describe("where nobody knows whether it was carried out", () => {
    test("the status that agrees is the answer, and nothing is sent again", async () => {
      for (const action of ["on", "off"] as const) {
        const { bmc, outcome } = await inDoubt(action, true, action === "off");
        expect((await outcome).on).toBe(action === "on");
        expect(bmc.countOf(`power ${action}`)).toBe(1);
      }
    });

    test("a status that does not agree shows that it was not: it is sent once more", async () => {
      for (const action of ["on", "off"] as const) {
        const { bmc, outcome } = await inDoubt(action, false, action === "off");
        expect((await outcome).on).toBe(action === "on");
        expect(bmc.countOf(`power ${action}`)).toBe(2);
      }
    });

    test("a cycle is never sent again, and the failure says so", async () => {
      const { bmc, outcome } = await inDoubt("cycle", true, true);
      const error = await deviceErrorOf(outcome, "no-response");
      expect(error.message).toBe(
        "The power cycle of device 0100 on board 40000001 (bmc 1) failed: power cycle may or may not have been carried out, and was not sent again (No answer came within 4 s); the chassis is on now.",
      );
      expect(error.detail).toEqual(on(0x100));
      expect(bmc.countOf("power cycle")).toBe(1);
    });

    test("and the status cannot be read either, the failure says that", async () => {
      const { backend, bmc, clock } = await openKnownRack();
      bmc().failure = () => timeout(true);
      const error = await deviceErrorOf(clock.until(backend.execute(powerOf("off"), context)), "no-response");
      expect(error.message).toContain("may or may not have been carried out");
      expect(error.message).toContain("its status could not be read");
      expect(bmc().countOf("power off")).toBe(1);
    });

    test("twice, the failure says so", async () => {
      const { backend, bmc, clock } = await openKnownRack();
      bmc().failure = (what) => (what === "power off" ? timeout(true) : undefined);
      const error = await deviceErrorOf(clock.until(backend.execute(powerOf("off"), context)), "no-response");
      expect(error.message).toContain("may or may not have been carried out");
      expect(bmc().countOf("power off")).toBe(2);
    });
  });
});

describe("boot target", () => {
  const get = { kind: "boot-target", ...on(0x200) } as const;
  const set = (target: "pxe" | "hdd" | "no_override") => ({ ...get, target }) as const;

  test("is read, set and read back", async () => {
    const { backend, bmc } = await openKnownRack();
    expect(await backend.execute(get, context)).toBe("no_override");
    expect(await backend.execute(set("pxe"), context)).toBe("pxe");
    expect(bmc().asked.slice(-1)).toEqual(["boot pxe"]);
    expect(await backend.execute(get, context)).toBe("pxe");
    expect(await backend.execute(set("no_override"), context)).toBe("no_override");
  });

  test("that is not valid does not count, unless the BMC never says that one is", async () => {
    const { backend, bmc } = await openKnownRack();
    bmc().boot = { target: "pxe", device: "pxe", isValid: false };
    expect(await backend.execute(get, context)).toBe("no_override");
    bmc().onBoot = (target) => void (bmc().boot = { target, device: target, isValid: false });
    expect(await backend.execute(set("hdd"), context)).toBe("hdd");
    bmc().boot = { target: "pxe", device: "pxe", isValid: false };
    expect(await backend.execute(get, context)).toBe("pxe");
  });

  test("that did not take is what was read back", async () => {
    const { backend, bmc } = await openKnownRack();
    bmc().onBoot = () => undefined;
    expect(await backend.execute(set("hdd"), context)).toBe("no_override");
  });

  test("for which 1.2 has no word is an error that names it", async () => {
    const { backend, bmc } = await openKnownRack();
    bmc().boot = { target: undefined, device: "bios-setup", isValid: true };
    const error = await deviceErrorOf(backend.execute(get, context), "bad-value");
    expect(error.message).toBe(
      "The read of the boot target of device 0200 on board 40000001 (bmc 1) failed: it boots from bios-setup next, for which there is no word but hdd, pxe and no_override.",
    );
  });

  test("in doubt is set again unless it reads so", async () => {
    const { backend, bmc } = await openKnownRack();
    let lost = 1;
    bmc().failure = (what) => (what === "boot pxe" && lost-- > 0 ? timeout(true) : undefined);
    expect(await backend.execute(set("pxe"), context)).toBe("pxe");
    expect(bmc().countOf("boot pxe")).toBe(2);
  });
});

describe("asset", () => {
  const asset = { kind: "asset", ...on(0x200) } as const;

  test("is what the FRU has, and the address", async () => {
    const { backend, bmc } = await openKnownRack();
    expect(await backend.execute(asset, context)).toEqual({
      address: "192.0.2.1",
      board: { manufacturer: "Lanternworks" },
    });
    expect(bmc().countOf("fru")).toBe(1);
  });

  test("is read where it is not known yet", async () => {
    const { backend, bmc } = await openKnownRack({
      prepare: (each) => void (each.failure = (what) => (what === "fru" ? refused(0xcb) : undefined)),
    });
    const error = await deviceErrorOf(backend.execute(asset, context), "refused");
    expect(error.message).toBe(
      "The read of asset data from device 0200 on board 40000001 (bmc 1) failed: Refused with a code.",
    );
    bmc().failure = undefined;
    expect(await backend.execute(asset, context)).toMatchObject({ board: { manufacturer: "Lanternworks" } });
  });

  test("that is damaged is told, and the rest delivered", async () => {
    const { backend, events } = await openKnownRack({
      prepare: (each) =>
        void (each.fru = { asset: { product: { version: "B2" } }, problems: ["board area: checksum"] }),
    });
    expect(events.lines).toContain("bmc 1: board area: checksum");
    expect(await backend.execute(asset, context)).toEqual({ address: "192.0.2.1", product: { version: "B2" } });
  });
});

test("setting a fan's speed is not permitted", async () => {
  const { backend, bmc } = await openKnownRack();
  const asked = bmc().asked.length;
  const error = await deviceErrorOf(backend.execute({ kind: "fan", ...on(0x10), rpm: "4000" }, context), "unsupported");
  expect(error.message).toBe("Setting of fan speed for this device is not permitted.");
  expect(error.detail).toEqual(on(0x10));
  expect(bmc().asked).toHaveLength(asked);
});

describe("reload", () => {
  test("keeps the sessions of BMCs that stay, under their new numbers; closes and opens the others", async () => {
    const definitions = [1, 2, 3].map((n) => definitionOf(n));
    const { backend, bmc, opened } = await openKnownRack({ definitions });
    const [gone, kept, changed] = [bmc(1), bmc(2), bmc(3)];
    await backend.reload([
      definitionOf(2, { board: boardId(0x40000001) }),
      definitionOf(3, { password: new Secret("another") }),
      definitionOf(4),
    ]);
    expect([gone.isClosed, kept.isClosed, changed.isClosed]).toEqual([true, false, true]);
    expect([...opened].map(([host, bmcs]) => `${host} ${bmcs.length}`)).toEqual([
      "192.0.2.1 1",
      "192.0.2.2 1",
      "192.0.2.3 2",
      "192.0.2.4 1",
    ]);
    const boards = await backend.scanAll(context);
    expect(boards.map(({ id }) => id.toString(16))).toEqual(["40000001", "40000003", "40000004"]);
    expect(backend.health().map(({ name }) => name)).toEqual(["bmc 2", "bmc 3", "bmc 4"]);
    const reading = await backend.execute({ kind: "read", ...on(1), type: "temperature" }, context);
    expect(reading.measurement).toEqual({ kind: "temperature", temperatureC: 47 });
    expect(kept.countOf("sensor 1")).toBe(1);
    expect(backend.owns(boardId(0x40000002))).toBe(false);
  });
});

test("BMCs that come and go leave nothing behind", async () => {
  const { backend, clock, opened } = await openKnownRack();
  await clock.advance(1000);
  const { timers } = clock;
  for (let n = 0; n < 20; n++) {
    // Another password is another session.
    const password = new Secret(`password ${n}`);
    await clock.until(backend.reload([definitionOf(1, { password }), definitionOf(2)]));
    await clock.advance(1000);
    await clock.until(backend.reload([definitionOf(1, { password })]));
  }
  expect(clock.timers).toBe(timers);
  const all = [...opened.values()].flat();
  expect(all).toHaveLength(1 + 20 + 20);
  expect(all.filter(({ isClosed }) => !isClosed)).toHaveLength(1);
});

describe("close", () => {
  test("refuses what waits, lets what is under way end, closes sessions, and leaves no timer", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().delayMs = 10;
    const underWay = backend.execute({ kind: "version", board }, context);
    const waiting = deviceErrorOf(backend.execute({ kind: "version", board }, context), "shutting-down");
    const closed = backend.close();
    await waiting;
    expect(bmc().isClosed).toBe(false);
    await clock.until(Promise.all([underWay, closed]));
    expect(bmc().isClosed).toBe(true);
    await settle();
    expect(clock.timers).toBe(0);
    await deviceErrorOf(backend.execute({ kind: "version", board }, context), "shutting-down");
  });

  test("opens nothing any more where the file is read again while it ends", async () => {
    const { backend, clock, opened } = await openKnownRack();
    const closed = backend.close();
    await backend.reload([definitionOf(1), definitionOf(2)]);
    await clock.until(closed);
    await clock.advance(60_000);
    expect([...opened.keys()]).toEqual(["192.0.2.1"]);
    expect(clock.timers).toBe(0);
  });

  test("does not wait for a BMC that does not answer", async () => {
    const { backend, bmc, clock, events } = await openKnownRack();
    bmc().isSilent = true;
    const underWay = deviceErrorOf(backend.execute({ kind: "version", board }, context), "shutting-down");
    const startedMs = clock.monotonicMs();
    await clock.until(backend.close());
    expect(clock.monotonicMs() - startedMs).toBe(2000);
    await clock.until(underWay);
    expect(events.lines.filter((line) => !line.includes("sensors") && !line.endsWith("up"))).toEqual([]);
  });
});
