/**
 * What the service manager takes of the C library: datagrams to a Unix socket, which node:dgram does not have, and the system's
 * monotonic clock, of which process.hrtime shows only a part. The only file of this folder that needs Bun.
 */

type Ffi = typeof import("bun:ffi");

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2_000_000;
/** Neither a full receiver nor one that has gone away may stop this process. */
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path` in `struct sockaddr_un`. @see unix(7) */
const LONGEST_PATH = 107;
const FAMILY_BYTES = 2;
const CLOCK_MONOTONIC = 1;

const signatures = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // ssize_t in C, but these datagrams are short.
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i32" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
} as const;

const hasFfi = (module: object | undefined): module is Ffi => module !== undefined && "dlopen" in module;

/** `struct sockaddr_un`, of its exact length: in the abstract name space ("@...") every byte counts. Undefined where it has no room. */
export function unixAddress(path: string): Uint8Array | undefined {
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

/** The way to one service manager. */
export interface Notification {
  /** Sends a text as one datagram, without waiting; false where it was not taken. */
  send(text: string): boolean;
  /** CLOCK_MONOTONIC, in microseconds. */
  monotonicUs(): bigint;
}

/** The way to the socket of that name. Undefined where there are no such sockets, or the name is none. */
export function openNotification(path: string): Notification | undefined {
  const address = unixAddress(path);
  const ffi = process.getBuiltinModule("bun:ffi");
  if (!address || process.platform !== "linux" || !hasFfi(ffi)) return undefined;
  const { symbols } = ffi.dlopen("libc.so.6", signatures);
  const fd = symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  return {
    send(text) {
      const bytes = new TextEncoder().encode(text);
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      return symbols.sendto(fd, bytes, bytes.length, flags, address, address.length) === bytes.length;
    },
    monotonicUs() {
      // struct timespec, which is two numbers of eight bytes on every 64-bit Linux.
      const time = new BigInt64Array(2);
      symbols.clock_gettime(CLOCK_MONOTONIC, time);
      const [seconds = 0n, nanoseconds = 0n] = time;
      return seconds * 1_000_000n + nanoseconds / 1000n;
    },
  };
}
