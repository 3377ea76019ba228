import { closestName } from "../lib/closest-name.ts";
import type { CommandSpec, Invocation } from "./command.ts";
import { helpOptions, parseCommandLine, versionOption } from "./command-line.ts";
import { commands, defaultCommand } from "./commands.ts";
import { UsageError } from "./usage-error.ts";

/** What a command line asks for. */
export type Request =
  | { readonly kind: "help"; readonly command: CommandSpec | undefined }
  | { readonly kind: "group-help"; readonly group: CommandGroup }
  | { readonly kind: "version" }
  | { readonly kind: "command"; readonly invocation: Invocation };

/** Commands of two words that share the first. */
export interface CommandGroup {
  /** The word that they share: `token`. */
  readonly name: string;
  readonly commands: readonly CommandSpec[];
}

/** The command that the first words name, and how many they are: `token create` are two. @throws UsageError */
function commandIn(words: readonly string[]): { readonly command: CommandSpec; readonly length: number } {
  const [first = "", second] = words;
  const single = commandNamed(first);
  if (single) return { command: single, length: 1 };
  const group = groupNamed(first);
  if (!group) {
    const names = [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))];
    const closest = closestName(first, [...names, "help"]);
    throw new UsageError(`unknown command "${first}"; ${closest ? `did you mean ${closest}?` : "see opendcre --help"}`);
  }
  const command = commandNamed(`${first} ${second}`);
  if (!command)
    throw new UsageError(`expected opendcre ${group.commands.map(({ name }) => name).join(" or opendcre ")}`);
  return { command, length: 2 };
}

const commandNamed = (name: string) => commands.find((candidate) => candidate.name === name);

function groupNamed(name: string): CommandGroup | undefined {
  const found = commands.filter((command) => command.name.startsWith(`${name} `));
  return found.length > 0 ? { name, commands: found } : undefined;
}

/** What is asked for beside a command, or of a group of them alone. */
function asideIn(words: readonly string[], helped: Request): Request | undefined {
  const ends = words.indexOf("--");
  const options = ends === -1 ? words : words.slice(0, ends);
  if (options.some((word) => helpOptions.includes(word))) return helped;
  return options.includes(versionOption) ? { kind: "version" } : undefined;
}

/** `help`, with the words behind it. @throws UsageError */
function helpOn(words: readonly string[]): Request {
  const [first, second] = words;
  if (first === undefined) return { kind: "help", command: undefined };
  const group = second === undefined ? groupNamed(first) : undefined;
  if (group) return { kind: "group-help", group };
  const { command, length } = commandIn(words);
  const extra = words[length];
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"; expected opendcre help COMMAND`);
  return { kind: "help", command };
}

/**
 * Understands a command line: `[COMMAND] [--option [VALUE]]... [ARGUMENT]...`. A value may also follow an equals sign; `--` ends the
 * options.
 *
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[]): Request {
  const [first, ...rest] = argv;
  if (first === "help") return helpOn(rest);
  const isNamed = first !== undefined && !first.startsWith("-");
  const group = isNamed && rest[0]?.startsWith("-") ? groupNamed(first) : undefined;
  const asideOfGroup = group && asideIn(rest, { kind: "group-help", group });
  if (asideOfGroup) return asideOfGroup;
  const { command, length } = isNamed ? commandIn(argv) : { command: defaultCommand, length: 0 };
  const words = argv.slice(length);
  const aside = asideIn(words, { kind: "help", command: isNamed ? command : undefined });
  if (aside) return aside;
  return { kind: "command", invocation: parseCommandLine(command, words) };
}
