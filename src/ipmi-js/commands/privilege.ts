import { bits, named } from "../bytes/layout.ts";

/** Privilege levels and limits. @see IPMI 2.0, section 6.8, and table 22-29 for `no-access` */
export const privilegeLevels = {
  0: "unspecified",
  1: "callback",
  2: "user",
  3: "operator",
  4: "administrator",
  5: "oem",
  15: "no-access",
} as const;

export type PrivilegeLevel = (typeof privilegeLevels)[keyof typeof privilegeLevels];

/** A privilege level in the low half of a byte. */
export const privilege = (at: number) => named(bits(at, 0, 4), privilegeLevels);

/** The number of a privilege level. */
export const privilegeNumbers = {
  unspecified: 0,
  callback: 1,
  user: 2,
  operator: 3,
  administrator: 4,
  oem: 5,
  "no-access": 15,
} as const satisfies Record<PrivilegeLevel, number>;
