import type { Right } from "../devices/caller.ts";

/** What someone is: a reader reads, an operator also controls, an admin also changes the appliance itself. */
export const roles = ["reader", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/** True for the name of a role, as it is spelled here. */
export const isRole = (text: unknown): text is Role => roles.some((role) => role === text);

const rights: Readonly<Record<Role, readonly Right[]>> = {
  reader: ["read"],
  operator: ["read", "control"],
  admin: ["read", "control", "administer"],
};

/** True where a role includes a right. */
export const roleIncludes = (role: Role, right: Right): boolean => rights[role].includes(right);
