import type { CommandContext } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** More is no password. */
const LONGEST_INPUT = 4096;

const END_OF_INPUT = "\u0004";
const ERASE: ReadonlySet<string> = new Set(["\b", "\u007f"]);
const INTERRUPT = "\u0003";

/** What was typed before the line's end, with what was erased taken away. @throws UsageError at Ctrl-C */
function typed(keys: string): string {
  const line: string[] = [];
  for (const key of keys) {
    if (key === INTERRUPT) throw new UsageError("interrupted: nothing has changed");
    if (ERASE.has(key)) line.pop();
    else line.push(key);
  }
  return line.join("");
}

/** Standard input, on which lines are typed that are not shown. */
class HiddenLines implements Disposable {
  readonly #decoder = new TextDecoder();
  #held = "";
  #arrived = Promise.withResolvers<void>();
  #isOver = false;
  readonly #take = (chunk: Uint8Array | string) => {
    const keys = typeof chunk === "string" ? chunk : this.#decoder.decode(chunk, { stream: true });
    this.#held += keys.replaceAll(END_OF_INPUT, "\n");
    this.#arrived.resolve();
  };
  readonly #end = () => {
    this.#isOver = true;
    this.#arrived.resolve();
  };

  constructor() {
    process.stdin.setRawMode(true);
    process.stdin.on("data", this.#take).on("end", this.#end);
  }

  async next(): Promise<string> {
    for (;;) {
      const end = this.#held.search(/[\r\n]/);
      if (end >= 0 || this.#held.includes(INTERRUPT) || this.#isOver || this.#held.length > LONGEST_INPUT) {
        const line = typed(end < 0 ? this.#held : this.#held.slice(0, end));
        this.#held = end < 0 ? "" : this.#held.slice(end + 1);
        return line;
      }
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers<void>();
    }
  }

  [Symbol.dispose](): void {
    process.stdin.off("data", this.#take).off("end", this.#end).pause();
    process.stdin.setRawMode(false);
  }
}

/** The first line of standard input, for programs. */
async function firstLine(): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of process.stdin) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    if (text.includes("\n") || text.length > LONGEST_INPUT) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? "";
}

/**
 * A user's new password: from a terminal asked for twice and not shown, else the first line of standard input. Never from the command
 * line, which every process can read.
 *
 * @param check throws what is wrong with it
 * @throws UsageError where the two are not the same, or the user breaks off
 */
export async function readNewPassword(
  name: string,
  context: CommandContext,
  check: (password: string) => void,
): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  using lines = new HiddenLines();
  await context.complain(`New password for ${name}: `);
  const password = await lines.next();
  await context.complain("\n");
  check(password);
  await context.complain("Once more: ");
  const again = await lines.next();
  await context.complain("\n");
  if (password !== again) throw new UsageError("the two passwords are not the same: nothing has changed");
  return password;
}
