/**
 * Which of several sockets that listen on the same port gets the connections. By itself the kernel spreads them over all; here it is told
 * to give them to the newest, so that an older one can be closed with nobody waiting in it.
 *
 * @see socket(7), SO_ATTACH_REUSEPORT_CBPF
 */
import { bindLibc, LibcError } from "../lib/libc.ts";
import { ProcSocketTable } from "./own-sockets.ts";

const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** The program's only instruction: return a constant. @see linux/bpf_common.h, BPF_RET | BPF_K */
const BPF_RET_K = 0x06;

const signatures = { setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" } } as const;

/** Gives the connections to the socket with this index in the group of those on a port; false where that cannot be done. */
export type Steer = (port: number, index: number) => boolean;

/** The system's way to do it; one that does nothing where there is none. */
export function openSteering(): Steer {
  try {
    const { calls, addressOf } = bindLibc(signatures);
    return (port, index) => {
      const fd = listeningDescriptor(port);
      if (fd === undefined) return false;
      const program = programThatReturns(index, addressOf);
      return calls.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program, FPROG_SIZE) === 0;
    };
  } catch (error) {
    if (error instanceof LibcError) return () => false;
    throw error;
  }
}

/** One of this process's sockets that listen on a port; undefined where it cannot be found. */
function listeningDescriptor(wanted: number): number | undefined {
  const table = new ProcSocketTable();
  try {
    return table.sockets().find(({ isListening, localPort }) => isListening && localPort === wanted)?.fd;
  } catch {
    return undefined;
  } finally {
    table.close();
  }
}

const FPROG_SIZE = 16;
const FILTER_SIZE = 8;

/**
 * A `struct sock_fprog`, the number of instructions and where they are, and behind it the one instruction, a `struct sock_filter`: code, two
 * jumps, a constant. In one piece, so that whoever has the first keeps the second.
 */
function programThatReturns(constant: number, addressOf: (bytes: Uint8Array<ArrayBuffer>) => bigint) {
  const program = new Uint8Array(FPROG_SIZE + FILTER_SIZE);
  const view = new DataView(program.buffer);
  view.setUint16(0, 1, true);
  view.setBigUint64(8, addressOf(program) + BigInt(FPROG_SIZE), true);
  view.setUint16(FPROG_SIZE, BPF_RET_K, true);
  view.setUint32(FPROG_SIZE + 4, constant, true);
  return program;
}

/** The sockets that listen on one port, as the kernel has them in its table. */
export class PortGroup<Socket> {
  readonly #port: number;
  readonly #steer: Steer;
  readonly #sockets: Socket[];
  #newest: Socket;

  constructor(port: number, first: Socket, steer: Steer) {
    this.#port = port;
    this.#steer = steer;
    this.#sockets = [first];
    this.#newest = first;
  }

  /** Gives the connections to a further socket, which has begun to listen; false where they will be spread over all. */
  joined(newest: Socket): boolean {
    this.#sockets.push(newest);
    this.#newest = newest;
    return this.#steerToNewest();
  }

  /** Call when a socket has been closed. In the kernel's table the last one takes its place. */
  left(socket: Socket): void {
    const index = this.#sockets.indexOf(socket);
    const last = this.#sockets.pop();
    if (last !== undefined && last !== socket && index >= 0) this.#sockets[index] = last;
    this.#steerToNewest();
  }

  #steerToNewest(): boolean {
    return this.#steer(this.#port, this.#sockets.indexOf(this.#newest));
  }
}
