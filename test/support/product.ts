import { join } from "node:path";

/** The project's root folder. */
export const root = join(import.meta.dirname, "..", "..");

/** A board file with a rack of a few boards. */
export const simpleRack = join(root, "config", "simple.json");

/** The command that runs the program from its sources. */
export const fromSources: readonly string[] = [process.execPath, join(root, "src", "main.ts")];

/** What a request was answered with. */
interface ProductAnswer {
  readonly status: number;
  // What comes back is looked at by tests, which say what they expect.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly headers: Headers;
}

/** The program, serving, in a process of its own. */
export interface Product {
  readonly port: number;
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** Requests a path below the API's prefix: `scan/1`. */
  get(path: string, init?: RequestInit): Promise<ProductAnswer>;
  /** All lines of its log, as objects; waits for the process to have ended. */
  lines(): Promise<Record<string, unknown>[]>;
  /** All that it has written to standard output and standard error; waits for the process to have ended. */
  output(): Promise<string>;
  /** Resolves when a line for which `test` holds has been written. */
  until(test: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** Sends a signal, SIGTERM where none is named, and resolves with the exit code when the process has ended. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** A process that ended when it should have gone on. */
class EndedError extends Error {
  override readonly name = "EndedError";
}

/** Collects a stream's lines and lets others wait for them. */
class Lines {
  readonly all: string[] = [];
  readonly #waiters = new Set<() => void>();
  readonly ended: Promise<void>;
  #isOver = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#collect(stream);
  }

  async find(test: (line: string) => boolean): Promise<string> {
    for (let seen = 0; ;) {
      while (seen < this.all.length) {
        const line = this.all[seen++]!;
        if (test(line)) return line;
      }
      if (this.#isOver)
        throw new EndedError(`the process ended without the line that was waited for:\n${this.all.join("\n")}`);
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      this.all.push(...parts);
      this.#wake();
    }
    this.#isOver = true;
    this.#wake();
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}

const parse = (line: string): Record<string, unknown> => JSON.parse(line);

/** Starts `command serve --port 0 ...args` and waits until it listens. */
export async function startProduct(
  args: readonly string[],
  command = fromSources,
  env: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const process = Bun.spawn([...command, "serve", "--port", "0", ...args], {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...Bun.env, OPENDCRE_LOG_FORMAT: "json", ...env },
  });
  const stdout = new Lines(process.stdout);
  const stderr = new Lines(process.stderr);
  const listening = await stdout
    .find((line) => line.includes("listening on http"))
    .catch((error: unknown) => {
      throw new EndedError(`${String(error)}\n${stderr.all.join("\n")}`);
    });
  const port = Number(/https?:\/\/[^:]+:(\d+)/.exec(listening)?.[1]);
  return {
    port,
    process,
    async get(path, init) {
      const response = await fetch(`http://127.0.0.1:${port}/opendcre/1.2/${path}`, init);
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text), headers: response.headers };
    },
    async lines() {
      await stdout.ended;
      return stdout.all.map(parse);
    },
    async output() {
      await Promise.all([stdout.ended, stderr.ended]);
      return [...stdout.all, ...stderr.all].join("\n");
    },
    until: async (test) => parse(await stdout.find((line) => test(parse(line)))),
    async stop(signal = "SIGTERM") {
      process.kill(signal);
      return await process.exited;
    },
  };
}
