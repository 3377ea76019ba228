import type { Peer } from "./peer.ts";

/** How a script ended, and what it wrote. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const decode = (word = "") => Buffer.from(word.slice(1), "base64").toString("utf8");

/** Runs scripts as root in the machine, one after the other (guest-shell.sh, over a serial port of its own). */
export class GuestShell {
  readonly #peer: Peer;
  #lastId = 0;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** Resolves when the machine says that it takes scripts; to be called before it is switched on. */
  ready(): Promise<boolean> {
    return this.#peer.next((line) => (line === "ready" ? true : undefined));
  }

  /** Runs a script for bash; it may take two minutes (then its status is 124). */
  async run(script: string): Promise<Ran> {
    const id = String(++this.#lastId);
    const answer = this.#peer.next((line): Ran | undefined => {
      const [first, status, stdout, stderr] = line.split(" ");
      return first === id ? { status: Number(status), stdout: decode(stdout), stderr: decode(stderr) } : undefined;
    });
    await this.#peer.send(`${id} ${Buffer.from(script).toString("base64")}`);
    return await answer;
  }
}
