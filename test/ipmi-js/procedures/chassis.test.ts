import { describe, expect, test } from "bun:test";
import {
  bootParameters,
  getSystemBootOptions,
  setSystemBootOptions,
} from "../../../src/ipmi-js/commands/boot-options.ts";
import {
  chassisControl,
  chassisIdentify,
  getChassisStatus,
  type ChassisStatus,
} from "../../../src/ipmi-js/commands/chassis.ts";
import { IpmiError } from "../../../src/ipmi-js/errors.ts";
import { getBootTarget, setBootTarget } from "../../../src/ipmi-js/procedures/boot-target.ts";
import { setIdentify } from "../../../src/ipmi-js/procedures/identify.ts";
import { setPower } from "../../../src/ipmi-js/procedures/power.ts";
import { ipmiFailureOf } from "../../support/ipmi-failure.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Refusal, ScriptedRequester } from "../../support/scripted-requester.ts";

const status = getChassisStatus.reply.decode(Uint8Array.of(0x01, 0, 0));
const off: ChassisStatus = { ...status, isOn: false };

/** A chassis that follows a time table: what its status says from when on. */
const chassis = (
  clock: ManualClock,
  ...table: readonly (readonly [fromMs: number, answer: ChassisStatus | Refusal])[]
) =>
  new ScriptedRequester()
    .on(chassisControl, () => ({}))
    .on(getChassisStatus, () => table.findLast(([fromMs]) => clock.monotonicMs() >= fromMs)?.[1] ?? status);

describe("power", () => {
  test("off is waited for, and sent once", async () => {
    const clock = new ManualClock();
    const bmc = chassis(clock, [4000, off]);
    expect(await clock.until(setPower(bmc, "off", { clock }))).toEqual({ status: off, agrees: true });
    expect(clock.monotonicMs()).toBe(4000);
    expect(bmc.count(chassisControl)).toBe(1);
    expect(bmc.asked[0]?.data).toEqual(Uint8Array.of(0));
  });

  test("one that takes too long is said not to agree", async () => {
    const clock = new ManualClock();
    const outcome = await clock.until(setPower(chassis(clock), "off", { clock, limitMs: 2000, pollMs: 500 }));
    expect(outcome).toEqual({ status, agrees: false });
    expect(clock.monotonicMs()).toBe(2000);
  });

  test("a cycle is over when it was off and is on again", async () => {
    const clock = new ManualClock();
    const bmc = chassis(clock, [1000, off], [5000, status]);
    expect(await clock.until(setPower(bmc, "cycle", { clock }))).toMatchObject({ agrees: true });
    expect(clock.monotonicMs()).toBe(5000);
  });

  test("or was never seen off for three seconds", async () => {
    const clock = new ManualClock();
    expect(await clock.until(setPower(chassis(clock), "cycle", { clock }))).toMatchObject({ agrees: true });
    expect(clock.monotonicMs()).toBe(3000);
  });

  test("a reset changes nothing that could be waited for", async () => {
    const clock = new ManualClock();
    expect(await setPower(chassis(clock), "reset", { clock })).toMatchObject({ agrees: true });
  });

  test("a BMC that is busy or silent while it switches is asked again", async () => {
    const clock = new ManualClock();
    const bmc = chassis(clock, [0, new Refusal(0xc0)], [500, new Refusal(0xff)], [1000, off]);
    expect(await clock.until(setPower(bmc, "off", { clock }))).toMatchObject({ agrees: true });
    const dead = chassis(clock).on(getChassisStatus, () => {
      throw new IpmiError("timeout", "no answer");
    });
    await ipmiFailureOf(clock.until(setPower(dead, "off", { clock, limitMs: 1000 })), "timeout");
  });

  test("a command that is refused is no reason to look", async () => {
    const bmc = new ScriptedRequester().on(chassisControl, () => new Refusal(0xd4));
    await ipmiFailureOf(setPower(bmc, "on"), "completion-code");
    expect(bmc.asked).toHaveLength(1);
  });

  test("what may have been carried out is not sent again", async () => {
    const bmc = new ScriptedRequester().on(chassisControl, () => {
      throw new IpmiError("session-lost", "gone", { mayHaveBeenCarriedOut: true });
    });
    const failure = await ipmiFailureOf(setPower(bmc, "cycle"), "session-lost");
    expect(failure.detail.mayHaveBeenCarriedOut).toBeTrue();
    expect(bmc.count(chassisControl)).toBe(1);
  });
});

const withStatus = (identifyState: ChassisStatus["identifyState"], knowsIdentifyState: boolean) =>
  new ScriptedRequester()
    .on(chassisIdentify, () => ({}))
    .on(getChassisStatus, () => ({ ...status, identifyState, knowsIdentifyState }));

describe("identify light", () => {
  test("forced, with the longest interval besides for BMCs that ignore it", async () => {
    const bmc = withStatus("indefinite", true);
    expect(await setIdentify(bmc, true)).toEqual({ mode: "indefinite" });
    expect(bmc.asked[0]?.data).toEqual(Uint8Array.of(0xff, 0x01));
    expect(await setIdentify(withStatus("off", false), true)).toEqual({ mode: "indefinite" });
  });

  test("timed where the BMC says so", async () => {
    expect(await setIdentify(withStatus("timed", true), true)).toEqual({ mode: "timed", seconds: 255 });
  });

  test.each([0xc7, 0xc8, 0xcc, 0xd5])("timed where force is refused with %p", async (code) => {
    const bmc = new ScriptedRequester().on(chassisIdentify, ({ isForced }) =>
      isForced === undefined ? {} : new Refusal(code),
    );
    expect(await setIdentify(bmc, true)).toEqual({ mode: "timed", seconds: 255 });
    expect(bmc.asked.map(({ data }) => data.toHex())).toEqual(["ff01", "ff"]);
  });

  test("off is an interval of nothing; what is refused otherwise is an error", async () => {
    const bmc = withStatus("off", true);
    expect(await setIdentify(bmc, false)).toEqual({ mode: "off" });
    expect(bmc.asked.map(({ data }) => data.toHex())).toEqual(["00"]);
    await ipmiFailureOf(setIdentify(new ScriptedRequester(), true), "completion-code");
  });
});

/** A BMC that keeps parameters, all of them or those that `takes` says. */
function bmcWithParameters(takes: (parameter: number) => number | undefined = () => undefined): ScriptedRequester {
  const parameters = new Map<number, Uint8Array>([
    [3, Uint8Array.of(0x00)],
    [5, new Uint8Array(5)],
  ]);
  return new ScriptedRequester()
    .on(getSystemBootOptions, ({ parameter }) => {
      const data = parameters.get(parameter);
      return data ? { version: 1, parameter, isLocked: false, data } : new Refusal(0x80);
    })
    .on(setSystemBootOptions, ({ parameter, data }) => {
      const code = takes(parameter);
      if (code !== undefined) return new Refusal(code);
      parameters.set(parameter, data);
      return {};
    });
}

const written = (bmc: ScriptedRequester) =>
  bmc.asked.filter(({ name }) => name === setSystemBootOptions.name).map(({ data }) => data.toHex());

describe("boot target", () => {
  test("the bytes of ipmitool and pyghmi, between marks, and read back", async () => {
    const bmc = bmcWithParameters();
    const outcome = await setBootTarget(bmc, { device: "pxe" });
    // test/fixtures/ipmi: pyghmi-boot has the first, ipmitool-boot the others but the last, which ipmitool sends where the mark was taken.
    expect(written(bmc)).toEqual(["0308", "0001", "040101", "058004000000", "0000"]);
    expect(outcome).toMatchObject({
      tookEffect: true,
      differences: [],
      outlastsTimeout: true,
      flags: { device: "pxe" },
    });
    expect(await getBootTarget(bmc)).toEqual(outcome.flags);
  });

  test("persistent and EFI, as ipmitool writes them", async () => {
    const bmc = bmcWithParameters();
    await setBootTarget(bmc, { device: "hdd", isPersistent: true, bootType: "efi", keepsOnTimeout: false });
    expect(written(bmc)).toContain("05e008000000");
    expect(written(bmc)).not.toContain("0308");
  });

  test("a BMC that takes the flags alone", async () => {
    const bmc = bmcWithParameters((parameter) => (parameter === 5 ? undefined : 0xcc));
    const outcome = await setBootTarget(bmc, { device: "cd" });
    expect(outcome).toMatchObject({ tookEffect: true, outlastsTimeout: false, flags: { device: "cd" } });
    // What was not begun is not ended.
    expect(written(bmc)).not.toContain("0000");
  });

  test("a BMC that keeps nothing, and one that keeps the device alone: both are told", async () => {
    const keepsNothing = bmcWithParameters().on(setSystemBootOptions, () => ({}));
    expect(await setBootTarget(keepsNothing, { device: "bios-setup" })).toMatchObject({
      tookEffect: false,
      differences: ["isValid", "device"],
    });
    const flags = bootParameters.bootFlags.data;
    const keepsDevice = bmcWithParameters();
    keepsDevice.on(getSystemBootOptions, ({ parameter }) => ({
      version: 1,
      parameter,
      isLocked: false,
      data: flags.encode({ ...flags.decode(new Uint8Array(5)), device: "bios-setup" }),
    }));
    expect(await setBootTarget(keepsDevice, { device: "bios-setup" })).toMatchObject({
      tookEffect: true,
      differences: ["isValid"],
    });
  });

  test("another party that sets is waited for, and passed over in the end", async () => {
    const clock = new ManualClock();
    let refusals = 2;
    const passing = bmcWithParameters((parameter) => (parameter === 0 && refusals-- > 0 ? 0x81 : undefined));
    expect(await clock.until(setBootTarget(passing, { device: "pxe" }, { clock }))).toMatchObject({ tookEffect: true });
    expect(clock.monotonicMs()).toBe(400);
    const lasting = bmcWithParameters((parameter) => (parameter === 0 ? 0x81 : undefined));
    expect(await clock.until(setBootTarget(lasting, { device: "pxe" }, { clock }))).toMatchObject({ tookEffect: true });
  });

  test("flags that are refused are an error, and the mark is taken back", async () => {
    const bmc = bmcWithParameters((parameter) => (parameter === 5 ? 0xcc : undefined));
    await ipmiFailureOf(setBootTarget(bmc, { device: "pxe" }), "completion-code");
    expect(written(bmc).at(-1)).toBe("0000");
  });

  test("that they may have been written is not forgotten over a mark that cannot be taken back", async () => {
    const bmc = new ScriptedRequester()
      .onBytes(getSystemBootOptions, () => Uint8Array.of(1, 3, 0x08))
      .onBytes(setSystemBootOptions, ([parameter, value]) => {
        if (parameter === 5) throw new IpmiError("timeout", "No answer", { mayHaveBeenCarriedOut: true });
        if (parameter === 0 && value === 0) throw new IpmiError("network", "No route");
        return new Uint8Array();
      });
    const failure = await ipmiFailureOf(setBootTarget(bmc, { device: "pxe" }), "timeout");
    expect(failure.detail.mayHaveBeenCarriedOut).toBe(true);
  });

  test("flags of which only two bytes are sent", async () => {
    const bmc = new ScriptedRequester().onBytes(getSystemBootOptions, () => Uint8Array.of(1, 5, 0x80, 0x04));
    expect(await getBootTarget(bmc)).toMatchObject({ isValid: true, device: "pxe", verbosity: undefined });
  });
});
