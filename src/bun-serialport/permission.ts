import { readFileSync, statSync } from "node:fs";

/** Who a device file belongs to, as `stat(2)` tells. */
export interface Ownership {
  readonly gid: number;
  readonly mode: number;
}

/** Read and write, for the group. */
const GROUP_READ_WRITE = 0o060;
/** What stands for a group that this process's user name space does not know, as a service with PrivateUsers= has one. @see user_namespaces(7) */
const OVERFLOW_GID = 65_534;

/** The name of group `gid` by the text of /etc/group; undefined where it has none. */
export function groupName(groupFile: string, gid: number): string | undefined {
  const entries = groupFile.split("\n").map((line) => line.split(":"));
  return entries.find(([, , id]) => id === String(gid))?.[0];
}

/** What to do about a device file that may not be opened. */
export function permissionAdvice(owner: Ownership, groupFile: string): string {
  if (owner.gid === OVERFLOW_GID)
    return "permission denied; its group is not to be seen from within the service: ls -l shows it outside";
  const name = groupName(groupFile, owner.gid);
  const group = name ?? String(owner.gid);
  // Root's own group is nobody to add a user to.
  if (owner.gid === 0 || (owner.mode & GROUP_READ_WRITE) !== GROUP_READ_WRITE) {
    return `permission denied; group ${group} owns it, but membership would not help: run as root, or let a udev rule give it to a group such as dialout`;
  }
  return `permission denied; it belongs to group ${group}: add the user to group ${group} (usermod -aG ${group} USER) and log in again`;
}

/** The same for the device at `path` on this machine. */
export function permissionAdviceFor(path: string, groupPath = "/etc/group"): string {
  try {
    return permissionAdvice(statSync(path), readFileSync(groupPath, "utf8"));
  } catch {
    // A folder on the way to it is closed as well, or there is no /etc/group: then the bare fact has to do.
    return "permission denied";
  }
}
