import { bits, bytesAt, empty, flag, layout, named, optional, rest, u24, type Decoded } from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { repeatable } from "./define.ts";
import { cleared, text } from "./fields.ts";
import { privilege } from "./privilege.ts";

const media = {
  1: "ipmb",
  2: "icmb-1.0",
  3: "icmb-0.9",
  4: "lan",
  5: "serial",
  6: "other-lan",
  7: "pci-smbus",
  8: "smbus-1",
  9: "smbus-2",
  10: "usb-1",
  11: "usb-2",
  12: "system-interface",
} as const;

const protocols = {
  1: "ipmb",
  2: "icmb-1.0",
  4: "ipmi-smbus",
  5: "kcs",
  6: "smic",
  7: "bt-10",
  8: "bt-15",
  9: "terminal-mode",
} as const;

const sessionSupport = ["none", "single", "multiple", "selectable"] as const;

/** @see IPMI 2.0, section 22.24, tables 6-2 and 6-3 */
export const getChannelInfo = repeatable(
  "Get Channel Info",
  netFns.app,
  0x42,
  /** Eh is the channel by which the request comes. */
  layout({ channel: bits(0, 0, 4) }),
  layout({
    channel: bits(0, 0, 4),
    medium: named(bits(1, 0, 7), media),
    protocol: named(bits(2, 0, 5), protocols),
    sessionSupport: named(bits(3, 6, 2), sessionSupport),
    activeSessions: bits(3, 0, 6),
    /** IANA enterprise number of the protocol's author. */
    vendorId: u24(4),
    auxiliary: bytesAt(7, 2),
  }),
);
export type ChannelInfo = Decoded<typeof getChannelInfo.reply>;

const accessModes = ["disabled", "pre-boot", "always", "shared"] as const;

/** Which of two copies a setting is read from. */
const copies = { 1: "saved", 2: "present" } as const;

/** @see IPMI 2.0, section 22.23 */
export const getChannelAccess = repeatable(
  "Get Channel Access",
  netFns.app,
  0x41,
  layout({ channel: bits(0, 0, 4), copy: named(bits(1, 6, 2), copies) }),
  layout({
    accessMode: named(bits(0, 0, 3), accessModes),
    isUserLevelAuthenticationOn: cleared(flag(0, 3)),
    isPerMessageAuthenticationOn: cleared(flag(0, 4)),
    isAlertingOn: cleared(flag(0, 5)),
    privilegeLimit: privilege(1),
  }),
);
export type ChannelAccess = Decoded<typeof getChannelAccess.reply>;

const enabledStates = { 0: "unspecified", 1: "enabled", 2: "disabled" } as const;

/** @see IPMI 2.0, section 22.27 */
export const getUserAccess = repeatable(
  "Get User Access",
  netFns.app,
  0x44,
  layout({ channel: bits(0, 0, 4), userId: bits(1, 0, 6) }),
  layout({
    /** Users there can be, 1 where only the null user is. */
    maximumUsers: bits(0, 0, 6),
    state: named(bits(1, 6, 2), enabledStates),
    enabledUsers: bits(1, 0, 6),
    /** Users whose names cannot be changed. */
    fixedNames: bits(2, 0, 6),
    privilegeLimit: privilege(3),
    hasIpmiMessaging: flag(3, 4),
    hasLinkAuthentication: flag(3, 5),
    isCallbackOnly: flag(3, 6),
  }),
);
export type UserAccess = Decoded<typeof getUserAccess.reply>;

/** @see IPMI 2.0, section 22.26 */
export const setUserAccess = repeatable(
  "Set User Access",
  netFns.app,
  0x43,
  layout({
    channel: bits(0, 0, 4),
    hasIpmiMessaging: flag(0, 4),
    hasLinkAuthentication: flag(0, 5),
    isCallbackOnly: flag(0, 6),
    /** False where the three above stay as they are. */
    changesFlags: flag(0, 7),
    userId: bits(1, 0, 6),
    privilegeLimit: privilege(2),
    /** Sessions that the user may have at a time, 0 for any number. */
    sessionLimit: optional(bits(3, 0, 4)),
  }),
  empty,
);

/** @see IPMI 2.0, section 22.29 */
export const getUserName = repeatable(
  "Get User Name",
  netFns.app,
  0x46,
  layout({ userId: bits(0, 0, 6) }),
  layout({ name: text(0, 16) }),
);

/** @see IPMI 2.0, section 22.28 */
export const setUserName = repeatable(
  "Set User Name",
  netFns.app,
  0x45,
  layout({ userId: bits(0, 0, 6), name: text(1, 16) }),
  empty,
);

const passwordOperations = ["disable", "enable", "set", "test"] as const;

/** `password` is 16 or 20 bytes, zeros at its end; nothing for `disable` and `enable`. @see IPMI 2.0, section 22.30 */
export const setUserPassword = repeatable(
  "Set User Password",
  netFns.app,
  0x47,
  layout({
    userId: bits(0, 0, 6),
    isTwentyBytes: flag(0, 7),
    operation: named(bits(1, 0, 2), passwordOperations),
    password: rest(2),
  }),
  empty,
);
