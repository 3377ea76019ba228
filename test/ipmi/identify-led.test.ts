import { describe, expect, test } from "bun:test";
import { getChassisStatus, IpmiError } from "ipmi-js";
import { anyone } from "../../src/devices/caller.ts";
import { boardId, deviceId } from "../../src/devices/ids.ts";
import { deviceErrorOf } from "../support/device-error.ts";
import { settle } from "../support/manual-clock.ts";
import { openKnownRack, timeout } from "./fake-bmc.ts";

const context = { signal: new AbortController().signal, requestId: "r", caller: anyone };
const board = boardId(0x40000001);
const on = (device: number) => ({ board, device: deviceId(device) });
const refused = (completionCode: number) => new IpmiError("completion-code", "Refused with a code", { completionCode });
const measured = (isOn: boolean) => ({ measurement: { kind: "led", on: isOn, colour: "unknown" } });
const chassisWith = (third: number) => getChassisStatus.reply.decode(Uint8Array.of(0x01, 0x00, third));

describe("LED", () => {
  const led = (isOn: boolean, device = 0x300) => ({ kind: "led", ...on(device), on: isOn }) as const;
  const read = { kind: "read", ...on(0x200), type: "led" } as const;

  test("is on until further notice where the BMC can do that; its state is what was set", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    expect(await backend.execute(read, context)).toMatchObject(measured(false));
    expect(await backend.execute(led(true), context)).toMatchObject(measured(true));
    expect(await backend.execute(read, context)).toMatchObject(measured(true));
    await clock.advance(3_600_000);
    expect(await backend.execute(led(false, 0x200), context)).toMatchObject(measured(false));
    expect(bmc().asked.filter((what) => what.startsWith("identify"))).toEqual(["identify forced", "identify off"]);
  });

  test("is what the BMC says, where it says it", async () => {
    const { backend, bmc } = await openKnownRack();
    // Bit 6: the state is told; bits 5:4: off, timed, on. IPMI 2.0, table 28-3.
    for (const [third, isOn] of [
      [0x40, false],
      [0x50, true],
      [0x60, true],
    ] as const) {
      bmc().status = chassisWith(third);
      expect(await backend.execute(read, context)).toMatchObject(measured(isOn));
    }
    bmc().status = chassisWith(0x20);
    expect(await backend.execute(read, context)).toMatchObject(measured(false));
  });

  test("is renewed until it is switched off where the BMC only knows intervals", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().failure = (what) => (what === "identify forced" ? refused(0xc7) : undefined);
    await backend.execute(led(true), context);
    const identifies = () => bmc().asked.filter((what) => what.startsWith("identify"));
    expect(identifies()).toEqual(["identify forced", "identify timed"]);
    await clock.advance(255_000);
    expect(identifies()).toHaveLength(3);
    await clock.advance(255_000 * 3);
    expect(bmc().countOf("identify timed")).toBe(5);
    await backend.execute(led(false), context);
    await clock.advance(1_000_000);
    expect(identifies().slice(-1)).toEqual(["identify off"]);
    await backend.execute(led(true), context);
    expect(bmc().countOf("identify forced")).toBe(1);
  });

  test("renewals that do not work are told, and made again", async () => {
    const { backend, bmc, clock, events } = await openKnownRack();
    bmc().failure = (what) => (what === "identify forced" ? refused(0xcc) : undefined);
    await backend.execute(led(true), context);
    bmc().failure = (what) => (what === "identify timed" ? timeout(true) : undefined);
    await clock.advance(226_000);
    expect(events.lines).toContain("bmc 1: keeping its identify LED on: No answer came within 4 s");
    bmc().failure = undefined;
    await clock.advance(20_000);
    const renewed = bmc().countOf("identify timed");
    await clock.advance(200_000);
    expect(bmc().countOf("identify timed")).toBe(renewed);
  });

  test("renewals that go on failing become seldom, and are told once until one works", async () => {
    const { backend, bmc, clock, events } = await openKnownRack();
    bmc().failure = (what) => (what === "identify forced" ? refused(0xcc) : undefined);
    await backend.execute(led(true), context);
    bmc().failure = (what) => (what === "identify timed" ? timeout(true) : undefined);
    const told = () => events.lines.filter((line) => line.includes("keeping its identify LED on"));
    await clock.advance(3_600_000);
    expect(told()).toHaveLength(1);
    // At 225 s, then after 10, 20, 40, 80 and 160 s, then every 225 s; and the one that switched it on.
    expect(bmc().countOf("identify timed")).toBe(1 + 6 + Math.floor((3600 - 225 - 310) / 225));
    bmc().failure = undefined;
    await clock.advance(225_000);
    bmc().failure = (what) => (what === "identify timed" ? timeout(true) : undefined);
    await clock.advance(225_000);
    expect(told()).toHaveLength(2);
  });

  test("is not switched on again by a renewal where nobody knows whether it was switched off", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().failure = (what) => (what === "identify forced" ? refused(0xc7) : undefined);
    await backend.execute(led(true), context);
    bmc().failure = (what) => (what === "identify off" ? timeout(true) : undefined);
    await deviceErrorOf(backend.execute(led(false), context), "no-response");
    bmc().failure = undefined;
    await clock.advance(1_000_000);
    expect(bmc().countOf("identify timed")).toBe(1);
  });

  test("is renewed also where its state could not be read after it was switched on", async () => {
    const { backend, bmc, clock } = await openKnownRack();
    bmc().failure = (what) => {
      if (what === "identify forced") return refused(0xc7);
      return what === "status" ? timeout() : undefined;
    };
    await deviceErrorOf(backend.execute(led(true), context), "no-response");
    bmc().failure = undefined;
    await clock.advance(255_000);
    expect(bmc().countOf("identify timed")).toBe(2);
  });

  test("is not renewed where the BMC was taken out of the file while it was being switched on", async () => {
    const { backend, bmc, clock, events } = await openKnownRack();
    bmc().failure = (what) => (what === "identify forced" ? refused(0xc7) : undefined);
    bmc().delayMs = 100;
    const first = bmc();
    const switched = backend.execute(led(true), context);
    await settle();
    await clock.until(Promise.all([switched, backend.reload([])]));
    await clock.advance(1_000_000);
    expect(first.countOf("identify timed")).toBe(1);
    expect(events.lines.filter((line) => line.includes("LED"))).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("in doubt is told again only where the BMC says that it was not told", async () => {
    const { backend, bmc } = await openKnownRack();
    let lost = 1;
    bmc().failure = (what) => (what.startsWith("identify") && lost-- > 0 ? timeout(true) : undefined);
    const error = await deviceErrorOf(backend.execute(led(true), context), "no-response");
    expect(error.message).toContain("may or may not have been switched on");
    expect(bmc().countOf("identify forced")).toBe(1);

    bmc().status = chassisWith(0x40);
    lost = 1;
    bmc().onIdentify = () => void (bmc().status = chassisWith(0x60));
    expect(await backend.execute(led(true), context)).toMatchObject(measured(true));
    expect(bmc().countOf("identify forced")).toBe(3);

    lost = 1;
    bmc().status = chassisWith(0x60);
    expect(await backend.execute(led(true), context)).toMatchObject(measured(true));
    expect(bmc().countOf("identify forced")).toBe(4);
  });

  test("of another device is refused", async () => {
    const { backend } = await openKnownRack();
    await deviceErrorOf(backend.execute(led(true, 0x100), context), "unsupported");
  });
});
