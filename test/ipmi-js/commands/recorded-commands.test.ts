/** The command table against what ipmitool, FreeIPMI and pyghmi sent to a simulated BMC, and what they said of its answers. */
import { describe, expect, test } from "bun:test";
import {
  bootParameters,
  getSystemBootOptions,
  setSystemBootOptions,
} from "../../../src/ipmi-js/commands/boot-options.ts";
import {
  getChannelAccess,
  getChannelInfo,
  getUserAccess,
  getUserName,
} from "../../../src/ipmi-js/commands/channel-user.ts";
import { chassisControl, chassisIdentify, getChassisStatus } from "../../../src/ipmi-js/commands/chassis.ts";
import { formatGuid, getDeviceId, getSystemGuid } from "../../../src/ipmi-js/commands/device.ts";
import { getLanConfigurationParameters, lanParameters } from "../../../src/ipmi-js/commands/lan.ts";
import { getSdrRepositoryInfo } from "../../../src/ipmi-js/commands/sdr.ts";
import { clearSel, getSelAllocationInfo, getSelInfo } from "../../../src/ipmi-js/commands/sel.ts";
import { getSensorThresholds, setSensorThresholds } from "../../../src/ipmi-js/commands/sensor.ts";
import { getSessionInfo } from "../../../src/ipmi-js/commands/session.ts";
import { findCommand } from "../../../src/ipmi-js/commands/table.ts";
import { setWatchdogTimer } from "../../../src/ipmi-js/commands/watchdog.ts";
import type { Command } from "../../../src/ipmi-js/commands/command.ts";
import { recordedSession, recordedSessions } from "../../support/recorded-ipmi.ts";
import { recordedCommands } from "../../support/recorded-messages.ts";

/** ipmi_sim answers these with bytes that are none of theirs behind the completion code. */
const withRubbish = new Set(["Chassis Identify", "Set Watchdog Timer"]);

test("everything that was recorded is decoded, and encoded as it was", () => {
  const names = new Set<string>();
  for (const session of recordedSessions()) {
    for (const { netFn, code, request, completionCode, reply } of recordedCommands(session)) {
      const command = findCommand(netFn, code);
      if (!command) continue;
      names.add(command.name);
      const place = `${session.name}: ${command.name}`;
      expect([place, command.request.encode(command.request.decode(request)).toHex()]).toEqual([
        place,
        request.toHex(),
      ]);
      if (completionCode !== 0 || withRubbish.has(command.name)) continue;
      expect([place, command.reply.encode(command.reply.decode(reply)).toHex()]).toEqual([place, reply.toHex()]);
    }
  }
  expect(names.size).toBeGreaterThan(38);
});

/** All requests of a command in a recording that were answered without error, and their replies. */
function exchanges<Request, Reply>(
  name: string,
  command: Command<Request, Reply>,
): { request: Request; reply: Reply }[] {
  return recordedCommands(recordedSession(name))
    .filter(
      ({ netFn, code, completionCode }) => netFn === command.netFn && code === command.code && completionCode === 0,
    )
    .map(({ request, reply }) => ({ request: command.request.decode(request), reply: command.reply.decode(reply) }));
}

function first<T>([value]: readonly T[]): T {
  if (value === undefined) throw new RangeError("nothing of the kind was recorded");
  return value;
}

/** What a program printed, by the words before the colon. */
const printed = (name: string, label: string): string | undefined =>
  recordedSession(name)
    .output.find((line) => line.trim().startsWith(label))
    ?.split(/:(.*)/s)[1]
    ?.trim();

const yes = (value: boolean) => (value ? "supported" : "unsupported");

const bmcInfo = (label: string) => printed("freeipmi-bmc-info", label);
const lanPrint = (label: string) => printed("ipmitool-lan", label) ?? "";

describe("what foreign programs understood", () => {
  test("Get Device ID", () => {
    const { reply } = first(exchanges("freeipmi-bmc-info", getDeviceId));
    expect(String(reply.deviceId)).toBe(bmcInfo("Device ID")!);
    expect(String(reply.deviceRevision)).toBe(bmcInfo("Device Revision")!);
    expect(`${reply.firmwareMajor}.${reply.firmwareMinor}`).toBe(bmcInfo("Firmware Revision")!);
    expect(reply.ipmiVersion).toBe(bmcInfo("IPMI Version")!);
    expect(bmcInfo("Manufacturer ID")).toEndWith(`(${reply.manufacturerId})`);
    expect(String(reply.productId)).toBe(bmcInfo("Product ID")!);
    expect(reply.isUpdating).toBeFalse();
    expect(yes(reply.hasDeviceSdrs)).toBe(bmcInfo("Device SDRs")!);
    expect(yes(reply.hasSensors)).toBe(bmcInfo("Sensor Device")!);
    expect(yes(reply.hasSdrRepository)).toBe(bmcInfo("SDR Repository Device")!);
    expect(yes(reply.hasSel)).toBe(bmcInfo("SEL Device")!);
    expect(yes(reply.hasFru)).toBe(bmcInfo("FRU Inventory Device")!);
    expect(yes(reply.isEventReceiver)).toBe(bmcInfo("IPMB Event Receiver")!);
    expect(yes(reply.isEventGenerator)).toBe(bmcInfo("IPMB Event Generator")!);
    expect(yes(reply.isBridge)).toBe(bmcInfo("Bridge")!);
    expect(yes(reply.isChassisDevice)).toBe(bmcInfo("Chassis Device")!);
  });

  test("Get System GUID, which FreeIPMI reads least significant byte first", () => {
    const { reply } = first(exchanges("freeipmi-bmc-info", getSystemGuid));
    expect(formatGuid(reply.guid, "ipmi")).toBe(printed("freeipmi-bmc-info", "System GUID")!);
  });

  test("chassis: status, every control action, every identification", () => {
    const { reply } = first(exchanges("freeipmi-chassis", getChassisStatus));
    expect(reply).toMatchObject({ isOn: true, isOverloaded: false, hasPowerFault: false, restorePolicy: "always-off" });
    expect(reply).toMatchObject({ isPowerButtonDisabled: undefined, knowsIdentifyState: false });
    const controls = recordedCommands(recordedSession("ipmitool-power"))
      .filter(({ netFn, code }) => netFn === chassisControl.netFn && code === chassisControl.code)
      .map(({ request }) => chassisControl.request.decode(request).control);
    expect(controls).toEqual(["off", "on", "cycle", "reset", "soft-off", "diagnostic-interrupt"]);
    expect(exchanges("ipmitool-power", getChassisStatus).map(({ reply: status }) => status.isOn)).toEqual([
      true,
      false,
      false,
    ]);
    expect(exchanges("ipmitool-identify", chassisIdentify).map(({ request }) => request)).toEqual([
      { intervalSeconds: undefined, isForced: undefined },
      { intervalSeconds: 30, isForced: undefined },
      { intervalSeconds: 0, isForced: true },
      { intervalSeconds: 0, isForced: undefined },
    ]);
  });

  test("boot options", () => {
    const written = exchanges("ipmitool-boot", setSystemBootOptions).map(({ request }) => request);
    const flags = written
      .filter(({ parameter }) => parameter === 5)
      .map(({ data }) => bootParameters.bootFlags.data.decode(data));
    expect(flags).toMatchObject([
      { isValid: true, isPersistent: false, bootType: "legacy", device: "pxe" },
      { isValid: true, isPersistent: true, bootType: "efi", device: "hdd" },
      { isValid: true, isPersistent: false, bootType: "legacy", device: "no-override" },
    ]);
    const acknowledged = written.find(({ parameter }) => parameter === 4);
    expect(bootParameters.infoAcknowledge.data.decode(acknowledged!.data)).toMatchObject({ mask: 1, byBios: true });
    const [read] = exchanges("ipmitool-boot", getSystemBootOptions);
    expect(read!.reply).toMatchObject({ version: 1, parameter: 5, isLocked: false });
    expect(bootParameters.bootFlags.data.decode(read!.reply.data)).toMatchObject({ isValid: false, device: "pxe" });
    const [clearing] = exchanges("pyghmi-boot", setSystemBootOptions);
    expect(clearing!.request.parameter).toBe(bootParameters.flagValidityClearing.parameter);
    expect(bootParameters.flagValidityClearing.data.decode(clearing!.request.data)).toEqual({
      keepsOnPowerButton: false,
      keepsOnResetButton: false,
      keepsOnWatchdog: false,
      keepsOnTimeout: true,
      keepsOnEventFilter: false,
    });
  });

  test("LAN parameters", () => {
    const replies = new Map(
      exchanges("ipmitool-lan", getLanConfigurationParameters).map(({ request, reply }) => [
        request.parameter,
        reply.data,
      ]),
    );
    const of = <T>({ parameter, data }: { parameter: number; data: { decode(bytes: Uint8Array): T } }) =>
      data.decode(replies.get(parameter) ?? new Uint8Array());
    expect(of(lanParameters.ipAddress).address).toBe(lanPrint("IP Address  "));
    expect(of(lanParameters.ipAddressSource).source).toBe("static");
    expect(of(lanParameters.subnetMask).address).toBe(lanPrint("Subnet Mask"));
    expect(of(lanParameters.macAddress).mac).toBe(lanPrint("MAC Address"));
    expect(of(lanParameters.defaultGateway).address).toBe(lanPrint("Default Gateway IP"));
    expect(of(lanParameters.defaultGatewayMac).mac).toBe(lanPrint("Default Gateway MAC"));
    expect(of(lanParameters.communityString).community).toBe(lanPrint("SNMP Community String"));
    expect(of(lanParameters.vlanId)).toEqual({ id: 0, isEnabled: false });
    expect([...of(lanParameters.cipherSuites).suites].slice(0, 15).join(",")).toBe(lanPrint("RMCP+ Cipher Suites"));
    expect(of(lanParameters.authTypeSupport)).toEqual({
      hasNone: true,
      hasMd2: true,
      hasMd5: true,
      hasPassword: true,
      hasOem: false,
    });
  });

  test("channels, users and sessions", () => {
    expect(first(exchanges("ipmitool-channel", getChannelInfo)).reply).toMatchObject({
      medium: "lan",
      protocol: "ipmb",
      sessionSupport: "multiple",
      activeSessions: 1,
      vendorId: 7154,
    });
    const access = exchanges("ipmitool-channel", getChannelAccess);
    expect(access.map(({ request }) => request.copy)).toEqual(["present", "saved"]);
    expect(access[0]!.reply).toEqual({
      accessMode: "always",
      isUserLevelAuthenticationOn: true,
      isPerMessageAuthenticationOn: true,
      isAlertingOn: true,
      privilegeLimit: "administrator",
    });
    expect(first(exchanges("ipmitool-channel", getUserAccess)).reply).toEqual({
      maximumUsers: 63,
      state: "unspecified",
      enabledUsers: 9,
      fixedNames: 0,
      privilegeLimit: "administrator",
      hasIpmiMessaging: true,
      hasLinkAuthentication: false,
      isCallbackOnly: false,
    });
    expect(first(exchanges("ipmitool-channel", getUserName)).reply.name).toBe("admin");
    expect(first(exchanges("ipmitool-channel", getSessionInfo)).reply).toMatchObject({
      handle: 1,
      slots: 63,
      active: 1,
      userId: 2,
      privilege: "administrator",
      protocol: "ipmi-2.0",
      channel: 1,
      address: undefined,
    });
  });

  test("repositories and logs", () => {
    expect(first(exchanges("ipmitool-sdr-info", getSdrRepositoryInfo)).reply).toMatchObject({
      version: "1.5",
      records: Number(printed("ipmitool-sdr-info", "Record Count")),
      freeBytes: 0xfffe,
      hasOverflowed: false,
      updateMode: "unspecified",
      canDelete: false,
      canAddPartially: false,
      canReserve: true,
      canTellAllocation: false,
    });
    const of = (label: string) => Number(printed("ipmitool-sel", label)?.split(" ")[0]);
    expect(first(exchanges("ipmitool-sel", getSelInfo)).reply).toMatchObject({
      version: "1.5",
      entries: of("Entries"),
      freeBytes: of("Free Space"),
      hasOverflowed: false,
      canDelete: true,
      canAddPartially: false,
      canReserve: true,
      canTellAllocation: true,
    });
    expect(first(exchanges("ipmitool-sel", getSelAllocationInfo)).reply).toEqual({
      units: of("# of Alloc Units"),
      unitBytes: of("Alloc Unit Size"),
      freeUnits: of("# Free Units"),
      largestFreeUnits: of("Largest Free Blk"),
      largestRecordUnits: of("Max Record Size"),
    });
    const cleared = first(exchanges("ipmitool-sel-clear", clearSel));
    expect(cleared).toEqual({
      request: { reservation: 1, mark: "CLR", operation: "initiate" },
      reply: { progress: "completed" },
    });
  });

  test("thresholds: the SDR of sensor 1 has upper ones alone", () => {
    expect(first(exchanges("ipmitool-thresholds", getSensorThresholds)).reply.thresholds).toEqual({
      upperNonCritical: 0x55,
      upperCritical: 0x5f,
      upperNonRecoverable: 0x69,
    });
    expect(first(exchanges("ipmitool-thresholds", setSensorThresholds)).request).toEqual({
      sensor: 1,
      thresholds: { upperNonCritical: 0x50 },
    });
  });

  test("Set Watchdog Timer as `mc watchdog off` sends it", () => {
    expect(first(exchanges("ipmitool-watchdog", setWatchdogTimer)).request).toMatchObject({
      use: "sms-os",
      isLoggingOff: false,
      keepsRunning: false,
      action: "none",
      preTimeoutInterrupt: "none",
      expirations: 0x10,
      initialCountdown: 3000,
    });
  });
});
