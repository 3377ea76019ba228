import { closestName } from "../lib/closest-name.ts";
import type { CommandSpec, GivenOption, Invocation, OptionSpec } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** Options that stand for a request of their own, wherever they are. */
export const helpOptions: readonly string[] = ["--help", "-h"];
export const versionOption = "--version";

/** Understands what follows a command's name. @throws UsageError */
export const parseCommandLine = (command: CommandSpec, words: readonly string[]): Invocation =>
  new CommandLine(command, words).parse();

class CommandLine {
  readonly #command: CommandSpec;
  readonly #words: string[];
  readonly #options: GivenOption[] = [];
  readonly #arguments: string[] = [];

  constructor(command: CommandSpec, words: readonly string[]) {
    this.#command = command;
    this.#words = [...words];
  }

  parse(): Invocation {
    let areOptionsOver = false;
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (areOptionsOver || !word.startsWith("-") || word === "-") this.#takeArgument(word);
      else if (word === "--") areOptionsOver = true;
      else this.#takeOption(word);
    }
    const words = this.#arguments;
    return { command: this.#command, options: this.#options, argument: words[0], arguments: words };
  }

  #takeArgument(word: string): void {
    const { name, argument } = this.#command;
    if (!argument || (this.#arguments.length > 0 && !argument.isMany))
      throw new UsageError(`unexpected argument "${word}"; see opendcre help ${name}`);
    this.#arguments.push(word);
  }

  #takeOption(word: string): void {
    const equals = word.indexOf("=");
    const name = equals === -1 ? word : word.slice(0, equals);
    const spec = this.#specNamed(name);
    if (!spec.isMany && this.#options.some((given) => given.spec === spec))
      throw new UsageError(`option ${name} is given twice`);
    this.#options.push({ spec, value: equals === -1 ? this.#nextValue(spec) : this.#valueInWord(spec, word, equals) });
  }

  #specNamed(name: string): OptionSpec {
    const { options } = this.#command;
    const spec = options.find((option) => `--${option.name}` === name);
    if (spec) return spec;
    const closest = closestName(name, [...options.map((option) => `--${option.name}`), ...helpOptions, versionOption]);
    const hint = closest ? `did you mean ${closest}?` : `see opendcre help ${this.#command.name}`;
    throw new UsageError(`unknown option ${name}; ${hint}`);
  }

  #valueInWord({ name, value }: OptionSpec, word: string, equals: number): string {
    if (!value) throw new UsageError(`option --${name} takes no value`);
    return word.slice(equals + 1);
  }

  #nextValue({ name, value }: OptionSpec): string | undefined {
    if (!value) return undefined;
    const next = this.#words[0];
    if (value.optional) return next !== undefined && value.optional.test(next) ? this.#words.shift() : undefined;
    if (next === undefined || next.startsWith("-"))
      throw new UsageError(`option --${name} needs a value: --${name} ${value.placeholder}`);
    return this.#words.shift();
  }
}
