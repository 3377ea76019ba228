import { dirname } from "node:path";
import type { Machine } from "./machine.ts";
import { mayAccess, wishes } from "./service-user.ts";

/** What rights are looked up with. */
export type RightsView = Pick<Machine, "facts" | "user" | "groupName">;

/** Why a user may not do something with a file, and what to do. */
export interface Refusal {
  readonly message: string;
  readonly advice: string;
}

const modeOf = (mode: number) => (mode & 0o7777).toString(8).padStart(4, "0");

const namesOf = (wanted: number) =>
  Object.entries(wishes)
    .filter(([, bit]) => (wanted & bit) !== 0)
    .map(([name]) => name)
    .join(" and ");

/** Why the service may not do what `wanted` says with what is at a path; undefined where it may, or where there is nothing. */
export function refusalAt(path: string, wanted: number, machine: RightsView): Refusal | undefined {
  const { user } = machine;
  for (const folder of foldersAbove(path)) {
    const facts = machine.facts(folder);
    if (!facts || mayAccess(facts, user, wishes.search)) continue;
    const message = `the user ${user.name} may not get into ${folder} (mode ${modeOf(facts.mode)}), where ${path} is`;
    return { message, advice: `let it into ${folder} (chmod o+x, or another group), or move the file` };
  }
  const facts = machine.facts(path);
  if (!facts || mayAccess(facts, user, wanted)) return undefined;
  const { gid, mode, kind } = facts;
  const group = machine.groupName(gid);
  const message = `the user ${user.name} may not ${namesOf(wanted)} ${path} (mode ${modeOf(mode)}, group ${group})`;
  if (gid !== 0 && ((mode >> 3) & wanted) === wanted)
    return { message, advice: `sudo usermod -aG ${group} ${user.name}, and restart the service` };
  if (kind === "character-device")
    return { message, advice: "let a udev rule give it to a group such as dialout or gpio, with mode 0660" };
  if (kind === "folder") return { message, advice: `sudo chown ${user.name}: ${path}` };
  return { message, advice: `sudo chgrp ${user.name} ${path} and sudo chmod 640 ${path}` };
}

/** From the root down. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = dirname(path); ; at = dirname(at)) {
    folders.unshift(at);
    if (at === dirname(at)) return folders;
  }
}
