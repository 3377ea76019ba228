import type { Reserved } from "../../../ipmi-js/bytes/layout.ts";
import { privilegeLevels, privilegeNumbers, type PrivilegeLevel } from "../../../ipmi-js/commands/privilege.ts";
import { completionCodes } from "../../../ipmi-js/completion-codes.ts";
import { refuse } from "./refusal.ts";

const isLevel = (name: string): name is PrivilegeLevel => Object.hasOwn(privilegeNumbers, name);

/** A level that was asked for. @throws Refusal for numbers that are none */
export const knownLevel = (name: PrivilegeLevel | Reserved): PrivilegeLevel =>
  isLevel(name) ? name : refuse(completionCodes.invalidDataField);

/** The name of a level that is one. */
export function levelName(level: number): PrivilegeLevel {
  const found = Object.entries(privilegeLevels).find(([number]) => Number(number) === level);
  return found ? found[1] : "no-access";
}
