import { getChannelInfo, getUserAccess, getUserName, type UserAccess } from "../commands/channel-user.ts";
import { getChassisStatus, type ChassisStatus } from "../commands/chassis.ts";
import type { CallOptions, Requester } from "../commands/command.ts";
import {
  describeSelfTest,
  formatGuid,
  getDeviceId,
  getSelfTestResults,
  getSystemGuid,
  type DeviceId,
} from "../commands/device.ts";
import { getLanConfigurationParameters, lanParameters, type LanParameter } from "../commands/lan.ts";
import { LengthError } from "../bytes/layout.ts";
import { THIS_CHANNEL } from "../commands/session.ts";
import { unlessRefused } from "./procedure-options.ts";

/** What a BMC is. What it does not tell is undefined. */
export interface DeviceSummary {
  readonly device: DeviceId;
  /** `1.34` */
  readonly firmware: string;
  /** Of the system, as most boards mean it: `formatGuid` with "smbios". */
  readonly guid: string | undefined;
  /** In words: `no error`, or each fault. */
  readonly selfTest: readonly string[] | undefined;
  readonly chassis: ChassisStatus | undefined;
}

/** A firmware's version, the minor one with two digits. */
export const firmwareVersion = ({ firmwareMajor, firmwareMinor }: DeviceId): string =>
  `${firmwareMajor}.${String(firmwareMinor).padStart(2, "0")}`;

/** What a BMC is, and how it is. @throws IpmiError where it does not answer */
export async function readDeviceSummary(requester: Requester, options?: CallOptions): Promise<DeviceSummary> {
  const device = await requester.execute(getDeviceId, {}, options);
  const guid = await unlessRefused(requester.execute(getSystemGuid, {}, options));
  const selfTest = await unlessRefused(requester.execute(getSelfTestResults, {}, options));
  const chassis = await unlessRefused(requester.execute(getChassisStatus, {}, options));
  return {
    device,
    firmware: firmwareVersion(device),
    guid: guid && formatGuid(guid.guid, "smbios"),
    selfTest: selfTest && describeSelfTest(selfTest),
    chassis,
  };
}

/** How a BMC is reached over LAN. What it does not tell is undefined. */
export interface LanConfiguration {
  readonly channel: number;
  readonly address: string | undefined;
  readonly source: LanParameter<"ipAddressSource">["source"] | undefined;
  readonly mac: string | undefined;
  readonly subnetMask: string | undefined;
  readonly gateway: string | undefined;
  readonly gatewayMac: string | undefined;
  /** Undefined also where no VLAN is used. */
  readonly vlanId: number | undefined;
}

/**
 * The LAN settings of a channel.
 *
 * @param channel that by which the request comes where it is absent
 * @throws IpmiError
 * @see IPMI 2.0, section 23.2
 */
export async function readLanConfiguration(
  requester: Requester,
  channel?: number,
  options?: CallOptions,
): Promise<LanConfiguration> {
  const number = channel ?? (await ownChannel(requester, options));
  const read = async <T>({ parameter, data }: { parameter: number; data: { decode(bytes: Uint8Array): T } }) => {
    const request = { channel: number, wantsRevisionOnly: false, parameter, set: 0, block: 0 };
    const reply = await unlessRefused(requester.execute(getLanConfigurationParameters, request, options));
    return reply && unlessShort(() => data.decode(reply.data));
  };
  const vlan = await read(lanParameters.vlanId);
  return {
    channel: number,
    address: (await read(lanParameters.ipAddress))?.address,
    source: (await read(lanParameters.ipAddressSource))?.source,
    mac: (await read(lanParameters.macAddress))?.mac,
    subnetMask: (await read(lanParameters.subnetMask))?.address,
    gateway: (await read(lanParameters.defaultGateway))?.address,
    gatewayMac: (await read(lanParameters.defaultGatewayMac))?.mac,
    vlanId: vlan?.isEnabled ? vlan.id : undefined,
  };
}

function unlessShort<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof LengthError)) throw error;
    return undefined;
  }
}

async function ownChannel(requester: Requester, options?: CallOptions): Promise<number> {
  return (await requester.execute(getChannelInfo, { channel: THIS_CHANNEL }, options)).channel;
}

/** A user of a BMC on one channel. */
export interface BmcUser extends UserAccess {
  readonly userId: number;
  readonly name: string;
}

/**
 * The users that a BMC has, without those that have neither a name nor access.
 *
 * @param channel that by which the request comes where it is absent
 * @throws IpmiError
 * @see IPMI 2.0, sections 22.27 and 22.29
 */
export async function readUsers(
  requester: Requester,
  channel = THIS_CHANNEL,
  options?: CallOptions,
): Promise<readonly BmcUser[]> {
  const users: BmcUser[] = [];
  let last = 1;
  for (let userId = 1; userId <= last; userId++) {
    const access = await unlessRefused(requester.execute(getUserAccess, { channel, userId }, options));
    if (!access) continue;
    last = access.maximumUsers;
    // Names that were never set are refused by some.
    const name = (await unlessRefused(requester.execute(getUserName, { userId }, options)))?.name ?? "";
    if (name !== "" || access.hasIpmiMessaging) users.push({ userId, name, ...access });
  }
  return users;
}
