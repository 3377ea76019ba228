import { join } from "node:path";
import { BenchError, HttpConnection } from "./http-client.ts";

const root = join(import.meta.dirname, "..", "..");

/** The product as it is shipped; `npm run build` makes it. */
export const binary = join(root, "dist", "opendcre-linux-x64");

/** A server in a process of its own. */
export interface Server {
  readonly port: number;
  /** Resident memory, in MiB. */
  residentMiB(): Promise<number>;
  stop(): Promise<void>;
}

/** A port that nobody listens on. */
function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  listener.stop();
  return listener.port;
}

/** Starts a command that listens on the port that its last argument names. Nobody reads its output: a reader would take part. */
async function start(command: readonly string[]): Promise<Server> {
  const port = freePort();
  const child = Bun.spawn([...command, String(port)], { cwd: root, stdout: "ignore", stderr: "inherit" });
  await untilListening(port, child);
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

async function untilListening(port: number, child: Bun.Subprocess): Promise<void> {
  while (child.exitCode === null) {
    try {
      const connection = await HttpConnection.open(port);
      connection.close();
      return;
    } catch {
      await Bun.sleep(5);
    }
  }
  throw new BenchError(`a server ended before it listened, with ${child.exitCode}`);
}

/** The product: a binary where one is given, else from the sources. Its emulator, the default, is reached through a PTY. */
export const startProduct = (program?: string, settings: readonly string[] = ["--emulator"]): Promise<Server> =>
  start([...(program ? [program] : [process.execPath, "src/main.ts"]), "serve", ...settings, "--port"]);

/** The floor for HTTP: one Elysia route and nothing else. */
export const startBareElysia = (): Promise<Server> =>
  start([process.execPath, join(import.meta.dirname, "bare-elysia.ts")]);
