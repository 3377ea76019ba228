import { Peer } from "./peer.ts";

/** What QEMU's machine protocol says on one line, as far as it is looked at here. */
interface Message {
  readonly id?: string;
  readonly return?: unknown;
  readonly error?: unknown;
  readonly QMP?: unknown;
  readonly event?: string;
}

const parse = (line: string): Message => JSON.parse(line);

/** The monitor of a virtual machine: what somebody could do who stands before it. */
export class Monitor {
  readonly #peer: Peer;
  readonly #greeted: Promise<boolean>;
  #lastId = 0;

  constructor(peer: Peer) {
    this.#peer = peer;
    this.#greeted = peer.next((line) => (parse(line).QMP === undefined ? undefined : true));
  }

  /** Waits for the machine to be there. */
  async start(): Promise<void> {
    await this.#greeted;
    await this.execute("qmp_capabilities");
  }

  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = String(++this.#lastId);
    const answer = this.#peer.next((line) => {
      const message = parse(line);
      return message.id === id ? message : undefined;
    });
    await this.#peer.send(JSON.stringify({ execute: command, arguments: args, id }));
    const message = await answer;
    if (message.error !== undefined) throw new Error(`QEMU: ${command}: ${JSON.stringify(message.error)}`);
    return message.return;
  }

  /** Switches the machine off and on. */
  async reset(): Promise<void> {
    const isReset = this.#peer.next((line) => (parse(line).event === "RESET" ? true : undefined));
    await this.execute("system_reset");
    await isReset;
  }

  /** The pseudo terminal at the other end of the machine's character device `label`. */
  async pseudoTerminal(label: string): Promise<string> {
    const devices = JSON.stringify(await this.execute("query-chardev"));
    const path = new RegExp(`\\{[^{}]*"label":\\s*"${label}"[^{}]*\\}`).exec(devices)?.[0].match(/pty:([^"]+)/)?.[1];
    if (path === undefined) throw new Error(`QEMU: no pseudo terminal for ${label} in ${devices}`);
    return path;
  }

  /** The 32-bit word at a physical address, a register of a device for one. */
  async word(address: number): Promise<number> {
    const text = await this.execute("human-monitor-command", { "command-line": `xp /1wx 0x${address.toString(16)}` });
    const word = /: (0x[0-9a-f]{8})/.exec(String(text))?.[1];
    if (word === undefined) throw new Error(`QEMU: xp: ${String(text)}`);
    return Number(word);
  }
}
