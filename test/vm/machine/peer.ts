import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A Unix socket that QEMU connects to, taken line by line. It listens from the start, so that nobody need wait for it. */
export class Peer implements AsyncDisposable {
  readonly #server = createServer();
  readonly #listeners = new Set<(line: string) => void>();
  readonly #connected: Promise<Socket>;
  #socket: Socket | undefined;

  private constructor() {
    this.#connected = once(this.#server, "connection").then(([socket]: Socket[]) => this.#serve(socket!));
  }

  static async listen(path: string): Promise<Peer> {
    const peer = new Peer();
    peer.#server.listen(path);
    await once(peer.#server, "listening");
    return peer;
  }

  /** Hands over every line that comes; the function that it returns ends that. */
  subscribe(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The next line for which `pick` returns something. */
  next<T>(pick: (line: string) => T | undefined): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    const leave = this.subscribe((line) => {
      const picked = pick(line);
      if (picked === undefined) return;
      leave();
      resolve(picked);
    });
    return promise;
  }

  async send(line: string): Promise<void> {
    const socket = await this.#connected;
    socket.write(`${line}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#socket?.destroy();
  }

  #serve(socket: Socket): Socket {
    this.#socket = socket;
    let rest = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) for (const listener of this.#listeners) listener(line);
    });
    // QEMU that is killed resets the connection; what that means, its process tells.
    socket.on("error", () => socket.destroy());
    return socket;
  }
}
