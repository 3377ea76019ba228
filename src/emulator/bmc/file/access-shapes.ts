import {
  choice,
  distinct,
  flag,
  integer,
  list,
  matching,
  number,
  object,
  oneOf,
  optional,
  required,
  section,
  text,
  withDefault,
  type MemberValue,
  type Shape,
  type Shaped,
} from "./shape.ts";

/** Privilege levels by name. @see IPMI 2.0, section 6.8 */
const privilegeLevels = { callback: 1, user: 2, operator: 3, administrator: 4 } as const;

/** User ids that may have a name; 1 is the null user, which no emulated BMC has. */
const LOWEST_USER_ID = 2;
const HIGHEST_USER_ID = 15;
/** @see IPMI 2.0, section 13.20 (name) and 13.31 (keys of 20 bytes) */
const MAX_NAME = 16;
const MAX_PASSWORD = 20;
/** Sessions that Get Session Info can count, IPMI 2.0 table 22-25. */
const MAX_SESSIONS = 63;

const userShape = object('a user: an object with "id", "name", "password" and "privilege"', {
  id: required(integer(LOWEST_USER_ID, HIGHEST_USER_ID)),
  name: required(text(MAX_NAME, 1)),
  password: required(text(MAX_PASSWORD, 0, "secret")),
  privilege: required(oneOf(privilegeLevels)),
  enabled: withDefault(flag, true),
  /** Sessions that this user may have at a time; as many as there are where it is absent. */
  max_sessions: optional(integer(1, MAX_SESSIONS)),
});

/** Someone who may log in. */
export type UserDescription = Shaped<typeof userShape>;

export const users = distinct(
  distinct(list(userShape, "an array of users"), "an id", ({ id }) => [id], "id"),
  "a name and a privilege",
  ({ name, privilege }) => [`${name}/${privilege}`],
  "name",
);

export const sessions = section({
  max: withDefault(integer(1, MAX_SESSIONS), 4),
  idle_timeout_s: withDefault(number(1, 3600), 60),
  /** For sessions that have been opened and never been activated. */
  setup_timeout_s: withDefault(number(1, 3600), 10),
});

/** How many sessions there may be, and for how long. */
export type SessionLimits = MemberValue<typeof sessions>;

/** All that can be offered but suite 0, which lets everyone in. @see IPMI 2.0, table 22-20 */
const offeredSuites = [1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17] as const;

const suiteExpected = `one of the cipher suites ${offeredSuites.join(", ")}`;

const suiteShape: Shape<number> = {
  expected: suiteExpected,
  read: (place) => offeredSuites.find((suite) => suite === place.value) ?? place.refuse(suiteExpected),
};

export const cipherSuites = distinct(list(suiteShape, "an array of cipher suites"), "a cipher suite", (suite) => [
  suite,
]);

export const ipmi15 = list(choice("none", "md5", "password"), "an array of authentication types");

const ipv4Shape = matching(/^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/, "an IPv4 address");

export const lan = section({
  /** What is reported; the address that the BMC listens on where it is absent. */
  ip: optional(ipv4Shape),
  mask: withDefault(ipv4Shape, "255.255.255.0"),
  gateway: withDefault(ipv4Shape, "0.0.0.0"),
  mac: withDefault(matching(/^[\da-f]{2}(:[\da-f]{2}){5}$/i, "a MAC address"), "02:00:00:00:00:01"),
  source: withDefault(oneOf({ static: 1, dhcp: 2 }), 1),
  vlan: optional(integer(1, 4094)),
});
