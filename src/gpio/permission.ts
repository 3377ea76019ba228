import { readFileSync, statSync } from "node:fs";

/** Read and write, for the group. */
const GROUP_READ_WRITE = 0o060;
/** What stands for a group that this process's user name space does not know, as a service with PrivateUsers= has one. @see user_namespaces(7) */
const OVERFLOW_GID = 65_534;

/** The name of group `gid` by the text of /etc/group; undefined where it has none. */
const groupName = (groupFile: string, gid: number): string | undefined =>
  groupFile
    .split("\n")
    .map((line) => line.split(":"))
    .find(([, , id]) => id === String(gid))?.[0];

/** What to do about a chip's device file that may not be opened, whose group and mode are these. */
export function permissionAdvice({ gid, mode }: { gid: number; mode: number }, groupFile: string): string {
  if (gid === OVERFLOW_GID)
    return "permission denied; its group is not to be seen from within the service: ls -l shows it outside";
  const group = groupName(groupFile, gid) ?? String(gid);
  // Root's own group is nobody to add a user to.
  if (gid === 0 || (mode & GROUP_READ_WRITE) !== GROUP_READ_WRITE)
    return `permission denied; group ${group} owns it, and membership would not help: let a udev rule give it to a group such as gpio`;
  return `permission denied; it belongs to group ${group}: add the user to group ${group} (usermod -aG ${group} USER) and log in again`;
}

/** The same for the device file at `path` on this machine. */
export function permissionAdviceFor(path: string): string {
  try {
    return permissionAdvice(statSync(path), readFileSync("/etc/group", "utf8"));
  } catch {
    // A folder on the way to it is closed as well, or there is no /etc/group: then the bare fact has to do.
    return "permission denied";
  }
}
