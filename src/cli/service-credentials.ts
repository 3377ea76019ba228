import type { Environment } from "../appliance/environment.ts";
import { credentialIn } from "../ipmi/file/load-bmc-file.ts";

/** What the unit names as LoadCredential: FILE in this folder is the credential opendcre_FILE. */
const FOLDER = "/etc/opendcre/credentials";
const PREFIX = "opendcre_";

/** Where a credential is; outside of the service, where systemd would take it from to hand it over. Throws RangeError. */
export function serviceCredential({ CREDENTIALS_DIRECTORY: directory }: Environment): (name: string) => string {
  if (directory !== undefined) return credentialIn(directory);
  return (name) => {
    if (!name.startsWith(PREFIX))
      throw new RangeError(`the service is handed ${PREFIX}FILE for each FILE in ${FOLDER}`);
    return credentialIn(FOLDER)(name.slice(PREFIX.length));
  };
}
