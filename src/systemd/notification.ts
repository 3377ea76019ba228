import { bindLibc } from "../lib/libc.ts";
import { openUnixDatagrams, type DatagramOutcome } from "../lib/unix-datagram.ts";

const CLOCK_MONOTONIC = 1;

/** The way to one service manager. */
export interface Notification {
  /** Sends a text as one datagram, without waiting. */
  send(text: string): DatagramOutcome;
  /** CLOCK_MONOTONIC, in microseconds: the system's, of which process.hrtime shows only a part. */
  monotonicUs(): bigint;
}

/** The way to the socket of that name. Undefined where there are no such sockets, or the name is none. */
export function openNotification(path: string): Notification | undefined {
  const datagrams = openUnixDatagrams(path);
  if (!datagrams) return undefined;
  const { calls } = bindLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } });
  const encoder = new TextEncoder();
  return {
    send: (text) => datagrams.send(encoder.encode(text)),
    monotonicUs() {
      // struct timespec, which is two numbers of eight bytes on every 64-bit Linux.
      const time = new BigInt64Array(2);
      calls.clock_gettime(CLOCK_MONOTONIC, time);
      const [seconds = 0n, nanoseconds = 0n] = time;
      return seconds * 1_000_000n + nanoseconds / 1000n;
    },
  };
}
