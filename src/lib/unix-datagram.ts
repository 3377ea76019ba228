/** Datagrams to Unix sockets, which node:dgram does not have. */
import { bindLibc, LibcError } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2_000_000;
/** Neither a full receiver nor one that has gone away may stop this process. */
const FLAGS = { dontWait: 0x40, noSignal: 0x4000 } as const;
/** `sun_path` in `struct sockaddr_un`. @see unix(7) */
const LONGEST_PATH = 107;
const FAMILY_BYTES = 2;
/** @see Linux include/uapi/asm-generic/errno-base.h; the same on every architecture that this runs on */
const EAGAIN = 11;

const signatures = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // ssize_t in C, but the kernel takes no datagram that large.
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i32" },
} as const;

/** `struct sockaddr_un`, of its exact length: in the abstract name space ("@...") every byte counts. Undefined where it has no room. */
export function unixAddress(path: string): Uint8Array<ArrayBuffer> | undefined {
  const isAbstract = path.startsWith("@");
  if (!isAbstract && !path.startsWith("/")) return undefined;
  const name = new TextEncoder().encode(path);
  if (name.length > LONGEST_PATH || name.includes(0)) return undefined;
  const address = new Uint8Array(FAMILY_BYTES + name.length + (isAbstract ? 0 : 1));
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, FAMILY_BYTES);
  if (isAbstract) address[FAMILY_BYTES] = 0;
  return address;
}

/** What became of a datagram: `full` is for a receiver that has not read those before, `failed` for one that is not there or takes none so large. */
export type DatagramOutcome = "sent" | "full" | "failed";

/** The way to one receiver, which may come, go and come back. */
export interface UnixDatagrams {
  /** Sends bytes as one datagram, without waiting. */
  send(bytes: Uint8Array): DatagramOutcome;
}

/** The way to the socket of that name, for as long as the process lives. Undefined where there are no such sockets, or the name is none. */
export function openUnixDatagrams(path: string): UnixDatagrams | undefined {
  const address = unixAddress(path);
  const libc = address && bind();
  if (!libc) return undefined;
  const { calls, orErrno } = libc;
  const fd = calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  return {
    send(bytes) {
      const flags = FLAGS.dontWait | FLAGS.noSignal;
      const sent = orErrno(calls.sendto(fd, bytes, bytes.length, flags, address, address.length));
      // A datagram is taken as a whole, or not at all.
      return sent >= 0 ? "sent" : sent === -EAGAIN ? "full" : "failed";
    },
  };
}

function bind() {
  try {
    return bindLibc(signatures);
  } catch (error) {
    if (error instanceof LibcError) return undefined;
    throw error;
  }
}
