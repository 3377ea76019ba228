import { fromSources, root } from "./product.ts";

/** What a command did. */
export interface CommandOutcome {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the program with these arguments until it ends. */
export async function runCommand(
  args: readonly string[],
  { input = "", env = {} }: CommandOptions = {},
): Promise<CommandOutcome> {
  const child = Bun.spawn([...fromSources, ...args], {
    cwd: root,
    stdin: new TextEncoder().encode(input),
    stdout: "pipe",
    stderr: "pipe",
    env: { ...Bun.env, ...env },
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { exitCode: await child.exited, out, err };
}
