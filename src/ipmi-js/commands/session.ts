import {
  bits,
  bytesAt,
  empty,
  flag,
  layout,
  named,
  optional,
  rest,
  u16,
  u24,
  u32,
  u8,
  type Decoded,
} from "../bytes/layout.ts";
import { netFns } from "./command.ts";
import { once, repeatable } from "./define.ts";
import { cleared, ipv4, mac, text } from "./fields.ts";
import { privilege } from "./privilege.ts";

/** The channel by which a request came. */
export const THIS_CHANNEL = 0x0e;

/** Authentication types of IPMI 1.5, and the format of IPMI 2.0. @see IPMI 2.0, table 13-8 */
export const authTypes = { 0: "none", 1: "md2", 2: "md5", 4: "password", 5: "oem", 6: "rmcp-plus" } as const;

export type AuthType = (typeof authTypes)[keyof typeof authTypes];

/** @see IPMI 2.0, section 22.13 */
export const getChannelAuthenticationCapabilities = repeatable(
  "Get Channel Authentication Capabilities",
  netFns.app,
  0x38,
  layout({ wantsIpmi20: flag(0, 7), channel: bits(0, 0, 4), privilege: privilege(1) }),
  layout(
    {
      channel: u8(0),
      /** True where the reply has the fields of IPMI 2.0. */
      isExtended: flag(1, 7),
      hasOem: flag(1, 5),
      hasPassword: flag(1, 4),
      hasMd5: flag(1, 2),
      hasMd2: flag(1, 1),
      hasNone: flag(1, 0),
      /** True where K_g is not null, that is, a second key is needed. */
      needsKg: flag(2, 5),
      isPerMessageAuthenticationOn: cleared(flag(2, 4)),
      isUserLevelAuthenticationOn: cleared(flag(2, 3)),
      hasNamedUsers: flag(2, 2),
      hasNullUsers: flag(2, 1),
      hasAnonymousLogin: flag(2, 0),
      supportsIpmi20: optional(flag(3, 1)),
      supportsIpmi15: optional(flag(3, 0)),
      /** IANA enterprise number behind the OEM authentication type. */
      oemId: optional(u24(4)),
      oemAuxiliary: optional(u8(7)),
    },
    8,
  ),
);
export type ChannelAuthenticationCapabilities = Decoded<typeof getChannelAuthenticationCapabilities.reply>;

/** IPMI 1.5. @see IPMI 2.0, section 22.16 */
export const getSessionChallenge = repeatable(
  "Get Session Challenge",
  netFns.app,
  0x39,
  layout({ authType: named(bits(0, 0, 4), authTypes), userName: text(1, 16) }),
  layout({ temporarySessionId: u32(0), challenge: bytesAt(4, 16) }),
);

/** IPMI 1.5. @see IPMI 2.0, section 22.17 */
export const activateSession = once(
  "Activate Session",
  netFns.app,
  0x3a,
  layout({
    authType: named(bits(0, 0, 4), authTypes),
    privilege: privilege(1),
    challenge: bytesAt(2, 16),
    initialOutboundSequence: u32(18),
  }),
  layout({
    authType: named(bits(0, 0, 4), authTypes),
    sessionId: u32(1),
    initialInboundSequence: u32(5),
    privilege: privilege(9),
  }),
);

/** @see IPMI 2.0, section 22.18 */
export const setSessionPrivilegeLevel = repeatable(
  "Set Session Privilege Level",
  netFns.app,
  0x3b,
  /** `unspecified` changes nothing and returns the present level. */
  layout({ privilege: privilege(0) }),
  layout({ privilege: privilege(0) }),
);

/** @see IPMI 2.0, section 22.19 */
export const closeSession = once(
  "Close Session",
  netFns.app,
  0x3c,
  layout({
    sessionId: u32(0),
    /** With `sessionId` 0. */
    handle: optional(u8(4)),
  }),
  empty,
);

const sessionProtocols = { 0: "ipmi-1.5", 1: "ipmi-2.0" } as const;

/** What is known of one session. @see IPMI 2.0, section 22.20 */
export const getSessionInfo = repeatable(
  "Get Session Info",
  netFns.app,
  0x3d,
  layout({
    /** 0 for this session, n for the nth that is active, FEh with a handle behind it, FFh with a session id. */
    index: u8(0),
    key: rest(1),
  }),
  layout({
    /** 0 where there is no such session; then only the counts follow. */
    handle: u8(0),
    slots: bits(1, 0, 6),
    active: bits(2, 0, 6),
    userId: optional(bits(3, 0, 6)),
    privilege: optional(privilege(4)),
    protocol: optional(named(bits(5, 4, 4), sessionProtocols)),
    channel: optional(bits(5, 0, 4)),
    /** The remote console's address, on LAN channels. */
    address: optional(ipv4(6)),
    mac: optional(mac(10)),
    port: optional(u16(16)),
  }),
);
export type SessionInfo = Decoded<typeof getSessionInfo.reply>;

/** The list comes in portions of 16 bytes; a shorter one is the last. @see IPMI 2.0, section 22.15 */
export const getChannelCipherSuites = repeatable(
  "Get Channel Cipher Suites",
  netFns.app,
  0x54,
  layout({
    channel: bits(0, 0, 4),
    /** 0 for IPMI, 1 for Serial over LAN. */
    payloadType: bits(1, 0, 6),
    /** True for suites, false for a bare list of algorithms. */
    listsSuites: flag(2, 7),
    /** Number of the portion, from 0 on. */
    index: bits(2, 0, 6),
  }),
  layout({ channel: u8(0), records: rest(1) }),
);
