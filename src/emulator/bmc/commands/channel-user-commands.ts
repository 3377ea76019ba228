import {
  getChannelAccess,
  getChannelInfo,
  getUserAccess,
  getUserName,
  setUserAccess,
  setUserName,
  setUserPassword,
} from "../../../ipmi-js/commands/channel-user.ts";
import { privilegeNumbers } from "../../../ipmi-js/commands/privilege.ts";
import { THIS_CHANNEL } from "../../../ipmi-js/commands/session.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { isSameCode } from "../../../ipmi-js/crypto/hash.ts";
import { LAN_CHANNEL } from "../model/lan-settings.ts";
import { MAXIMUM_USERS, SHORT_PASSWORD, type User } from "../model/users.ts";
import { needs, type Caller, type CommandSet } from "./command-set.ts";
import { knownLevel, levelName } from "./levels.ts";
import { refuse } from "./refusal.ts";
import { requireLan } from "./session-commands.ts";

/** Enterprise number of whoever defined the protocol: the IPMI forum. */
const IPMI_FORUM = 7154;
const NULL_USER = 1;
/** @see IPMI 2.0, section 22.23 */
const CHANNEL_WITHOUT_SESSIONS = 0x82;
/** @see IPMI 2.0, section 22.30 */
const [PASSWORD_DIFFERS, PASSWORD_SIZE_WRONG] = [0x80, 0x81];
const LONG_PASSWORD = 20;

interface ChannelTraits {
  readonly medium: "ipmb" | "lan" | "system-interface";
  readonly protocol: "ipmb" | "kcs";
  readonly sessionSupport: "none" | "multiple";
}

const channels: Readonly<Record<number, ChannelTraits>> = {
  0: { medium: "ipmb", protocol: "ipmb", sessionSupport: "none" },
  [LAN_CHANNEL]: { medium: "lan", protocol: "ipmb", sessionSupport: "multiple" },
  15: { medium: "system-interface", protocol: "kcs", sessionSupport: "none" },
};

/** A user whose settings can be asked for. */
function anyUser({ model }: Caller, id: number): User {
  if (id < NULL_USER || id > MAXIMUM_USERS) refuse(completionCodes.invalidDataField);
  return model.users.get(id);
}

/** A user who can be changed: all but the one without a name. */
function changeableUser(caller: Caller, id: number): User {
  if (id === NULL_USER) refuse(completionCodes.invalidDataField);
  return anyUser(caller, id);
}

/** Channels and users, IPMI 2.0 section 22. */
export function addChannelUserCommands(commands: CommandSet): void {
  commands
    .on(getChannelInfo, needs.user, ({ sessions }, request) => {
      const channel = request.channel === THIS_CHANNEL ? LAN_CHANNEL : request.channel;
      const traits = channels[channel] ?? refuse(completionCodes.invalidDataField);
      const activeSessions = channel === LAN_CHANNEL ? sessions.active.length : 0;
      return { channel, ...traits, activeSessions, vendorId: IPMI_FORUM, auxiliary: new Uint8Array(2) };
    })
    .on(getChannelAccess, needs.user, (_, { channel, copy }) => {
      if (channel !== LAN_CHANNEL && channel !== THIS_CHANNEL) refuse(CHANNEL_WITHOUT_SESSIONS);
      if (copy !== "saved" && copy !== "present") refuse(completionCodes.invalidDataField);
      return {
        accessMode: "always",
        isUserLevelAuthenticationOn: true,
        isPerMessageAuthenticationOn: true,
        isAlertingOn: false,
        privilegeLimit: "administrator",
      };
    })
    .on(getUserName, needs.operator, (caller, { userId }) => ({ name: anyUser(caller, userId).name }))
    .on(getUserAccess, needs.operator, (caller, { channel, userId }) => {
      requireLan(channel);
      const { privilege, isEnabled, name, use } = anyUser(caller, userId);
      const state: "enabled" | "disabled" = isEnabled ? "enabled" : "disabled";
      return {
        maximumUsers: MAXIMUM_USERS,
        state,
        enabledUsers: caller.model.users.enabled,
        fixedNames: NULL_USER,
        privilegeLimit: levelName(privilege),
        ...use,
        hasIpmiMessaging: isEnabled && name !== "" && use.hasIpmiMessaging,
      };
    });
  addSetters(commands);
}

function addSetters(commands: CommandSet): void {
  commands
    .on(setUserAccess, needs.administrator, (caller, request) => {
      const { channel, userId, privilegeLimit, sessionLimit, changesFlags } = request;
      const { hasIpmiMessaging, hasLinkAuthentication, isCallbackOnly } = request;
      requireLan(channel);
      const user = changeableUser(caller, userId);
      const privilege = privilegeNumbers[knownLevel(privilegeLimit)];
      const maxSessions = sessionLimit === undefined ? user.maxSessions : sessionLimit === 0 ? undefined : sessionLimit;
      const use = changesFlags ? { hasIpmiMessaging, hasLinkAuthentication, isCallbackOnly } : user.use;
      caller.model.users.put({ ...user, privilege, maxSessions, use });
      return {};
    })
    .on(setUserName, needs.administrator, (caller, { userId, name }) => {
      caller.model.users.put({ ...changeableUser(caller, userId), name });
      return {};
    })
    .on(setUserPassword, needs.administrator, (caller, { userId, operation, isTwentyBytes, password }) => {
      const user = changeableUser(caller, userId);
      const { users } = caller.model;
      if (operation === "enable" || operation === "disable") {
        users.put({ ...user, isEnabled: operation === "enable" });
        return {};
      }
      if (password.length !== (isTwentyBytes ? LONG_PASSWORD : SHORT_PASSWORD))
        refuse(completionCodes.requestLengthInvalid);
      const end = password.indexOf(0);
      const meant = end < 0 ? password : password.slice(0, end);
      if (operation === "set") users.put({ ...user, password: meant, isLongPassword: isTwentyBytes });
      else if (operation !== "test") refuse(completionCodes.invalidDataField);
      else if (isTwentyBytes !== user.isLongPassword) refuse(PASSWORD_SIZE_WRONG);
      else if (!isSameCode(meant, user.password)) refuse(PASSWORD_DIFFERS);
      return {};
    });
}
