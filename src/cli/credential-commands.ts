import type { CommandSpec, OptionSpec } from "./command.ts";

const config: OptionSpec = {
  name: "config",
  value: { placeholder: "FILE" },
  summary: "read this configuration file, not /etc/opendcre/opendcre.json: it says where tokens and users are kept",
};
const role: OptionSpec = {
  name: "role",
  value: { placeholder: "ROLE" },
  isMany: true,
  summary:
    "reader (reads), operator (also controls) or admin (also changes the appliance), for some boards alone as in operator@1,40000001; has to be given, and may be several times",
};
const boards: OptionSpec = {
  name: "boards",
  value: { placeholder: "IDS" },
  summary: "give one role for these boards alone: hexadecimal ids with commas between them, such as 1,40000001",
};
const json: OptionSpec = { name: "json", summary: "as JSON, for programs" };
const tokenName = { placeholder: "NAME", summary: "what the token is for: logs and the audit trail name it" };
const userName = { placeholder: "NAME", summary: "the user's name" };

/** The commands that make and remove tokens and users. A server that runs takes what they do at once. */
export const credentialCommands: readonly CommandSpec[] = [
  {
    name: "token create",
    summary: "make a token by which a program may come in, and print it: it is shown this once",
    argument: tokenName,
    options: [
      role,
      boards,
      {
        name: "expires",
        value: { placeholder: "TIME" },
        summary: "let it expire after so many days, weeks or hours: 90d, 12w, 8h; without it, it never does",
      },
      config,
    ],
    examples: [
      ["opendcre token create monitoring --role reader", "for what only looks"],
      ["opendcre token create deploy --role operator --boards 1,2 --expires 90d", "for two boards and 90 days"],
      ["opendcre token create night --role reader --role operator@1,2", "to read everything, and switch two boards"],
      ["curl -H 'Authorization: Bearer dcre_...' https://rack/opendcre/1.2/scan", "use it"],
    ],
    load: async () => (await import("./token.ts")).createToken,
  },
  {
    name: "token list",
    summary: "list all tokens, with when they expire and were last used",
    options: [json, config],
    examples: [["opendcre token list", "what there is; of the tokens themselves only hashes are kept"]],
    load: async () => (await import("./token.ts")).listTokens,
  },
  {
    name: "token revoke",
    summary: "let nobody come in with a token any more",
    argument: tokenName,
    options: [config],
    examples: [["opendcre token revoke monitoring", "at once"]],
    load: async () => (await import("./token.ts")).revokeToken,
  },
  {
    name: "user add",
    summary: "make a user, whose password is asked for, or read from standard input",
    argument: userName,
    options: [role, boards, config],
    examples: [["opendcre user add alice --role operator", "asks twice; of a file or pipe the first line is taken"]],
    load: async () => (await import("./user.ts")).addUser,
  },
  {
    name: "user list",
    summary: "list all users",
    options: [json, config],
    examples: [["opendcre user list", "who there is"]],
    load: async () => (await import("./user.ts")).listUsers,
  },
  {
    name: "user password",
    summary: "give a user another password, which is asked for, or read from standard input",
    argument: userName,
    options: [config],
    examples: [["opendcre user password alice", "asks for it twice"]],
    load: async () => (await import("./user.ts")).setPassword,
  },
  {
    name: "user role",
    summary: "give a user other roles, in place of those that they have",
    argument: userName,
    options: [role, boards, config],
    examples: [["opendcre user role alice --role reader --role operator@1,2", "with the password as it is"]],
    load: async () => (await import("./user.ts")).setRoles,
  },
  {
    name: "user remove",
    summary: "let a user come in no more",
    argument: userName,
    options: [config],
    examples: [["opendcre user remove alice", "at once"]],
    load: async () => (await import("./user.ts")).removeUser,
  },
];
