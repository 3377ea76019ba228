import { join } from "node:path";
import { administer } from "../appliance/administer.ts";
import { directoryOf } from "../appliance/state-directory.ts";
import { parseBoards, parseGrant, spellGrant, type Grant, type Grants, type SpelledGrant } from "../auth/grant.ts";
import { roles } from "../auth/role.ts";
import type { Config } from "../config/config.ts";
import { optionOf, textOf, textsOf, type CommandContext, type Invocation } from "./command.ts";
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

/** What each `--role` grants, and `--boards`, which may stand beside one role without boards of its own. @throws UsageError */
export function grantsIn(invocation: Invocation): Grants {
  const texts = textsOf(invocation, "role");
  const [first, ...further] = texts.map(grantIn);
  if (!first) throw new UsageError(`--role has to be given: ${roles.join(", ")}`);
  const boards = textOf(invocation, "boards");
  if (boards === undefined) return [first, ...further];
  if (first.boards || further.length > 0)
    throw new UsageError(
      `--boards: expected one --role beside it; with several, as in --role reader --role operator@${boards}`,
    );
  const ids = parseBoards(boards);
  if (ids) return [{ ...first, boards: ids }];
  const found = JSON.stringify(boards);
  throw new UsageError(`--boards: found ${found}, expected hexadecimal board ids with commas between them`);
}

function grantIn(text: string): Grant {
  const grant = parseGrant(text);
  if (grant) return grant;
  throw new UsageError(
    `--role ${text}: expected ${roles.join(", ")}, or one of them for some boards alone, as in operator@10,40000001`,
  );
}

/** Grants in words, for people and for the audit trail. */
export const grantsText = (grants: readonly Grant[]): string =>
  grants
    .map(spellGrant)
    .map(({ role, boards }) => (boards ? `${role} of boards ${boards.join(", ")}` : role))
    .join(" and ");

/** Grants in a list, as `--role` takes each of them. */
export const grantsCell = (grants: readonly SpelledGrant[]): string =>
  grants.map(({ role, boards }) => (boards ? `${role}@${boards.join(",")}` : role)).join(" ");

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
