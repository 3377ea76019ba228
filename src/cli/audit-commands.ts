import type { CommandSpec, OptionSpec } from "./command.ts";

const config: OptionSpec = {
  name: "config",
  value: { placeholder: "FILE" },
  summary: "read this configuration file, not /etc/opendcre/opendcre.json: it says where the trail is",
};

const verifyAudit: CommandSpec = {
  name: "audit verify",
  summary: "check that no line of the audit trail was changed, taken out or added",
  argument: {
    placeholder: "FILE",
    summary: "files of a trail, the oldest first; without any, the whole trail of this machine, up to its end",
    isMany: true,
  },
  options: [config],
  examples: [
    ["opendcre audit verify", "says where it breaks, and ends with 65 where it does"],
    ["opendcre audit verify audit-2026*.jsonl", "what has been put aside"],
  ],
  load: async () => (await import("./audit.ts")).verifyAudit,
};

const showAudit: CommandSpec = {
  name: "audit show",
  summary: "print the audit trail for people",
  options: [
    { name: "board", value: { placeholder: "B" }, summary: "only what was done to this board" },
    {
      name: "since",
      value: { placeholder: "T" },
      summary: "only what was done since then: 2026-11-24, 2026-11-24T18:00Z, or 30m, 12h, 7d ago",
    },
    config,
  ],
  examples: [["opendcre audit show --board 00000001 --since 24h", "who switched it"]],
  load: async () => (await import("./audit.ts")).showAudit,
};

/** The commands that look at the audit trail. */
export const auditCommands: readonly CommandSpec[] = [verifyAudit, showAudit];
