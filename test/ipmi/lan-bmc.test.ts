import { describe, expect, test } from "bun:test";
import { decodeSdrs, getPowerReading, getSensorReading, IpmiError, isReadable, sensorsOf } from "ipmi-js";
import { LanBmc } from "../../src/ipmi/lan-bmc.ts";
import { ipmiFailureOf } from "../support/ipmi-failure.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { sdr } from "./fake-bmc.ts";
import { Refusal, ScriptedRequester } from "../support/scripted-requester.ts";

class ScriptedClient extends ScriptedRequester {
  close = () => Promise.resolve();
}

/** A BMC whose sensors all fail like this. */
const failingWith = (error: IpmiError) =>
  new LanBmc(
    new ScriptedClient().on(getSensorReading, () => {
      throw error;
    }),
    new ManualClock(),
  );

describe("input power by DCMI", () => {
  test.each([0xc0, 0xc3, 0xce, 0xd2, 0xd5])("a BMC that says %i has it, and no reading now", async (code) => {
    const bmc = new LanBmc(
      new ScriptedClient().on(getPowerReading, () => new Refusal(code)),
      new ManualClock(),
    );
    expect(await bmc.readPowerW()).toBe(0);
  });

  test.each([0xc1, 0xc2, 0xcc, 0xd4, 0xd6])("a BMC that says %i has none", async (code) => {
    const bmc = new LanBmc(
      new ScriptedClient().on(getPowerReading, () => new Refusal(code)),
      new ManualClock(),
    );
    expect(await bmc.readPowerW()).toBeUndefined();
  });
});

describe("a sensor of another controller", () => {
  const sensor = sensorsOf(decodeSdrs([sdr({ number: 1, owner: 0x22 })]).records).find(isReadable);
  test("that does not answer has no reading; the BMC is none the worse for it", async () => {
    expect(await failingWith(new IpmiError("timeout", "No answer")).readSensor(sensor!)).toEqual({
      kind: "unavailable",
      reason: "failed",
    });
  });

  test("of a BMC with which no session can be set up is that BMC's failure", async () => {
    const silent = new IpmiError("timeout", "No answer", { step: "open-session" });
    await ipmiFailureOf(failingWith(silent).readSensor(sensor!), "timeout");
  });
});
