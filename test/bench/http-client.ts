import type { Socket } from "bun";

/** One answer, as far as a benchmark needs it. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A failed request; a benchmark stops at the first one. */
export class BenchError extends Error {
  override readonly name = "BenchError";
}

/**
 * A keep-alive HTTP/1.1 connection that does next to nothing but send a request and wait for its answer, so that what is measured
 * is the server. It understands answers with Content-Length.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #held = "";
  #waiting: PromiseWithResolvers<Answer> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<HttpConnection> {
    let connection: HttpConnection | undefined;
    const decoder = new TextDecoder("latin1");
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_socket, bytes) => connection?.data(decoder.decode(bytes)),
        close: () => connection?.fail(new BenchError("the server has closed the connection")),
      },
    });
    socket.setNoDelay(true);
    connection = new HttpConnection(socket);
    return connection;
  }

  /** Sends a GET and waits for its answer. One request at a time. */
  get(path: string): Promise<Answer> {
    this.#waiting = Promise.withResolvers<Answer>();
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    return this.#waiting.promise;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.end();
  }

  data(text: string): void {
    this.#held += text;
    const headEnd = this.#held.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = this.#held.slice(0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (Number.isNaN(length)) {
      this.fail(new BenchError(`an answer without Content-Length: ${head}`));
      return;
    }
    const bodyEnd = headEnd + 4 + length;
    if (this.#held.length < bodyEnd) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.#held.slice(headEnd + 4, bodyEnd) };
    this.#held = this.#held.slice(bodyEnd);
    this.#waiting?.resolve(answer);
  }

  fail(error: Error): void {
    this.#waiting?.reject(error);
  }
}
