/** A Unix socket for datagrams that is not ours: python's. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** False where python3 is missing. */
export const hasPython = Bun.which("python3") !== null;

/** Binds the socket that it is told, and writes each datagram as a line in hex. */
const program = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
path = sys.argv[1]
receiver.bind(chr(0) + path[1:] if path.startswith("@") else path)
print("bound", flush=True)
while True:
    print(receiver.recv(1 << 20).hex(), flush=True)
`;

/** What has been received, and may be received. */
export interface DatagramReceiver {
  /** As `NOTIFY_SOCKET` spells it: a path, or `@name`. */
  readonly path: string;
  /** The next datagram. */
  next(): Promise<Uint8Array>;
  /** Reads nothing from now on. */
  pause(): void;
  /** Reads what has come, and goes on. */
  resume(): void;
  stop(): Promise<void>;
}

/** Binds a socket with a path, or in the abstract name space. */
export async function startDatagramReceiver(kind: "path" | "abstract" = "path"): Promise<DatagramReceiver> {
  const folder = mkdtempSync(join(tmpdir(), "opendcre-datagrams-"));
  const path = kind === "path" ? join(folder, "socket") : `@opendcre-test-${process.pid}-${crypto.randomUUID()}`;
  const python = Bun.spawn(["python3", "-c", program, path], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = linesOf(python.stdout);
  await lines.next();
  return {
    path,
    async next() {
      const { value } = await lines.next();
      return Uint8Array.fromHex(value ?? "");
    },
    pause: () => python.kill("SIGSTOP"),
    resume: () => python.kill("SIGCONT"),
    async stop() {
      python.kill("SIGKILL");
      await python.exited;
      rmSync(folder, { recursive: true });
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
