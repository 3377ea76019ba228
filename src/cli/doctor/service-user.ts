/** A user, as rights are looked up by. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gids: ReadonlySet<number>;
}

/** Whose a file is, and who may do what with it. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The user that the package makes. */
export const SERVICE_USER = "opendcre";

const ROOT = 0;

const entriesOf = (text: string) => text.split("\n").map((line) => line.split(":"));

/** A user by the texts of /etc/passwd and /etc/group; undefined where there is none of this name or number. */
export function userIn(passwd: string, group: string, which: string | number): SystemUser | undefined {
  const key = String(which);
  const entry = entriesOf(passwd).find(([name, , uid]) => (typeof which === "string" ? name : uid) === key);
  const [name, , uid, gid] = entry ?? [];
  if (name === undefined || !/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")) return undefined;
  const further = entriesOf(group).flatMap(([, , id = "", members = ""]) =>
    members.split(",").includes(name) && /^\d+$/.test(id) ? [Number(id)] : [],
  );
  return { name, uid: Number(uid), gids: new Set([Number(gid), ...further]) };
}

/** The name of a group; its number where it has none. */
export const groupNameIn = (group: string, gid: number): string =>
  entriesOf(group).find(([, , id]) => id === String(gid))?.[0] ?? String(gid);

/** What somebody wants to do, as bits of a mode. */
export const wishes = { read: 4, write: 2, search: 1 } as const;

/** Whether a user may do all that `wanted` has bits for. Access control lists are not looked at. @see path_resolution(7) */
export function mayAccess({ uid, gid, mode }: Ownership, user: SystemUser, wanted: number): boolean {
  if (user.uid === ROOT) return true;
  const shift = uid === user.uid ? 6 : user.gids.has(gid) ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}
