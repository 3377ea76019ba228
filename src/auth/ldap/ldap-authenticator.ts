import type { Clock } from "../../lib/clock.ts";
import type { BasicAuthenticator, BasicCredentials, Verdict } from "../authenticator.ts";
import { DirectoryLogin, type Login } from "./directory-login.ts";
import { LdapError } from "./ldap-error.ts";
import type { LdapServer } from "./ldap-server.ts";
import type { LdapSettings } from "./ldap-settings.ts";

/** What people should know of directories, for the log. It holds no secret. */
export interface LdapWitness {
  /** A directory could not say: told of each server once, until it answers again. */
  failed(error: LdapError): void;
  /** A server that had failed answers again. */
  recovered(server: string): void;
}

/** How long a server that has failed is asked last, in milliseconds. */
const REST_MS = 30_000;
/** Logins that may be under way: more are refused, so that nobody can make us open connections without end. */
const MAX_LOGINS = 32;
/** When to come back where no directory answers, in seconds. */
const RETRY_AFTER_S = 5;
/** More than any directory takes, in bytes. */
const LONGEST_NAME = 256;
const LONGEST_PASSWORD = 1024;

const unavailable = (reason: string, retryAfterS = RETRY_AFTER_S): Verdict => ({
  rejected: "unavailable",
  reason,
  retryAfterS,
});

/** Asks directories who someone is: LDAP, Active Directory. */
export class LdapAuthenticator implements BasicAuthenticator {
  readonly name = "ldap";
  readonly kind = "basic";
  readonly #settings: LdapSettings;
  readonly #clock: Clock;
  readonly #witness: LdapWitness;
  /** Until when servers that have failed are asked last, on the monotonic clock. */
  readonly #restUntilMs = new Map<LdapServer, number>();
  readonly #underWay = new Set<AbortController>();
  #isClosed = false;

  constructor(settings: LdapSettings, clock: Clock, witness: LdapWitness) {
    this.#settings = settings;
    this.#clock = clock;
    this.#witness = witness;
  }

  async authenticate({ user, password }: BasicCredentials): Promise<Verdict> {
    const fault = faultOf(user, password);
    if (fault !== undefined) return { rejected: "denied", reason: fault };
    if (this.#underWay.size >= MAX_LOGINS) return unavailable("too many logins are under way", 1);
    for (const server of this.#inOrder()) {
      if (this.#isClosed) break;
      const login = await this.#ask(server, user, password);
      if (login) return verdictOf(login);
    }
    return unavailable("no directory answers");
  }

  close(): void {
    this.#isClosed = true;
    for (const controller of this.#underWay) controller.abort();
  }

  /** Asks one server. Undefined where it cannot say. */
  async #ask(server: LdapServer, user: string, password: string): Promise<Login | undefined> {
    const { timeoutMs } = this.#settings;
    const controller = new AbortController();
    this.#underWay.add(controller);
    const timer = this.#clock.after(timeoutMs, () =>
      controller.abort(new LdapError("timeout", server.url, `no answer within ${timeoutMs} ms`)),
    );
    try {
      const login = await new DirectoryLogin(this.#settings, server).run(user, password, controller.signal);
      if (this.#restUntilMs.delete(server)) this.#witness.recovered(server.url);
      return login;
    } catch (error) {
      if (!(error instanceof LdapError)) {
        if (controller.signal.aborted) return undefined;
        throw error;
      }
      if (!this.#restUntilMs.has(server)) this.#witness.failed(error);
      this.#restUntilMs.set(server, this.#clock.monotonicMs() + REST_MS);
      return undefined;
    } finally {
      timer.cancel();
      this.#underWay.delete(controller);
    }
  }

  /** The servers as they were named, those that have just failed behind the others. */
  #inOrder(): readonly LdapServer[] {
    const nowMs = this.#clock.monotonicMs();
    const rests = (server: LdapServer) => (this.#restUntilMs.get(server) ?? nowMs) > nowMs;
    const { servers } = this.#settings;
    return [...servers.filter((server) => !rests(server)), ...servers.filter(rests)];
  }
}

/** Why a directory is not even asked. It would let anyone in who has no password, as nobody (RFC 4513, section 5.1.2). */
function faultOf(user: string, password: string): string | undefined {
  if (password === "") return "empty password";
  if (user.trim() === "") return "empty name";
  if (Buffer.byteLength(user) > LONGEST_NAME || Buffer.byteLength(password) > LONGEST_PASSWORD)
    return "name or password too long";
  if (/\p{C}/u.test(user) || password.includes("\0")) return "control characters";
  // Directories pass over such spaces (RFC 4518, section 2.6.1): one name would have any number of spellings to guess with.
  return /^\s|\s$|\s\s/u.test(user) ? "spaces around the name" : undefined;
}

function verdictOf(login: Login): Verdict {
  if ("denied" in login) return { rejected: "denied", reason: login.denied };
  return { name: login.name, via: "ldap", grants: login.grants };
}
