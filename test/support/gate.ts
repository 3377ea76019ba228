import { createServer, connect, type Server, type Socket } from "node:net";

/**
 * Stands in front of a server on loopback, on a port of its own, and lets connections through, or accepts them and says nothing, or has nobody
 * listen there.
 */
export class Gate {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<Socket>();
  #server: Server | undefined;
  #isSilent = false;
  #port = 0;
  #arrived = Promise.withResolvers<void>();

  private constructor(target: number) {
    this.#target = target;
  }

  /** One that lets connections through to a port. */
  static async to(target: number): Promise<Gate> {
    const gate = new Gate(target);
    await gate.open();
    return gate;
  }

  get port(): number {
    return this.#port;
  }

  /** Lets connections through, those that wait included. */
  async open(): Promise<void> {
    await this.#listen();
    this.#isSilent = false;
    for (const socket of this.#waiting) this.#join(socket);
    this.#waiting.clear();
  }

  /** Accepts connections, and lets nothing through. */
  async silence(): Promise<void> {
    await this.#listen();
    this.#isSilent = true;
  }

  /** Ends all connections; nobody listens any more. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    this.#waiting.clear();
    if (server) await new Promise<void>((resolve) => void server.close(() => resolve()));
  }

  /** Waits until somebody connects. */
  nextConnection(): Promise<void> {
    return this.#arrived.promise;
  }

  async #listen(): Promise<void> {
    if (this.#server) return;
    const server = createServer((socket) => {
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers<void>();
      this.#keep(socket);
      if (this.#isSilent) this.#waiting.add(socket);
      else this.#join(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    const address = server.address();
    this.#port = typeof address === "object" && address ? address.port : 0;
  }

  #join(socket: Socket): void {
    const beyond = this.#keep(connect(this.#target, "127.0.0.1"));
    socket.pipe(beyond).pipe(socket);
    socket.on("close", () => beyond.destroy());
    beyond.on("close", () => socket.destroy());
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    // What breaks a connection is part of the game.
    return socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
  }
}
