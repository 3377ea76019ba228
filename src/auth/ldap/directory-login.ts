import { randomUUID } from "node:crypto";
import { toError } from "../../lib/to-error.ts";
import { LdapError } from "./ldap-error.ts";
import type { LdapServer } from "./ldap-server.ts";
import type { Grant } from "../grant.ts";
import { isPresentable } from "../identity.ts";
import type { LdapSettings, ServiceAccount } from "./ldap-settings.ts";
import { LdapSession, NO_ATTRIBUTES, type LdapEntry } from "./session.ts";
import { fillBindName, fillFilter, isDnTemplate } from "./templates.ts";

/** LDAP_MATCHING_RULE_IN_CHAIN (Microsoft, MS-ADTS 3.1.1.3.4.4.3). */
const IN_CHAIN = "1.2.840.113556.1.4.1941";
const USER_FILTER_OF_DN = "(objectClass=*)";

/** What a directory says of a name and a password: who that is, and what their groups may do, or why they are not let in. */
export type Login =
  | { readonly name: string; readonly grants: readonly Grant[] }
  | { readonly denied: "no such user" | "ambiguous user" | "wrong password" | "in no group that has a role" };

/** Asks one directory about one user, in one conversation. */
export class DirectoryLogin {
  readonly #settings: LdapSettings;
  readonly #server: LdapServer;

  constructor(settings: LdapSettings, server: LdapServer) {
    this.#settings = settings;
    this.#server = server;
  }

  /**
   * @param password not empty
   * @param signal ends the conversation; its reason is what is thrown
   * @throws LdapError where the directory cannot say
   */
  async run(user: string, password: string, signal: AbortSignal): Promise<Login> {
    using session = await LdapSession.open(this.#server, { ca: await this.#readCa(), signal });
    const { bindName, account } = this.#settings;
    // Waited for here: the session ends with this function.
    return bindName === undefined
      ? await this.#searchAndBind(session, account, user, password)
      : await this.#bindDirectly(session, bindName, user, password);
  }

  async #readCa(): Promise<string | undefined> {
    try {
      return await this.#settings.readCa();
    } catch (cause) {
      const message = `there is nobody to say that it is to be trusted: ${toError(cause).message}`;
      throw new LdapError("untrusted", this.#server.url, message, { cause });
    }
  }

  /** Looks for the user, then proves the password. */
  async #searchAndBind(
    session: LdapSession,
    account: ServiceAccount | undefined,
    user: string,
    password: string,
  ): Promise<Login> {
    await this.#bindAccount(session, account);
    const found = await this.#findUser(session, user);
    if (typeof found === "string") {
      // An unknown name takes the same steps as a known one.
      await session.bind(`cn=${randomUUID()},${this.#settings.userBase ?? ""}`, password);
      return { denied: found };
    }
    if (!(await session.bind(found.dn, password))) return { denied: "wrong password" };
    // Whether users see who is in a group is the directory's affair; the account does.
    if (account) await this.#bindAccount(session, account);
    return this.#groupsOf(session, found, user);
  }

  /** Proves the password, then looks as the user who that is. */
  async #bindDirectly(session: LdapSession, template: string, user: string, password: string): Promise<Login> {
    const name = fillBindName(template, user);
    if (name === undefined) return { denied: "no such user" };
    if (!(await session.bind(name, password))) return { denied: "wrong password" };
    const found = await this.#findUser(session, user, isDnTemplate(template) ? name : undefined);
    return typeof found === "string" ? { denied: found } : this.#groupsOf(session, found, user);
  }

  async #bindAccount(session: LdapSession, account: ServiceAccount | undefined): Promise<void> {
    if (!account) return;
    const { url } = this.#server;
    let password: string;
    try {
      password = await account.password();
    } catch (cause) {
      throw new LdapError("refused", url, `no password for the service account: ${toError(cause).message}`, { cause });
    }
    if (password === "") throw new LdapError("refused", url, "the password of the service account is empty");
    if (!(await session.bind(account.name, password)))
      throw new LdapError("refused", url, `the service account ${account.name} is not let in`);
  }

  /** The user's entry, whose DN is known or not, or what is wrong with it. */
  async #findUser(
    session: LdapSession,
    user: string,
    dn?: string,
  ): Promise<LdapEntry | "no such user" | "ambiguous user"> {
    const { userBase = "", userFilter, nameAttribute } = this.#settings;
    const where =
      dn === undefined
        ? ({ base: userBase, scope: "sub", filter: fillFilter(userFilter, { user }) } as const)
        : ({ base: dn, scope: "base", filter: USER_FILTER_OF_DN } as const);
    const [first, second] = await session.search({ ...where, attribute: nameAttribute, sizeLimit: 2 });
    if (second) return "ambiguous user";
    return first === undefined || first.dn === "" ? "no such user" : first;
  }

  async #groupsOf(session: LdapSession, { dn, value }: LdapEntry, user: string): Promise<Login> {
    const name = value !== undefined && isPresentable(value) ? value : user;
    const { groups } = this.#settings;
    const known = [...new Set(groups.map(({ group }) => group))];
    const memberships = await Promise.all(known.map((group) => this.#isMember(session, group, dn, name)));
    const own = new Set(known.filter((_, index) => memberships[index]));
    const grants = groups.filter(({ group }) => own.has(group)).map(({ role, boards }) => ({ role, boards }));
    return grants.length > 0 ? { name, grants } : { denied: "in no group that has a role" };
  }

  async #isMember(session: LdapSession, group: string, dn: string, user: string): Promise<boolean> {
    const { groupCheck, memberFilter } = this.#settings;
    const questions = {
      member: { base: group, filter: fillFilter(memberFilter, { dn, user }) },
      memberof: { base: dn, filter: fillFilter("(memberOf={group})", { group }) },
      nested: { base: dn, filter: fillFilter(`(memberOf:${IN_CHAIN}:={group})`, { group }) },
    } as const;
    const found = await session.search({
      ...questions[groupCheck],
      scope: "base",
      attribute: NO_ATTRIBUTES,
      sizeLimit: 1,
    });
    return found.length > 0;
  }
}
