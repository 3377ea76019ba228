/**
 * TCP sockets of this process, of which the runtime shows none: as the kernel lists them.
 *
 * @see proc_pid_net(5), proc_pid_fd(5)
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { bindLibc, type Libc } from "../lib/libc.ts";
import { plainAddress } from "../lib/ip-address.ts";

/** One socket of this process. */
export interface OwnSocket {
  readonly fd: number;
  /** The kernel's number for it. */
  readonly inode: string;
  readonly isListening: boolean;
  readonly localPort: number;
  /** The address of the other side, IPv4 in IPv6 as IPv4; all zeros where there is none. */
  readonly remote: string;
  readonly remotePort: number;
}

/** What is to be known of the sockets of this process. Everything happens at once: descriptors do not change between two looks. */
export interface SocketTable {
  /** How many descriptors are in use, those of files included: what `sockets` would have to look at. */
  countDescriptors(): number;
  sockets(): readonly OwnSocket[];
  /** Ends a connection both ways, for whoever has it to find it ended. */
  end(fd: number): void;
  /** Gives back what was kept for later looks, which may go on. */
  close(): void;
}

const TABLES = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
const DESCRIPTORS = "/proc/self/fd";
/** How the tables spell TCP_LISTEN. */
const LISTENS = "0A";
const SHUT_RDWR = 2;

const signatures = { shutdown: { args: ["i32", "i32"], returns: "i32" } } as const;

/** Looks up its sockets in /proc, which costs some 5 µs for each descriptor. */
export class ProcSocketTable implements SocketTable {
  /** A descriptor that is given up for a look when there is no other. */
  #spare: number | undefined;
  #libc: Libc<typeof signatures> | undefined;

  countDescriptors(): number {
    return this.#descriptors().length;
  }

  sockets(): readonly OwnSocket[] {
    const listed = new Map(TABLES.flatMap((table) => this.#withRoom(() => socketsIn(readTable(table)))));
    return this.#descriptors().flatMap((name) => {
      const inode = inodeOf(name);
      const socket = inode === undefined ? undefined : listed.get(inode);
      return socket === undefined || inode === undefined ? [] : [{ fd: Number(name), inode, ...socket }];
    });
  }

  end(fd: number): void {
    this.#libc ??= bindLibc(signatures);
    // It can only fail for what has been closed by the other side meanwhile.
    this.#libc.calls.shutdown(fd, SHUT_RDWR);
  }

  close(): void {
    if (this.#spare !== undefined) closeSync(this.#spare);
    this.#spare = undefined;
  }

  #descriptors(): readonly string[] {
    return this.#withRoom(() => readdirSync(DESCRIPTORS));
  }

  /** What a look finds that needs a descriptor, also when all are in use. */
  #withRoom<T>(look: () => T): T {
    this.#spare ??= orNone(() => openSync("/dev/null", "r"));
    try {
      return look();
    } catch (error) {
      if (this.#spare === undefined) throw error;
      this.close();
      const found = look();
      this.#spare = orNone(() => openSync("/dev/null", "r"));
      return found;
    }
  }
}

/** Without IPv6, its table is missing. */
function readTable(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** The number in a descriptor's link, where it is a socket's: `socket:[12345]`. */
const inodeOf = (descriptor: string): string | undefined =>
  /^socket:\[(\d+)\]$/.exec(orNone(() => readlinkSync(`${DESCRIPTORS}/${descriptor}`)) ?? "")?.[1];

/** The sockets in one of the kernel's tables, by inode. Those without one are nobody's yet, or no longer. */
export function socketsIn(table: string): [string, Omit<OwnSocket, "fd" | "inode">][] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", peer = "", state, , , , , , inode = ""] = line.trim().split(/\s+/);
    if (!/^[1-9]\d*$/.test(inode)) return [];
    const [, localPort] = endpoint(local);
    const [remote, remotePort] = endpoint(peer);
    return [[inode, { isListening: state === LISTENS, localPort, remote, remotePort }]];
  });
}

const GROUP = /[\dA-F]{8}/g;

/** `0100007F:1F90` is 127.0.0.1 and 8080: the address in words of 32 bits, each in the machine's order, which is little-endian. */
function endpoint(text: string): [address: string, port: number] {
  const [words = "", port = ""] = text.split(":");
  const bytes = (words.match(GROUP) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].toReversed());
  return [addressOf(bytes), Number.parseInt(port, 16)];
}

function addressOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = bytes.flatMap((byte, at) => (at % 2 === 0 ? [((byte << 8) | (bytes[at + 1] ?? 0)).toString(16)] : []));
  return plainAddress(groups.join(":")) ?? groups.join(":");
}

/** What may have gone meanwhile, or cannot be had. */
function orNone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
