import { OidcAuthenticator } from "../auth/oidc/oidc-authenticator.ts";
import { signatureAlgorithms } from "../auth/oidc/oidc-settings.ts";
import type { OidcConfig } from "../config/directory-config.ts";
import { boardId } from "../devices/ids.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../telemetry/log.ts";
import { authorities } from "./trusted-authorities.ts";

/** What lets in who has an issuer's token. Files are read now, so that what is wrong with them shows. @throws what node:fs throws */
export async function buildOidc(config: OidcConfig, log: Log, clock: Clock): Promise<OidcAuthenticator> {
  const { issuer, caFile, algorithms, roles } = config;
  const readCa = authorities(caFile);
  await readCa();
  const settings = {
    issuer,
    audience: config.audience,
    jwksUri: config.jwksUri ?? undefined,
    readCa,
    algorithms: signatureAlgorithms.filter((name) => algorithms?.includes(name) ?? true),
    clockToleranceS: config.clockToleranceS,
    nameClaim: config.nameClaim,
    rolesClaim: config.rolesClaim,
    roles: roles.map(({ value, role, boards }) => ({ value, role, boards: boards && new Set(boards.map(boardId)) })),
    boardsClaim: config.boardsClaim ?? undefined,
    timeoutMs: config.timeoutMs,
    maxKeyAgeMs: config.maxKeyAgeMs,
  };
  const event = "issuer";
  return new OidcAuthenticator(settings, clock, {
    failed({ message, code }, hasKeys) {
      const effect = hasKeys
        ? "the keys that are known go on being used for a while"
        : "its tokens are refused until it answers";
      log.warn({ event, issuer, code }, `the keys of ${issuer} cannot be had: ${message}; ${effect}`);
    },
    recovered: () => log.info({ event, issuer }, `the keys of ${issuer} can be had again`),
  });
}
