import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** A server in a process of its own. */
export interface Server {
  readonly port: number;
  /** Resident memory, in MiB. */
  residentMiB(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a command that prints, somewhere in a line, the URL that it listens on. */
async function start(command: string[]): Promise<Server> {
  const child = Bun.spawn(command, { cwd: root, stdout: "pipe", stderr: "inherit" });
  const port = await portOf(child.stdout);
  return {
    port,
    async residentMiB() {
      const status = await Bun.file(`/proc/${child.pid}/status`).text();
      return Number(/VmRSS:\s*(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

/** The port in the first URL of the output; what follows is read and thrown away, so that the server never waits for a reader. */
async function portOf(output: ReadableStream<Uint8Array>): Promise<number> {
  const found = Promise.withResolvers<number>();
  void (async () => {
    let text = "";
    for await (const chunk of output) {
      if (text.length > 100_000) continue;
      text += new TextDecoder().decode(chunk);
      const port = /http:\/\/[\w.]+:(\d+)/.exec(text)?.[1];
      if (port) found.resolve(Number(port));
    }
    found.reject(new Error(`the server ended without naming its port: ${text}`));
  })();
  return await found.promise;
}

/** The product: the binary where it is given, else from the sources. Its emulator is reached through a PTY. */
export const startProduct = (binary?: string): Promise<Server> =>
  start([...(binary ? [binary] : [process.execPath, "src/main.ts"]), "serve", "--emulator", "--port", "0"]);

/** The floor for HTTP: one Elysia route and nothing else. */
export const startBareElysia = (): Promise<Server> =>
  start([process.execPath, join(import.meta.dirname, "bare-elysia.ts")]);
