import { join } from "node:path";
import { LoginGuard } from "../api/login-guard.ts";
import type { Authenticator, Credentials } from "../auth/authenticator.ts";
import { CredentialFile } from "../auth/credential-file.ts";
import { TOKEN_FILE, TOKEN_USE_FILE, USER_FILE } from "../auth/file-names.ts";
import { parseGrants, type Grant } from "../auth/grant.ts";
import { parseHtpasswd, type Htpasswd } from "../auth/htpasswd.ts";
import { Login, type LoginEvents } from "../auth/login.ts";
import { PasswordAuthenticator, tableOfHtpasswd, tableOfUsers } from "../auth/password-authenticators.ts";
import { PasswordChecks } from "../auth/password-checks.ts";
import type { LoginThrottle } from "../auth/throttle.ts";
import { TokenAuthenticator } from "../auth/token-authenticator.ts";
import { parseTokens, TOKEN_PREFIX } from "../auth/token-file.ts";
import { TokenUse } from "../auth/token-use.ts";
import { TrustedProxies } from "../auth/trusted-proxy.ts";
import { parseUsers } from "../auth/user-file.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../telemetry/log.ts";

/** What finds out who callers are, once anybody is asked. */
export interface BuiltLogin {
  readonly guard: LoginGuard;
  /** Reads all files again. What cannot be used changes nothing and is logged; false where there is such. */
  reload(): Promise<boolean>;
  /** Writes what is still to be written. */
  flush(): Promise<void>;
  /** The same, and breaks off whatever is being asked. */
  close(): Promise<void>;
}

export interface BuildLoginOptions {
  readonly config: Config;
  /** The folder that has the tokens and users. */
  readonly directory: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly throttle: LoginThrottle;
}

/**
 * Builds what the configuration and the files ask for.
 *
 * @throws CredentialFileError, RangeError for a proxy that is no address, what node:fs throws of certificates
 */
export async function buildLogin(options: BuildLoginOptions): Promise<BuiltLogin> {
  const { config, directory, log, clock, throttle } = options;
  const { trustedProxies, proxyUserHeader, proxyRoleHeader, proxyRole, anonymousRole } = config.auth;
  const tokens = new CredentialFile(join(directory, TOKEN_FILE), parseTokens);
  const isKept = (id: string) => tokens.content.some((token) => token.id === id);
  const use = new TokenUse(join(directory, TOKEN_USE_FILE), clock, isKept, (error) =>
    log.warn({ event: "state", err: error }, `when tokens were last used could not be written: ${error.message}`),
  );
  const authenticators: Authenticator[] = [
    new TokenAuthenticator(tokens, clock, (id) => use.note(id)),
    ...passwordAuthenticators(options),
    ...(await remoteAuthenticators(options)),
  ];
  const login = new Login({ authenticators, clock, events: loginEvents(log), throttle });
  const guard = new LoginGuard({
    login,
    proxies: new TrustedProxies(trustedProxies),
    proxyHeaders:
      proxyUserHeader === null
        ? undefined
        : { user: proxyUserHeader, roleHeader: proxyRoleHeader, grants: grantsIn(proxyRole) },
    proxyFaulty: (fault, proxy) =>
      log.warn(
        { event: "login-failed", remote: proxy, reasons: { proxy: fault } },
        `what the proxy at ${proxy ?? "?"} says of a user is not taken: ${fault}`,
      ),
    anonymousRole,
  });
  const close = async () => {
    await use.flush();
    await login.close();
  };
  return { guard, reload: () => login.reload(), flush: () => use.flush(), close };
}

/** The grants that a setting spells. The configuration has been checked. */
function grantsIn(text: string): readonly Grant[] {
  const grants = parseGrants(text);
  if (!grants) throw new RangeError(`no role: ${text}`);
  return grants;
}

/** Those that ask other machines, whose code few need. */
async function remoteAuthenticators({
  config: { ldap, oidc },
  log,
  clock,
}: BuildLoginOptions): Promise<Authenticator[]> {
  const authenticators: Authenticator[] = [];
  if (ldap) authenticators.push(await (await import("./build-ldap.ts")).buildLdap(ldap, log, clock));
  if (oidc) authenticators.push(await (await import("./build-oidc.ts")).buildOidc(oidc, log, clock));
  return authenticators;
}

function passwordAuthenticators({ config, directory, log }: BuildLoginOptions): Authenticator[] {
  const { htpasswd, htpasswdRole } = config.auth;
  const checks = new PasswordChecks();
  const users = new CredentialFile(join(directory, USER_FILE), parseUsers);
  const ofUsers = new PasswordAuthenticator("user", users, tableOfUsers, checks);
  if (htpasswd === null) return [ofUsers];
  const grants = grantsIn(htpasswdRole);
  const parse = (text: string | undefined): Htpasswd => {
    const parsed = parseHtpasswd(text);
    if (text === undefined) log.warn({ event: "auth" }, `${htpasswd} is not there: none of its users can come in`);
    for (const { line, fault } of parsed.odd)
      log.warn({ event: "auth" }, `${htpasswd}: line ${line} lets nobody in: ${fault}`);
    return parsed;
  };
  const tableOf = (content: Htpasswd) => tableOfHtpasswd(content, grants);
  return [ofUsers, new PasswordAuthenticator("htpasswd", new CredentialFile(htpasswd, parse), tableOf, checks)];
}

/** Who failed to come in, and what is wrong with files, as the log tells it. */
const loginEvents = (log: Log): LoginEvents => ({
  refused(credentials, { remote }, reasons) {
    const user = nameIn(credentials);
    const who = user === undefined ? "a token" : `the name ${JSON.stringify(user)}`;
    log.warn({ event: "login-failed", user, remote, reasons }, `a login with ${who} from ${remote ?? "?"} has failed`);
  },
  notReloaded(authenticator, error) {
    log.error({ event: "reload", authenticator }, `not taken, and everything stays as it was: ${error.message}`);
  },
  failed(authenticator, error) {
    log.error({ event: "failure", authenticator, err: error }, `${authenticator} failed: ${error.message}`);
  },
});

/** The name that a caller has given. Some put a token in its place, which is nobody's business. */
const nameIn = (credentials: Credentials): string | undefined =>
  credentials.kind === "basic" && !credentials.user.startsWith(TOKEN_PREFIX) ? credentials.user : undefined;
