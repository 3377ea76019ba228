import type { CommandSpec, OptionSpec } from "./command.ts";
import { commands, defaultCommand } from "./commands.ts";
import type { CommandGroup } from "./parse-arguments.ts";

const LINE_LENGTH = 100;

/** Two columns, the second wrapped. */
function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const indent = Math.max(...rows.map(([left]) => left.length)) + 4;
  return rows.map(([left, right]) => `  ${left.padEnd(indent - 2)}${wrap(right, indent)}\n`).join("");
}

/** Breaks a text into lines of which all but the first are indented. */
function wrap(text: string, indent: number): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && indent + line.length + 1 + word.length > LINE_LENGTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

/** `--port N`, `--emulator [FILE]`. */
export function spelling({ name, value }: OptionSpec): string {
  if (!value) return `--${name}`;
  return `--${name} ${value.optional ? `[${value.placeholder}]` : value.placeholder}`;
}

export function usageOf({ name, options, argument }: CommandSpec): string {
  const words = [name === defaultCommand.name ? `opendcre [${name}]` : `opendcre ${name}`];
  if (options.length > 0) words.push("[OPTION...]");
  if (argument) words.push(`[${argument.placeholder}]${argument.isMany ? "..." : ""}`);
  return words.join(" ");
}

/** What `opendcre help COMMAND` says. */
export function commandHelp(command: CommandSpec): string {
  const { summary, options, argument, examples } = command;
  const rows = options.map((option) => [spelling(option), option.summary] as const);
  const argumentRows = argument ? [[argument.placeholder, argument.summary] as const] : [];
  return [
    `Usage: ${usageOf(command)}\n\n${summary[0]?.toUpperCase()}${summary.slice(1)}.\n`,
    columns([...argumentRows, ...rows]),
    `Examples:\n${columns(examples)}`,
  ].join("\n");
}

/** What `opendcre help token` says. */
export function groupHelp({ name, commands: members }: CommandGroup): string {
  return [
    `Usage: opendcre ${name} COMMAND [OPTION...]\n`,
    `Commands:\n${columns(members.map((member) => [member.name, member.summary] as const))}`,
    `Examples:\n${columns(members.flatMap(({ examples }) => examples.slice(0, 1)))}`,
    `opendcre help ${name} COMMAND says with which options each is used.\n`,
  ].join("\n");
}

/** What `opendcre --help` says. */
export function generalHelp(): string {
  return [
    "Usage: opendcre [COMMAND] [OPTION...]\n\nThe open data-centre runtime: one HTTP API over everything in a rack.\n",
    `Commands:\n${columns([
      ...commands.map(({ name, summary }) => [name, summary] as const),
      ["help [COMMAND]", "say how a command is used, and with which options"],
    ])}`,
    `Everywhere:\n${columns([
      ["--help, -h", "say how it is used"],
      ["--version", "print version, commit, runtime and platform"],
    ])}`,
    `Examples:\n${columns(defaultCommand.examples)}`,
    `Each setting of the configuration file also has an environment variable: OPENDCRE_SERVER_PORT for\nserver.port. Options go before variables, these before the file.\n`,
  ].join("\n");
}
