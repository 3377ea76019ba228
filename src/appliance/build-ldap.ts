import { readCredentialFile } from "../auth/credential-file.ts";
import { CredentialFileError } from "../auth/errors.ts";
import { LdapAuthenticator } from "../auth/ldap/ldap-authenticator.ts";
import { parseLdapServer } from "../auth/ldap/ldap-server.ts";
import type { ServiceAccount } from "../auth/ldap/ldap-settings.ts";
import type { LdapConfig } from "../config/directory-config.ts";
import { boardId } from "../devices/ids.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../telemetry/log.ts";
import { authorities } from "./trusted-authorities.ts";

/** What lets users of a directory in. Files are read now, so that what is wrong with them shows. @throws CredentialFileError, what node:fs throws */
export async function buildLdap(config: LdapConfig, log: Log, clock: Clock): Promise<LdapAuthenticator> {
  const { servers, allowUnencrypted, caFile, groups, bindTemplate, userBase } = config;
  const readCa = authorities(caFile);
  const account = accountOf(config);
  await Promise.all([readCa(), account?.password()]);
  const settings = {
    servers: servers.map((url) => parseLdapServer(url, allowUnencrypted)),
    readCa,
    account,
    bindName: bindTemplate ?? undefined,
    userBase: userBase ?? undefined,
    userFilter: config.userFilter,
    nameAttribute: config.nameAttribute,
    groups: groups.map(({ group, role, boards }) => ({ group, role, boards: boards && new Set(boards.map(boardId)) })),
    groupCheck: config.groupCheck,
    memberFilter: config.memberFilter,
    timeoutMs: config.timeoutMs,
  };
  return new LdapAuthenticator(settings, clock, {
    failed: ({ message, server, code }) =>
      log.warn(
        { event: "directory", server, code },
        `directory ${message}: until it answers, its users do not come in by it`,
      ),
    recovered: (server) => log.info({ event: "directory", server }, `directory ${server} answers again`),
  });
}

/** The password is read each time: it may change while we run. */
function accountOf({ bindDn, bindPasswordFile: path }: LdapConfig): ServiceAccount | undefined {
  if (bindDn === null || path === null) return undefined;
  // oxlint-disable-next-line typescript/require-await -- what is thrown is to be a rejection
  const password = async () => {
    const text = readCredentialFile(path);
    if (text === undefined) throw new CredentialFileError(path, "no such file");
    return text.replace(/\r?\n$/, "");
  };
  return { name: bindDn, password };
}
