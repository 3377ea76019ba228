import type { Machine } from "./machine/machine.ts";

/** An answer, as curl tells it. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Options {
  readonly token?: string;
  readonly post?: boolean;
  /** How many times a second apart it is asked again where nobody answers. */
  readonly retries?: number;
}

/** Asks the appliance in the machine over HTTPS, with curl, and without looking at its certificate. */
export async function ask(machine: Machine, path: string, options: Options = {}): Promise<Answer> {
  const { token, post = false, retries = 0 } = options;
  // From a file, as is usual: other users see a command's arguments.
  const header = token === undefined ? [] : ["--header", "@-"];
  const url = `https://127.0.0.1:${machine.port}/opendcre/1.2/${path}`;
  const retry = ["--retry", `${retries}`, "--retry-delay", "1", "--retry-all-errors", "--connect-timeout", "5"];
  const child = Bun.spawn(
    [
      "curl",
      "-ksS",
      "--max-time",
      "60",
      ...(retries > 0 ? retry : []),
      ...header,
      ...(post ? ["-X", "POST"] : []),
      "-w",
      "\n%{http_code}",
      url,
    ],
    { stdio: [new Blob([token === undefined ? "" : `Authorization: Bearer ${token}\n`]), "pipe", "pipe"] },
  );
  const [text, told] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`curl ${url}: ${told}`);
  const end = text.lastIndexOf("\n");
  return { status: Number(text.slice(end + 1)), body: text.slice(0, end) };
}

/** Makes a token in the machine, as its administrator does. */
export async function createToken(
  machine: Machine,
  name: string,
  role: "reader" | "operator" | "admin",
): Promise<string> {
  const told = await machine.must(`opendcre token create ${name} --role ${role}`);
  const token = /^\S{20,}$/m.exec(told)?.[0];
  if (token === undefined) throw new Error("no token was told");
  return token;
}
