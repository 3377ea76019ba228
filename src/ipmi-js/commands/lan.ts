import { bits, empty, flag, layout, named, rest, u8, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { repeatable } from "./define.ts";
import { ipv4, mac, text, wideBits } from "./fields.ts";

/** @see IPMI 2.0, section 23.2 */
export const getLanConfigurationParameters = repeatable(
  "Get LAN Configuration Parameters",
  netFns.transport,
  0x02,
  layout({
    channel: bits(0, 0, 4),
    /** Reads the parameter's revision and no data. */
    wantsRevisionOnly: flag(0, 7),
    parameter: u8(1),
    /** Which of several, 0 for parameters that are there once. */
    set: u8(2),
    block: u8(3),
  }),
  layout({ revision: u8(0), data: rest(1) }),
);

/** @see IPMI 2.0, section 23.1 */
export const setLanConfigurationParameters = repeatable(
  "Set LAN Configuration Parameters",
  netFns.transport,
  0x01,
  layout({ channel: bits(0, 0, 4), parameter: u8(1), data: rest(2) }),
  empty,
);

const addressSources = { 0: "unspecified", 1: "static", 2: "dhcp", 3: "bios", 4: "other" } as const;

const address = layout({ address: ipv4(0) });
const macAddress = layout({ mac: mac(0) });

/** The parameters that this package knows: number and form of each one's data. @see IPMI 2.0, table 23-4 */
export const lanParameters = {
  authTypeSupport: {
    parameter: 1,
    data: layout({
      hasNone: flag(0, 0),
      hasMd2: flag(0, 1),
      hasMd5: flag(0, 2),
      hasPassword: flag(0, 4),
      hasOem: flag(0, 5),
    }),
  },
  ipAddress: { parameter: 3, data: address },
  ipAddressSource: { parameter: 4, data: layout({ source: named(bits(0, 0, 4), addressSources) }) },
  macAddress: { parameter: 5, data: macAddress },
  subnetMask: { parameter: 6, data: address },
  arpControl: { parameter: 10, data: layout({ sendsGratuitousArps: flag(0, 0), answersArps: flag(0, 1) }) },
  defaultGateway: { parameter: 12, data: address },
  defaultGatewayMac: { parameter: 13, data: macAddress },
  backupGateway: { parameter: 14, data: address },
  backupGatewayMac: { parameter: 15, data: macAddress },
  communityString: { parameter: 16, data: layout({ community: text(0, 18) }) },
  vlanId: {
    parameter: 20,
    data: layout({ id: wideBits(0, 0, 12), isEnabled: flag(1, 7) }),
  },
  vlanPriority: { parameter: 21, data: layout({ priority: bits(0, 0, 3) }) },
  cipherSuiteCount: { parameter: 22, data: layout({ count: bits(0, 0, 5) }) },
  /** A reserved byte, then a suite's number in each. */
  cipherSuites: { parameter: 23, data: layout({ suites: rest(1) }) },
  /** A reserved byte, then the highest level for suites, four bits for each in the order of `cipherSuites`, low half first. */
  cipherSuitePrivileges: { parameter: 24, data: layout({ levels: rest(1) }) },
} as const;

export type LanParameterName = keyof typeof lanParameters;

/** What a parameter's data says. */
export type LanParameter<N extends LanParameterName> = Decoded<(typeof lanParameters)[N]["data"]>;
