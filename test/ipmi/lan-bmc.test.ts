import { describe, expect, test } from "bun:test";
import { getPowerReading } from "ipmi-js";
import { LanBmc } from "../../src/ipmi/lan-bmc.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { Refusal, ScriptedRequester } from "../support/scripted-requester.ts";

class ScriptedClient extends ScriptedRequester {
  close = () => Promise.resolve();
}

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
