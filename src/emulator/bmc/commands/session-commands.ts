import { privilegeNumbers, type PrivilegeLevel } from "../../../ipmi-js/commands/privilege.ts";
import {
  activateSession,
  closeSession,
  getChannelAuthenticationCapabilities,
  getChannelCipherSuites,
  getSessionChallenge,
  getSessionInfo,
  setSessionPrivilegeLevel,
  THIS_CHANNEL,
} from "../../../ipmi-js/commands/session.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { cipherSuite } from "../../../ipmi-js/crypto/algorithms.ts";
import { encodeCipherSuiteRecord } from "../../../ipmi-js/crypto/cipher-suite-records.ts";
import { LAN_CHANNEL } from "../model/lan-settings.ts";
import type { Session } from "../sessions/session.ts";
import { needs, type Caller, type CommandSet } from "./command-set.ts";
import { knownLevel, levelName } from "./levels.ts";
import { refuse } from "./refusal.ts";

/** @see IPMI 2.0, section 22.18 */
const [LEVEL_NOT_OF_USER, LEVEL_BEYOND_LIMIT] = [0x80, 0x81];
/** @see IPMI 2.0, section 22.19 */
const [INVALID_SESSION_ID, INVALID_SESSION_HANDLE] = [0x87, 0x88];
/** @see IPMI 2.0, section 22.15 */
const PORTION = 16;
/** @see IPMI 2.0, section 22.20 */
const [OWN_SESSION, BY_HANDLE, BY_ID] = [0x00, 0xfe, 0xff];
const keyBytes: Readonly<Record<number, number>> = { [BY_HANDLE]: 1, [BY_ID]: 4 };
const MAX_LEVEL = privilegeNumbers.administrator;

/** Refuses channels that have no sessions. */
export function requireLan(channel: number): void {
  if (channel !== LAN_CHANNEL && channel !== THIS_CHANNEL) refuse(completionCodes.invalidDataField);
}

/** The caller's session. What needs a level has one. */
const sessionOf = ({ session }: Caller): Session => session ?? refuse(completionCodes.insufficientPrivilege);

function setLevel(session: Session, wanted: PrivilegeLevel): PrivilegeLevel {
  const level = privilegeNumbers[wanted];
  if (level === 0) return levelName(session.level);
  if (level > session.user.privilege || level > MAX_LEVEL) refuse(LEVEL_NOT_OF_USER);
  if (level > session.maximum) refuse(LEVEL_BEYOND_LIMIT);
  session.level = level;
  return wanted;
}

function close(caller: Caller, sessionId: number, handle: number | undefined): void {
  const { sessions } = caller;
  const own = sessionOf(caller);
  const byHandle = sessionId === 0 && handle !== undefined;
  const session = byHandle ? sessions.active.find((active) => active.handle === handle) : sessions.find(sessionId);
  if (!session) refuse(byHandle ? INVALID_SESSION_HANDLE : INVALID_SESSION_ID);
  if (session !== own && own.level < MAX_LEVEL) refuse(completionCodes.insufficientPrivilege);
  caller.afterwards(() => sessions.close(session));
}

/** IPv4, also where it is written as an IPv6 address. */
const ipv4Of = (address: string) => /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? "0.0.0.0";

function u32(bytes: Uint8Array): number {
  let value = 0;
  for (let at = 3; at >= 0; at--) value = value * 256 + (bytes[at] ?? 0);
  return value;
}

function sessionByIndex(caller: Caller, index: number, key: Uint8Array): Session | undefined {
  const { active } = caller.sessions;
  if (key.length !== (keyBytes[index] ?? 0)) refuse(completionCodes.requestLengthInvalid);
  if (index === OWN_SESSION) return caller.session;
  if (index === BY_HANDLE) return active.find(({ handle }) => handle === key[0]);
  if (index === BY_ID) return active.find(({ id }) => id === u32(key));
  return active[index - 1];
}

function sessionInfo(caller: Caller, index: number, key: Uint8Array) {
  const { sessions } = caller;
  const counts = { slots: sessions.limits.max, active: sessions.active.length };
  const session = sessionByIndex(caller, index, key);
  if (!session) {
    const absent = { userId: undefined, privilege: undefined, protocol: undefined, channel: undefined };
    return { handle: 0, ...counts, ...absent, address: undefined, mac: undefined, port: undefined };
  }
  return {
    handle: session.handle,
    ...counts,
    userId: session.user.id,
    privilege: levelName(session.level),
    protocol: session.protocol,
    channel: LAN_CHANNEL,
    address: ipv4Of(session.peer.address),
    mac: "00:00:00:00:00:00",
    port: session.peer.port,
  };
}

/** What sessions need, IPMI 2.0 section 22. */
export function addSessionCommands(commands: CommandSet): void {
  addSetUp(commands);
  commands
    .on(setSessionPrivilegeLevel, needs.callback, (caller, { privilege }) => ({
      privilege: setLevel(sessionOf(caller), knownLevel(privilege)),
    }))
    .on(closeSession, needs.callback, (caller, { sessionId, handle }) => {
      close(caller, sessionId, handle);
      return {};
    })
    .on(getSessionInfo, needs.user, (caller, { index, key }) => sessionInfo(caller, index, key));
}

function addSetUp(commands: CommandSet): void {
  commands
    .on(getChannelAuthenticationCapabilities, needs.nothing, ({ model }, { wantsIpmi20, channel }) => {
      requireLan(channel);
      const { ipmi15, kG } = model.description;
      return {
        channel: LAN_CHANNEL,
        isExtended: wantsIpmi20,
        hasOem: false,
        hasPassword: ipmi15.includes("password"),
        hasMd5: ipmi15.includes("md5"),
        hasMd2: false,
        hasNone: ipmi15.includes("none"),
        needsKg: kG !== undefined,
        isPerMessageAuthenticationOn: true,
        isUserLevelAuthenticationOn: true,
        hasNamedUsers: model.users.enabled > 0,
        hasNullUsers: false,
        hasAnonymousLogin: false,
        supportsIpmi20: wantsIpmi20,
        supportsIpmi15: wantsIpmi20 && ipmi15.length > 0,
        oemId: 0,
        oemAuxiliary: 0,
      };
    })
    .on(getChannelCipherSuites, needs.nothing, ({ model }, { channel, listsSuites, index }) => {
      requireLan(channel);
      const suites = model.description.cipherSuites.flatMap((number) => cipherSuite(number) ?? []);
      const records = suites.map((suite) => Array.from(encodeCipherSuiteRecord(suite)));
      // A bare list has each algorithm once, without the suites' numbers; their tags tell them apart.
      const algorithms = new Set(records.flatMap((record) => record.slice(2)));
      const bytes = Uint8Array.from(listsSuites ? records.flat() : algorithms);
      return { channel: LAN_CHANNEL, records: bytes.slice(index * PORTION, (index + 1) * PORTION) };
    })
    .on(getSessionChallenge, needs.nothing, ({ login15 }, { authType, userName }) => {
      const challenge = login15.challenge(login15.offered(authType), userName);
      return typeof challenge === "number" ? refuse(challenge) : challenge;
    })
    .on(activateSession, needs.nothing, (caller, { authType, privilege, ...wanted }) => {
      const { login15, temporarySessionId, peer } = caller;
      const offered = login15.offered(authType);
      const level = privilegeNumbers[knownLevel(privilege)];
      const activation = { ...wanted, authType: offered, privilege: level };
      const session = login15.activate(temporarySessionId ?? 0, activation, peer);
      if (typeof session === "number") refuse(session);
      return { authType, sessionId: session.id, initialInboundSequence: 1, privilege };
    });
}
