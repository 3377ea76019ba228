import type { Environment } from "../../appliance/environment.ts";
import type { Config } from "../../config/config.ts";
import { foldersOf } from "./check-disk.ts";
import { filesOf } from "./check-files.ts";
import { fail, warn, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { SERVICE_USER } from "./service-user.ts";

/** What the unit leaves writable: StateDirectory, LogsDirectory and RuntimeDirectory. @see systemd/opendcre.service */
const WRITABLE = ["/var/lib/opendcre", "/var/log/opendcre", "/run/opendcre"] as const;
/** What it hides, by ProtectHome and PrivateTmp. @see systemd.exec(5) */
const HIDDEN = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"] as const;

const isIn = (path: string, folders: readonly string[]) =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** Whether the service's user is there, and what the rights of files permit him and the unit does not. A drop-in may: hence only warnings. */
export function checkUnit(config: Config, env: Environment, { user }: Pick<Machine, "user">): Finding[] {
  const hidden = filesOf(config).filter((path) => isIn(path, HIDDEN));
  const readOnly = [...foldersOf(config, env)].filter(([folder]) => !isIn(folder, WRITABLE));
  const nobody = fail(
    "service",
    `the user ${SERVICE_USER}, whose it is, is not there`,
    "sudo systemd-sysusers opendcre.conf",
  );
  return [
    ...(user.name === SERVICE_USER ? [] : [nobody]),
    ...hidden.map((path) =>
      warn(
        "files",
        `the unit of the service hides ${path} from it, as all of ${HIDDEN.join(", ")}`,
        "move it to /etc/opendcre",
      ),
    ),
    ...readOnly.map(([folder, purpose]) =>
      warn(
        "disk",
        `${folder}, the folder for ${purpose}: the unit lets the service write in ${WRITABLE.join(", ")} alone`,
        `use one of these, or add ReadWritePaths=${folder} under [Service] with sudo systemctl edit opendcre`,
      ),
    ),
  ];
}
