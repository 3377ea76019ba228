import {
  BusyError,
  Client,
  ConstraintViolationError,
  InappropriateAuthError,
  InsufficientAccessError,
  InvalidCredentialsError,
  InvalidDNSyntaxError,
  NoSuchObjectError,
  ResultCodeError,
  UnwillingToPerformError,
} from "ldapts";
import { openConnection, type Connection, type ConnectionOptions } from "./connection.ts";
import { LdapError } from "./ldap-error.ts";
import type { LdapServer } from "./ldap-server.ts";

/** What a search found. */
export interface LdapEntry {
  readonly dn: string;
  /** The first value of the attribute that was asked for; undefined where there is none, or it is no text. */
  readonly value: string | undefined;
}

export interface LdapSearch {
  readonly base: string;
  /** The entry `base` alone, or everything at and below it. */
  readonly scope: "base" | "sub";
  /** RFC 4515, with all values escaped. */
  readonly filter: string;
  /** The attribute to hand back. */
  readonly attribute: string;
  /** Entries beyond this are not asked for. */
  readonly sizeLimit: number;
}

/** Asks for no attributes (RFC 4511, section 4.5.1.8). */
export const NO_ATTRIBUTES = "1.1";

/** Results of a bind that say that this name with this password is not let in, and nothing about the directory itself. */
const denials = [
  InvalidCredentialsError,
  InappropriateAuthError,
  InsufficientAccessError,
  InvalidDNSyntaxError,
  NoSuchObjectError,
  ConstraintViolationError,
  UnwillingToPerformError,
] as const;

/** A conversation with one directory, over one connection that is never opened again. */
export class LdapSession implements Disposable {
  readonly #server: LdapServer;
  readonly #connection: Connection;
  readonly #client: Client;

  private constructor(server: LdapServer, connection: Connection) {
    this.#server = server;
    this.#connection = connection;
    let isTaken = false;
    // The client would connect again, in the clear, if the connection broke between StartTLS and a password.
    const createConnection = () => {
      if (isTaken) throw new LdapError("unreachable", server.url, "the connection broke");
      isTaken = true;
      return connection.socket;
    };
    this.#client = new Client({
      url: `ldap://${server.host.includes(":") ? `[${server.host}]` : server.host}`,
      createConnection,
    });
  }

  /** @throws LdapError as `openConnection` */
  static async open(server: LdapServer, options: ConnectionOptions): Promise<LdapSession> {
    return new LdapSession(server, await openConnection(server, options));
  }

  /**
   * Proves a name with a password. False where the directory does not let it in.
   *
   * @throws LdapError; RangeError for an empty password, with which directories let anyone in as nobody (RFC 4513, section 5.1.2)
   */
  async bind(name: string, password: string): Promise<boolean> {
    if (name === "" || password === "") throw new RangeError("a bind needs a name and a password");
    try {
      await this.#untilEnded(this.#client.bind(name, password));
      return true;
    } catch (error) {
      if (denials.some((denial) => error instanceof denial)) return false;
      throw this.#failure("bind", error);
    }
  }

  /** Entries that a filter holds for; none where the base does not exist. Referrals to other servers are not followed. @throws LdapError */
  async search({ base, scope, filter, attribute, sizeLimit }: LdapSearch): Promise<readonly LdapEntry[]> {
    try {
      const attributes = [attribute];
      const { searchEntries } = await this.#untilEnded(
        this.#client.search(base, { scope, filter, attributes, sizeLimit, derefAliases: "never" }),
      );
      return searchEntries.map((entry) => ({ dn: entry.dn, value: firstText(valuesOf(entry, attribute)) }));
    } catch (error) {
      if (error instanceof NoSuchObjectError) return [];
      throw this.#failure("search", error);
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  /** Waits for an answer, and no longer than the connection is there. */
  #untilEnded<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#connection.ended]);
  }

  #failure(what: "bind" | "search", cause: unknown): LdapError {
    if (cause instanceof LdapError) return cause;
    const { url } = this.#server;
    if (cause instanceof ResultCodeError) {
      const { code: resultCode } = cause;
      const verb = cause instanceof BusyError ? "is too busy for" : "refuses";
      return new LdapError("refused", url, `${verb} the ${what} (result ${resultCode})`, { cause, resultCode });
    }
    const isBroken = !this.#client.isConnected;
    const message = isBroken ? `the connection broke during the ${what}` : `the answer to the ${what} is not LDAP`;
    return new LdapError(isBroken ? "unreachable" : "not-ldap", url, message, { cause });
  }
}

/** Values of an attribute, whose name directories spell as they like. */
function valuesOf(entry: Readonly<Record<string, unknown>>, attribute: string): unknown {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
  return key === undefined ? undefined : entry[key];
}

function firstText(values: unknown): string | undefined {
  const first: unknown = Array.isArray(values) ? values[0] : values;
  return typeof first === "string" && first !== "" ? first : undefined;
}
