import { connect, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** An answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** An HTTP connection on which a test writes what it likes, byte for byte. */
export class RawHttp {
  /** Resolves when the connection is closed, by whichever side. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #held = "";
  #arrived = Promise.withResolvers<void>();
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#held += text;
      this.#arrived.resolve();
    });
    // What is wrong with a connection shows in what came over it, and in its end.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#isClosed = true;
      this.#arrived.resolve();
      resolve();
    });
  }

  /**
   * @param tls how to speak TLS; plain HTTP where it is absent
   * @param localAddress the address to come from, of those of this machine
   */
  static async open(port: number, host = "127.0.0.1", tls?: ConnectionOptions, localAddress = host): Promise<RawHttp> {
    const to = { port, host, localAddress };
    const socket = tls ? connectTls({ ...tls, ...to }) : connect(to);
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? "secureConnect" : "connect", resolve);
      socket.once("error", reject);
    });
    return new RawHttp(socket);
  }

  send(text: string | Uint8Array): void {
    this.#socket.write(text);
  }

  /** A whole request without a body, and its answer. */
  ask(line: string, headers = "Host: localhost\r\n"): Promise<RawAnswer> {
    this.send(`${line}\r\n${headers}\r\n`);
    return this.answer(line.startsWith("HEAD"));
  }

  /** The next answer; undefined content where the connection closes first throws. */
  async answer(isHead = false): Promise<RawAnswer> {
    for (;;) {
      const answer = this.#take(isHead);
      if (answer) return answer;
      if (this.#isClosed) throw new Error(`the connection was closed after ${JSON.stringify(this.#held)}`);
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers<void>();
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Breaks the connection off: the other side is not told that it has ended, but that it is none. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #take(isHead: boolean): RawAnswer | undefined {
    const headEnd = this.#held.indexOf("\r\n\r\n");
    if (headEnd < 0) return undefined;
    const [first = "", ...lines] = this.#held.slice(0, headEnd).split("\r\n");
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const bodyEnd = headEnd + 4 + (isHead ? 0 : Number(headers.get("content-length") ?? 0));
    if (this.#held.length < bodyEnd) return undefined;
    const body = Buffer.from(this.#held.slice(headEnd + 4, bodyEnd), "latin1").toString();
    this.#held = this.#held.slice(bodyEnd);
    return { status: Number(first.split(" ")[1]), headers, body };
  }
}
