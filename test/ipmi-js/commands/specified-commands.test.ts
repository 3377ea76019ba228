/** Commands that no recording has: bytes written down from the tables of IPMI 2.0 and DCMI 1.5. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  getChassisCapabilities,
  getChassisStatus,
  getPohCounter,
  getSystemRestartCause,
  setPowerRestorePolicy,
} from "../../../src/ipmi-js/commands/chassis.ts";
import type { Command } from "../../../src/ipmi-js/commands/command.ts";
import {
  activatePowerLimit,
  dcmiCapabilities,
  getAssetTag,
  getDcmiCapabilitiesInfo,
  getPowerLimit,
  getPowerReading,
  getTemperatureReadings,
  setPowerLimit,
} from "../../../src/ipmi-js/commands/dcmi.ts";
import { describeSelfTest, formatGuid, getSelfTestResults } from "../../../src/ipmi-js/commands/device.ts";
import { getFruInventoryAreaInfo, readFruData, writeFruData } from "../../../src/ipmi-js/commands/fru-commands.ts";
import { rawCommand } from "../../../src/ipmi-js/commands/raw.ts";
import { getDeviceSdrInfo } from "../../../src/ipmi-js/commands/sdr.ts";
import { getSelTimeUtcOffset } from "../../../src/ipmi-js/commands/sel.ts";
import {
  getSensorEventEnable,
  getSensorEventStatus,
  getSensorReading,
  getSensorReadingFactors,
  setSensorEventEnable,
  setSensorHysteresis,
} from "../../../src/ipmi-js/commands/sensor.ts";
import { getChannelCipherSuites } from "../../../src/ipmi-js/commands/session.ts";
import { commandTable, findCommand } from "../../../src/ipmi-js/commands/table.ts";
import { setUserPassword } from "../../../src/ipmi-js/commands/channel-user.ts";
import { getWatchdogTimer } from "../../../src/ipmi-js/commands/watchdog.ts";
import { LengthError } from "../../../src/ipmi-js/bytes/layout.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

const isRequest = <Q, R>(command: Command<Q, R>, request: Q, hex: string) => {
  expect(command.request.encode(request).toHex()).toBe(bytes(hex).toHex());
  expect(command.request.decode(bytes(hex))).toEqual(request);
};

const isReply = <Q, R>(command: Command<Q, R>, hex: string, reply: R) => {
  expect(command.reply.decode(bytes(hex))).toEqual(reply);
  expect(command.reply.encode(reply).toHex()).toBe(bytes(hex).toHex());
};

describe("chassis", () => {
  test("status: four bytes, every bit by itself", () => {
    const names = [
      ["isOn", "isOverloaded", "isInterlocked", "hasPowerFault", "hasPowerControlFault"],
      ["wentOffByAcFailure", "wentOffByOverload", "wentOffByInterlock", "wentOffByFault", "wentOnByCommand"],
      ["isIntruded", "isFrontPanelLocked", "hasDriveFault", "hasCoolingFault"],
      [
        "isPowerButtonDisabled",
        "isResetButtonDisabled",
        "isDiagnosticButtonDisabled",
        "isStandbyButtonDisabled",
        "canDisablePowerButton",
        "canDisableResetButton",
        "canDisableDiagnosticButton",
        "canDisableStandbyButton",
      ],
    ];
    for (const [at, row] of names.entries()) {
      for (const [bit, name] of row.entries()) {
        const status = new Uint8Array(4);
        status[at] = 1 << bit;
        const set = Object.entries(getChassisStatus.reply.decode(status)).filter(([, value]) => value === true);
        expect(set).toEqual([[name, true]]);
      }
    }
    expect(getChassisStatus.reply.decode(bytes("61 10 50"))).toMatchObject({
      isOn: true,
      restorePolicy: "unknown",
      wentOnByCommand: true,
      knowsIdentifyState: true,
      identifyState: "timed",
      canDisablePowerButton: undefined,
    });
    expect(getChassisStatus.reply.decode(bytes("40 00 60")).identifyState).toBe("indefinite");
    expect(() => getChassisStatus.reply.decode(bytes("40 00"))).toThrow(LengthError);
  });

  test("capabilities, with and without the bridge; restart cause; power-on hours; restore policy", () => {
    isReply(getChassisCapabilities, "0f 20 22 24 26", {
      hasIntrusionSensor: true,
      hasFrontPanelLockout: true,
      hasDiagnosticInterrupt: true,
      hasPowerInterlock: true,
      fruAddress: 0x20,
      sdrAddress: 0x22,
      selAddress: 0x24,
      systemManagementAddress: 0x26,
      bridgeAddress: undefined,
    });
    isReply(getSystemRestartCause, "01 0e", { cause: "chassis-control", channel: 14 });
    isReply(getSystemRestartCause, "0b", { cause: "clock", channel: undefined });
    isReply(getPohCounter, "3c 78563412", { minutesPerCount: 60, counter: 0x1234_5678 });
    isRequest(setPowerRestorePolicy, { policy: "no-change" }, "03");
    isReply(setPowerRestorePolicy, "06", { canStayOff: false, canRestorePrevious: true, canPowerOn: true });
  });
});

describe("sensors", () => {
  test("a reading may end anywhere", () => {
    const all = {
      reading: 0x2f,
      isUnavailable: false,
      isScanning: true,
      sendsEvents: true,
      states: 0xc0,
      moreStates: 0,
    };
    isReply(getSensorReading, "2f c0 c0 00", all);
    isReply(getSensorReading, "2f c0 c0", { ...all, moreStates: undefined });
    isReply(getSensorReading, "2f c0", { ...all, states: undefined, moreStates: undefined });
    const nothing = { isUnavailable: undefined, isScanning: undefined, sendsEvents: undefined };
    isReply(getSensorReading, "2f", { ...all, ...nothing, states: undefined, moreStates: undefined });
    isReply(getSensorReading, "", { ...nothing, reading: undefined, states: undefined, moreStates: undefined });
    expect(getSensorReading.reply.decode(bytes("00 60 00 80"))).toMatchObject({ isUnavailable: true, moreStates: 0 });
  });

  test("reading factors: M and B of ten bits, exponents of four, all signed", () => {
    isReply(getSensorReadingFactors, "40 ff c5 02 7f 34 2e", {
      nextReading: 0x40,
      m: -1,
      tolerance: 5,
      b: 0x102,
      accuracy: 0x3f + 3 * 64,
      accuracyExponent: 1,
      resultExponent: 2,
      bExponent: -2,
    });
    isRequest(getSensorReadingFactors, { sensor: 7, reading: 0x3e }, "07 3e");
  });

  test("hysteresis and events", () => {
    isRequest(setSensorHysteresis, { sensor: 7, mask: 0xff, positive: 2, negative: 3 }, "07 ff 02 03");
    isReply(getSensorEventEnable, "c0 800a 8005", {
      isScanning: true,
      sendsEvents: true,
      assertions: 0x0a80,
      deassertions: 0x0580,
    });
    isReply(getSensorEventStatus, "e0", {
      isUnavailable: true,
      isScanning: true,
      sendsEvents: true,
      assertions: undefined,
      deassertions: undefined,
    });
    isRequest(
      setSensorEventEnable,
      { sensor: 7, selection: "enable", isScanning: true, sendsEvents: true, assertions: 0x80, deassertions: 0 },
      "07 d0 8000 0000",
    );
  });

  test("device SDRs", () => {
    isReply(getDeviceSdrInfo, "2f 81 01000000", {
      count: 0x2f,
      hasLun0Sensors: true,
      hasLun1Sensors: false,
      hasLun2Sensors: false,
      hasLun3Sensors: false,
      isDynamic: true,
      populationChange: 1,
    });
    isRequest(getDeviceSdrInfo, { countsSdrs: undefined }, "");
    isRequest(getDeviceSdrInfo, { countsSdrs: true }, "01");
  });
});

describe("DCMI", () => {
  test("power", () => {
    isRequest(getPowerReading, { mode: "system", period: 0 }, "01 00 00");
    isReply(getPowerReading, "f401 6400 e803 9001 40be c065 e8030000 40", {
      currentW: 500,
      minimumW: 100,
      maximumW: 1000,
      averageW: 400,
      time: 0x65c0_be40,
      periodMs: 1000,
      isActive: true,
    });
    isRequest(getPowerLimit, {}, "0000");
    isReply(getPowerLimit, "0000 11 2c01 e8030000 0000 0500", {
      action: "log",
      limitW: 300,
      correctionMs: 1000,
      samplingSeconds: 5,
    });
    isRequest(
      setPowerLimit,
      { action: "power-off", limitW: 300, correctionMs: 1000, samplingSeconds: 5 },
      "000000 01 2c01 e8030000 0000 0500",
    );
    isRequest(activatePowerLimit, { isActive: true }, "01 0000");
  });

  test("capabilities, texts, temperatures", () => {
    isRequest(getDcmiCapabilitiesInfo, { parameter: "supported" }, "01");
    expect(getDcmiCapabilitiesInfo.reply.decode(bytes("01 05 02 00 01 07"))).toEqual({
      major: 1,
      minor: 5,
      revision: 2,
      data: bytes("00 01 07"),
    });
    expect(dcmiCapabilities.supported.decode(bytes("00 01 05"))).toEqual({
      hasPowerManagement: true,
      hasSystemInterface: true,
      hasSerial: false,
      hasSecondaryLan: true,
    });
    expect(dcmiCapabilities.mandatoryPlatformAttributes.decode(bytes("00a2 00 00 01"))).toEqual({
      selEntries: 0x200,
      flushesRecords: true,
      flushesAll: false,
      rollsOver: true,
      temperatureSamplingSeconds: 1,
    });
    isRequest(getAssetTag, { offset: 0, count: 16 }, "00 10");
    isRequest(
      getTemperatureReadings,
      { sensorType: 1, entityId: 0x41, entityInstance: 0, firstInstance: 1 },
      "01 41 00 01",
    );
    isReply(getTemperatureReadings, "02 02 2a01 8502", { total: 2, count: 2, readings: bytes("2a01 8502") });
  });
});

test("FRU devices", () => {
  isReply(getFruInventoryAreaInfo, "0008 01", { sizeBytes: 2048, isByWords: true });
  isRequest(readFruData, { fru: 1, offset: 0x0102, count: 16 }, "01 0201 10");
  isReply(readFruData, "02 0100", { count: 2, data: bytes("0100") });
  isRequest(writeFruData, { fru: 1, offset: 8, data: bytes("0102") }, "01 0800 0102");
});

test("watchdog, of which some leave out the present countdown", () => {
  const timer = {
    use: "sms-os",
    isLoggingOff: true,
    isRunning: true,
    action: "power-cycle",
    preTimeoutInterrupt: "nmi",
    preTimeoutSeconds: 10,
    expirations: 0x10,
    initialCountdown: 3000,
  } as const;
  isReply(getWatchdogTimer, "c4 23 0a 10 b80b 1a00", { ...timer, presentCountdown: 26 });
  isReply(getWatchdogTimer, "c4 23 0a 10 b80b", { ...timer, presentCountdown: undefined });
});

test("UTC offset of either sign", () => {
  isReply(getSelTimeUtcOffset, "c4ff", { minutes: -60 });
  isReply(getSelTimeUtcOffset, "ff7f", { minutes: 0x7fff });
});

test("a password of 20 bytes, and cipher suites by portions", () => {
  const password = new Uint8Array(20).fill(0x41);
  const request = { userId: 3, isTwentyBytes: true, operation: "set", password } as const;
  isRequest(setUserPassword, request, `83 02 ${"41".repeat(20)}`);
  isRequest(getChannelCipherSuites, { channel: 14, payloadType: 0, listsSuites: true, index: 1 }, "0e 00 81");
  isReply(getChannelCipherSuites, "01 c003014181", { channel: 1, records: bytes("c003014181") });
});

test("self test results in words", () => {
  const describe57 = (detail: string) => describeSelfTest(getSelfTestResults.reply.decode(bytes(`57 ${detail}`)));
  expect(describeSelfTest(getSelfTestResults.reply.decode(bytes("55 00")))).toEqual(["no error"]);
  expect(describe57("88")).toEqual(["SDR repository is empty", "SEL device cannot be accessed"]);
  expect(describe57("ff")).toHaveLength(8);
  expect(describeSelfTest(getSelfTestResults.reply.decode(bytes("58 12")))).toEqual(["fatal hardware error 12h"]);
});

test("a GUID in the three orders in which BMCs send it", () => {
  const guid = bytes("33221100 5544 7766 8899 aabbccddeeff");
  expect(formatGuid(guid, "smbios")).toBe("00112233-4455-6677-8899-aabbccddeeff");
  expect(formatGuid(guid, "rfc4122")).toBe("33221100-5544-7766-8899-aabbccddeeff");
  expect(formatGuid(guid, "ipmi")).toBe("ffeeddcc-bbaa-9988-6677-445500112233");
});

test("raw commands take even network functions alone", () => {
  const command = rawCommand(0x30, 0x70);
  expect(command.isRepeatable).toBeFalse();
  isRequest(command, { data: bytes("0102") }, "0102");
  expect(() => rawCommand(0x31, 0x70)).toThrow(RangeError);
  expect(() => rawCommand(0x40, 0x70)).toThrow(RangeError);
  expect(() => rawCommand(0x30, 0x100)).toThrow(RangeError);
});

const all = Object.values(commandTable).flatMap((commands) =>
  commands.map(({ netFn, code, body }: { netFn: number; code: number; body?: number }) =>
    findCommand(netFn, code, body)!,
  ),
);

test("no two commands have the same numbers or name", () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(new Set(all.map(({ netFn, code, body }) => `${netFn} ${code} ${body}`)).size).toBe(all.length);
});

test("what must not be done twice is marked so", () => {
  const once = all.filter(({ isRepeatable }) => !isRepeatable).map(({ name }) => name);
  expect(once.toSorted()).toEqual([
    "Activate Session",
    "Add SEL Entry",
    "Chassis Control",
    "Chassis Identify",
    "Clear SEL",
    "Close Session",
    "Cold Reset",
    "Delete SEL Entry",
    "Warm Reset",
  ]);
});

test("any bytes are decoded, or too few; what was encoded once is encoded the same again", () => {
  const codecs = all.flatMap(({ request, reply }) => [request, reply]);
  fc.assert(
    fc.property(fc.constantFrom(...codecs), fc.uint8Array({ maxLength: 64 }), (codec, data) => {
      let value: unknown;
      try {
        value = codec.decode(data);
      } catch (error) {
        expect(error).toBeInstanceOf(LengthError);
        return;
      }
      const encoded = codec.encode(value);
      expect(codec.encode(codec.decode(encoded))).toEqual(encoded);
    }),
    { numRuns: 3000 },
  );
});
