import type { SettingPath } from "../config/schema.ts";
import type { ExitCode } from "./exit-codes.ts";

/** An option of a command. Parsing and help both follow from it. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** What follows it; absent for an option that stands alone. */
  readonly value?: {
    readonly placeholder: string;
    /** With this, the value may be missing, and what comes next is taken for it only where it looks like one. */
    readonly optional?: RegExp;
  };
  readonly summary: string;
  /** Whether it may be given several times. */
  readonly isMany?: boolean;
  /** The setting that gets the value, or true where there is none. */
  readonly setting?: SettingPath;
  /** The setting that is true where the option is given, whatever its value. `setting` then only gets a value that is there. */
  readonly enables?: SettingPath;
}

/** A command of the program. */
export interface CommandSpec {
  /** One word, or two where several commands share the first: `token create`. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** What may stand without an option in front; several times where it is many. */
  readonly argument?: { readonly placeholder: string; readonly summary: string; readonly isMany?: boolean };
  /** Command lines that show how it is used, each with what it does. */
  readonly examples: readonly (readonly [commandLine: string, meaning: string])[];
  /** Loads the code, so that no command waits for that of the others. */
  load(): Promise<CommandRunner>;
}

/** An option as it was given. */
export interface GivenOption {
  readonly spec: OptionSpec;
  readonly value: string | undefined;
}

/** A command as it was given. */
export interface Invocation {
  readonly command: CommandSpec;
  readonly options: readonly GivenOption[];
  /** The first of the arguments. */
  readonly argument: string | undefined;
  readonly arguments: readonly string[];
}

/** What a command has of the world around it. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output; resolves when it is written, or when nobody reads any more. */
  print(text: string): Promise<void>;
  /** The same for standard error. */
  complain(text: string): Promise<void>;
}

/** Carries a command out. What it throws is reported by `src/cli/failures.ts`. */
type CommandRunner = (invocation: Invocation, context: CommandContext) => Promise<ExitCode>;

/** The value of an option, by its name: a text, true where it was given alone, undefined where it was not given. */
export function optionOf({ options }: Invocation, name: string): string | true | undefined {
  const given = options.find(({ spec }) => spec.name === name);
  return given && (given.value ?? true);
}

/** The value of an option that never stands alone. */
export function textOf(invocation: Invocation, name: string): string | undefined {
  const value = optionOf(invocation, name);
  return value === true ? undefined : value;
}

/** All values of an option that may be given several times. */
export const textsOf = ({ options }: Invocation, name: string): readonly string[] =>
  options.flatMap(({ spec, value }) => (spec.name === name && value !== undefined ? [value] : []));
