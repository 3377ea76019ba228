/**
 * Which of several sockets that listen on the same port gets the connections. By itself the kernel spreads them over all; here it is told
 * to give them to the newest, so that an older one can be closed with nobody waiting in it.
 *
 * @see socket(7), SO_ATTACH_REUSEPORT_CBPF
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** The program's only instruction: return a constant. @see linux/bpf_common.h, BPF_RET | BPF_K */
const BPF_RET_K = 0x06;
/** How /proc/net/tcp spells TCP_LISTEN. */
const LISTENS = "0A";

const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Gives the connections to the socket with this index in the group of those on a port; false where that cannot be done. */
export type Steer = (port: number, index: number) => boolean;

/** The system's way to do it; one that does nothing where there is none. */
export async function openSteering(): Promise<Steer> {
  if (process.platform !== "linux") return () => false;
  const { dlopen, ptr } = await import("bun:ffi");
  const signatures = { setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" } } as const;
  for (const library of libraries) {
    try {
      const { setsockopt } = dlopen(library, signatures).symbols;
      return (port, index) => {
        const fd = listeningDescriptor(port);
        if (fd === undefined) return false;
        const filter = filterThatReturns(index);
        const program = programOf(1, ptr(filter));
        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, ptr(program), program.length) === 0;
      };
    } catch {
      // The next name, or none: then the kernel spreads connections.
    }
  }
  return () => false;
}

/** `struct sock_filter`: code, two jumps, a constant. */
function filterThatReturns(constant: number): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setUint16(0, BPF_RET_K, true);
  bytes.setUint32(4, constant, true);
  return new Uint8Array(bytes.buffer);
}

/** `struct sock_fprog`: the number of instructions, and where they are. */
function programOf(length: number, address: number): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(16));
  bytes.setUint16(0, length, true);
  bytes.setBigUint64(8, BigInt(address), true);
  return new Uint8Array(bytes.buffer);
}

/** The descriptor of one of this process's sockets that listen on a port. */
function listeningDescriptor(port: number): number | undefined {
  const tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
  const sockets = new Set(
    tables.flatMap((table) =>
      listeningInodes(
        orElse("", () => readFileSync(table, "utf8")),
        port,
      ),
    ),
  );
  return orElse([], () => readdirSync("/proc/self/fd"))
    .map(Number)
    .find((fd) => sockets.has(orElse("", () => readlinkSync(`/proc/self/fd/${fd}`))));
}

/** Sockets that listen on a port, as links in /proc/self/fd name them. */
function listeningInodes(table: string, port: number): string[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENS && Number.parseInt(local.split(":")[1] ?? "", 16) === port ? [`socket:[${inode}]`] : [];
  });
}

/** What is missing in /proc, or closed meanwhile, is passed over. */
function orElse<T>(otherwise: T, look: () => T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** The sockets that listen on one port, as the kernel has them in its table. */
export class PortGroup<Socket> {
  readonly #port: number;
  readonly #steer: Steer;
  readonly #sockets: Socket[];

  constructor(port: number, first: Socket, steer: Steer) {
    this.#port = port;
    this.#steer = steer;
    this.#sockets = [first];
  }

  /** Gives the connections to whichever socket is the next to listen; false where they will be spread over all. */
  prepareForNext(): boolean {
    return this.#steer(this.#port, this.#sockets.length);
  }

  /** Call when a further socket listens. */
  joined(socket: Socket): void {
    this.#sockets.push(socket);
  }

  /** Call when a socket has been closed. In the kernel's table the last one takes its place. */
  left(socket: Socket, newest: Socket): void {
    const index = this.#sockets.indexOf(socket);
    const last = this.#sockets.pop();
    if (last !== undefined && last !== socket && index >= 0) this.#sockets[index] = last;
    this.#steer(this.#port, this.#sockets.indexOf(newest));
  }
}
