import type { CommandSpec, OptionSpec } from "../src/cli/command.ts";
import { commands, defaultCommand } from "../src/cli/commands.ts";

const everywhere = ["--help", "--version"] as const;

/** Placeholders behind which the name of a file or a device stands. */
const filePlaceholders: ReadonlySet<string> = new Set(["FILE", "TTY", "DIRECTORY"]);

const takesFile = ({ value }: OptionSpec) => value !== undefined && filePlaceholders.has(value.placeholder);

/** Words between quotes of the shell; names of commands and options have none of its signs. */
function words(list: readonly string[]): string {
  const odd = list.find((word) => !/^[\w-]+$/.test(word));
  if (odd !== undefined) throw new RangeError(`${odd} would need to be quoted`);
  return `"${list.join(" ")}"`;
}

function commandCase({ name, options, argument }: CommandSpec): string {
  const files = options.filter(takesFile).map((option) => `--${option.name}`);
  const others = options.filter((option) => option.value && !takesFile(option)).map((option) => `--${option.name}`);
  const isFile = argument !== undefined && filePlaceholders.has(argument.placeholder);
  return [
    `    "${name}")`,
    `      options=${words([...options.map((option) => `--${option.name}`), "--help"])}`,
    `      files=${words(files)}`,
    `      values=${words(others)}`,
    `      argument=${isFile ? "file" : "none"}`,
    "      ;;",
  ].join("\n");
}

/** What follows the first word of commands that have two. */
function secondWords(first: string): string[] {
  return commands.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []));
}

/** Completion for bash, from the table of commands. */
export function bashCompletion(): string {
  const firsts = [...new Set(commands.map(({ name }) => name.split(" ", 1)[0] ?? name)), "help"];
  const groups = firsts.filter((first) => secondWords(first).length > 0);
  return `# bash completion for opendcre(8): made from its table of commands

_opendcre() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command="" at=1 options files values argument
  COMPREPLY=()
  if ((COMP_CWORD > 1)) && [[ \${COMP_WORDS[1]} != -* ]]; then
    command=\${COMP_WORDS[1]} at=2
  elif [[ $current != -* ]] && ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W ${words(firsts)} -- "$current")
    return
  fi
  case $command in
    help)
      mapfile -t COMPREPLY < <(compgen -W ${words(firsts)} -- "$current")
      return
      ;;
${groups
  .map(
    (group) => `    ${group})
      if ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W ${words(secondWords(group))} -- "$current")
        return
      fi
      command="${group} \${COMP_WORDS[2]}" at=3
      ;;
`,
  )
  .join("")}    "") command=${defaultCommand.name} ;;
  esac
  case $command in
${commands.map(commandCase).join("\n")}
    *) return ;;
  esac
  ((at == 1)) && options="$options ${everywhere.join(" ")}"
  if [[ $previous == -* && " $files " == *" $previous "* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  elif [[ $previous == -* && " $values " == *" $previous "* ]]; then
    return
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ $argument == file ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _opendcre opendcre
`;
}
