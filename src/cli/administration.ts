import { join } from "node:path";
import { administer } from "../appliance/administer.ts";
import { directoryOf } from "../appliance/state-directory.ts";
import type { Grant } from "../auth/identity.ts";
import { isRole, roles } from "../auth/role.ts";
import type { Config } from "../config/config.ts";
import { boardId, type BoardId } from "../devices/ids.ts";
import { optionOf, textOf, type CommandContext, type Invocation } from "./command.ts";
import { configFor } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** What the commands that make and remove tokens and users have in common. */
export interface Administration {
  /** The path of a file in the state directory. */
  readonly pathOf: (name: string) => string;
  /** Carries out an act, which the audit trail is told of before and after. */
  readonly act: <T>(action: string, target: string, value: string | undefined, run: () => Promise<T>) => Promise<T>;
}

/** @throws ConfigError */
export function administrationFor(invocation: Invocation, context: CommandContext): Administration {
  const config: Config = configFor(invocation, context);
  const { env } = context;
  const complain = (line: string) => void context.complain(`opendcre: ${line}\n`);
  return {
    pathOf: (name) => join(directoryOf(config, env), name),
    act: (action, target, value, run) => administer({ config, env, complain }, { action, target, value }, run),
  };
}

/** The name that a command is about. @throws UsageError */
export function nameIn({ argument, command }: Invocation): string {
  if (argument !== undefined) return argument;
  throw new UsageError(`opendcre ${command.name} needs a name; see opendcre help ${command.name}`);
}

/** What `--role` and `--boards` grant. @throws UsageError */
export function grantIn(invocation: Invocation): Grant {
  const role = textOf(invocation, "role");
  if (role === undefined) throw new UsageError(`--role has to be given: ${roles.join(", ")}`);
  if (!isRole(role)) throw new UsageError(`--role ${role}: expected ${roles.join(", ")}`);
  const boards = textOf(invocation, "boards");
  return { role, boards: boards === undefined ? undefined : new Set(boards.split(",").map(boardIn)) };
}

function boardIn(text: string): BoardId {
  const digits = /^ *(?:0x)?([\da-f]{1,8}) *$/i.exec(text)?.[1];
  if (digits !== undefined) return boardId(Number.parseInt(digits, 16));
  throw new UsageError(
    `--boards: found ${JSON.stringify(text)}, expected hexadecimal board ids with commas between them`,
  );
}

/** A grant in words, for lists and for the audit trail. */
export const grantText = (role: string, boards: readonly string[] | undefined): string =>
  boards ? `${role} of boards ${boards.join(", ")}` : role;

/** What is listed, as JSON where that is asked for, else as a table with a title above each column. */
export async function printList<T extends object>(
  invocation: Invocation,
  context: CommandContext,
  entries: readonly T[],
  columns: Readonly<Record<string, (entry: T) => string | undefined>>,
): Promise<void> {
  if (optionOf(invocation, "json")) {
    await context.print(`${JSON.stringify(entries, undefined, 2)}\n`);
    return;
  }
  const rows = entries.map((entry) => Object.values(columns).map((text) => text(entry) ?? "-"));
  const table = [Object.keys(columns), ...rows];
  const widths = Object.keys(columns).map((_, index) => Math.max(...table.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ");
  await context.print(table.map((row) => `${line(row).trimEnd()}\n`).join(""));
}
