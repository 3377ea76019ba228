import { describe, expect, test } from "bun:test";
import { IpmiClient } from "../../../src/ipmi-js/client/ipmi-client.ts";
import { getAssetTag } from "../../../src/ipmi-js/commands/dcmi.ts";
import { setSystemBootOptions } from "../../../src/ipmi-js/commands/boot-options.ts";
import { getSensorReading } from "../../../src/ipmi-js/commands/sensor.ts";
import { chassisControl } from "../../../src/ipmi-js/commands/chassis.ts";
import { answer, answerBytes, FakeBmc, fakeRequester, Refusal, silence } from "../../../src/ipmi-js/testing.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { failureOf } from "../client/fake-client.ts";

const reading = {
  reading: 0x3b,
  isUnavailable: false,
  isScanning: true,
  sendsEvents: true,
  states: 0,
  moreStates: undefined,
};
const readings = answer(getSensorReading, ({ sensor }) => (sensor === 1 ? reading : new Refusal(0xcb)));
const assetTag = answerBytes(getAssetTag, () => ({ completionCode: 0, data: Uint8Array.of(2, 0x41, 0x42) }));

describe("a fake requester", () => {
  test("answers through the commands' codecs, and notes what it was asked", async () => {
    const requester = fakeRequester([readings]);
    expect(await requester.execute(getSensorReading, { sensor: 1 }, { lun: 2 })).toEqual(reading);
    expect(requester.requests).toEqual([
      { command: "Get Sensor Reading", netFn: 4, code: 0x2d, data: Uint8Array.of(1), options: { lun: 2 } },
    ]);
  });

  test("refuses what it is told to, and what it does not know", async () => {
    const requester = fakeRequester([readings]);
    expect(await failureOf(requester.execute(getSensorReading, { sensor: 2 }))).toMatchObject({
      code: "completion-code",
      detail: { completionCode: 0xcb },
    });
    expect(await failureOf(requester.execute(chassisControl, { control: "on" }))).toMatchObject({
      detail: { completionCode: 0xc1, command: "Chassis Control" },
    });
  });

  test("says nothing where it is told to, and what was asked may have been done then, as a real client has it", async () => {
    const silent = answer(setSystemBootOptions, () => silence);
    const clock = new ManualClock();
    const bmc = new FakeBmc({ answers: [silent], clock });
    const client = new IpmiClient({ host: "fake", transport: bmc.transport, clock });
    const request = { parameter: 5, isLocked: false, data: new Uint8Array(5) };
    for (const requester of [fakeRequester([silent]), client]) {
      const failure = await clock.until(failureOf(requester.execute(setSystemBootOptions, request)));
      expect(failure).toMatchObject({ code: "timeout", detail: { mayHaveBeenCarriedOut: true } });
    }
    await clock.until(client.close());
  });

  test("says nothing where it is told to: a control command may then have been carried out", async () => {
    const requester = fakeRequester([answer(chassisControl, () => silence)]);
    expect(await failureOf(requester.execute(chassisControl, { control: "on" }))).toMatchObject({
      code: "timeout",
      detail: { mayHaveBeenCarriedOut: true },
    });
  });

  test("puts the defining body in front of group commands, and takes it off", async () => {
    const requester = fakeRequester([assetTag]);
    const tag = await requester.execute(getAssetTag, { offset: 0, count: 16 });
    expect(tag).toEqual({ length: 2, data: Uint8Array.of(0x41, 0x42) });
    expect(requester.requests[0]?.data).toEqual(Uint8Array.of(0xdc, 0, 16));
  });
});

describe("a fake BMC", () => {
  test("is spoken to with every cipher suite that it is given", async () => {
    for (const cipherSuite of [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17]) {
      const bmc = new FakeBmc({
        answers: [readings, assetTag],
        username: "u",
        password: "p",
        cipherSuites: [cipherSuite],
      });
      const client = new IpmiClient({
        host: "fake",
        username: "u",
        password: "p",
        cipherSuite,
        transport: bmc.transport,
      });
      expect(await client.execute(getSensorReading, { sensor: 1 })).toEqual(reading);
      await client.close();
      expect(bmc.sessions).toBe(0);
    }
  });
});
