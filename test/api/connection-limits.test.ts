import { describe, expect, test } from "bun:test";
import { ConnectionLimiter, excessOf, type ConnectionBounds } from "../../src/api/connection-limits.ts";
import type { OwnSocket, SocketTable } from "../../src/api/own-sockets.ts";
import { ManualClock } from "../support/manual-clock.ts";

const PORT = 5000;

/** Connections, as a table would have them. */
class FakeTable implements SocketTable {
  readonly ended: number[] = [];
  looks = 0;
  failure: Error | undefined;
  isClosed = false;
  #sockets: OwnSocket[] = [];
  #next = 10;

  /** Opens so many connections, whose descriptors are returned. */
  open(remote: string, count: number, more: Partial<OwnSocket> = {}): number[] {
    const made = Array.from({ length: count }, () => {
      const fd = this.#next++;
      return { fd, inode: `${fd}`, isListening: false, localPort: PORT, remote, remotePort: 40_000 + fd, ...more };
    });
    // The kernel's tables are in no order.
    this.#sockets = [...made.toReversed(), ...this.#sockets];
    return made.map(({ fd }) => fd);
  }

  countDescriptors(): number {
    if (this.failure) throw this.failure;
    return this.#sockets.length;
  }

  sockets(): readonly OwnSocket[] {
    this.looks += 1;
    return this.#sockets;
  }

  end(fd: number): void {
    this.ended.push(fd);
    this.#sockets = this.#sockets.filter((socket) => socket.fd !== fd);
  }

  close(): void {
    this.isClosed = true;
  }
}

const usual: ConnectionBounds = { connections: 10, connectionsPerAddress: 4, loopback: false };

function limiting(bounds: Partial<ConnectionBounds> = {}, host = "0.0.0.0") {
  const [clock, table] = [new ManualClock(), new FakeTable()];
  const told: unknown[] = [];
  const limiter = new ConnectionLimiter(
    { ...usual, ...bounds },
    {
      host,
      table,
      clock,
      isExempt: (address) => address === "198.51.100.9",
      events: {
        ended: (count, address) => void told.push([count, address]),
        notCounted: (error) => void told.push(error.message),
      },
    },
  );
  limiter.watch([PORT]);
  return { clock, table, limiter, told };
}

describe("one address", () => {
  test("keeps the connections that it may have, and loses those that came after them", async () => {
    const { clock, table, told } = limiting();
    table.open("192.0.2.1", 4);
    table.open("192.0.2.2", 1);
    await clock.advance(1000);
    expect(table.ended).toEqual([]);
    const late = table.open("192.0.2.1", 3);
    await clock.advance(1000);
    expect(new Set(table.ended)).toEqual(new Set(late));
    expect(told).toEqual([[3, "192.0.2.1"]]);
  });

  test("is a network of IPv6, and an IPv4 address however it is spelled", async () => {
    const { clock, table } = limiting({ connections: 0 });
    for (const host of [1, 2, 3, 4, 5]) table.open(`2001:db8:0:1::${host}`, 1);
    for (const network of [2, 3, 4]) table.open(`2001:db8:0:${network}::1`, 4);
    await clock.advance(1000);
    expect(table.ended).toHaveLength(1);
  });

  test("is counted again soon once it has had too many, and less often when it keeps still", async () => {
    const { clock, table } = limiting();
    table.open("192.0.2.1", 5);
    await clock.advance(1000);
    expect(table.ended).toHaveLength(1);
    table.open("192.0.2.1", 2);
    await clock.advance(100);
    expect(table.ended).toHaveLength(3);
    await clock.advance(100);
    table.open("192.0.2.1", 2);
    await clock.advance(999);
    expect(table.ended).toHaveLength(3);
    await clock.advance(1);
    expect(table.ended).toHaveLength(5);
  });
});

describe("all addresses", () => {
  test("have so many connections together; whoever has most loses them", async () => {
    const { clock, table } = limiting({ connectionsPerAddress: 0 });
    const few = [1, 2, 3].map((host) => table.open(`192.0.2.${host}`, 1));
    const many = table.open("192.0.2.9", 9);
    await clock.advance(1000);
    expect(table.ended).toHaveLength(2);
    expect(many).toEqual(expect.arrayContaining(table.ended));
    expect(few.flat()).not.toEqual(expect.arrayContaining(table.ended));
  });

  test("where all have one, the newest go", async () => {
    const { clock, table } = limiting();
    for (let host = 1; host <= 10; host++) table.open(`192.0.2.${host}`, 1);
    // One that is not counted makes the look happen that gets to know them.
    table.open("127.0.0.1", 1);
    await clock.advance(1000);
    const late = [11, 12].flatMap((host) => table.open(`192.0.2.${host}`, 1));
    await clock.advance(1000);
    expect(new Set(table.ended)).toEqual(new Set(late));
  });
});

describe("nobody ends", () => {
  test("a connection whose request is under way, before it is answered", async () => {
    const { clock, table, limiter } = limiting({ connectionsPerAddress: 2 });
    const fds = table.open("192.0.2.1", 5);
    const waiting = fds.slice(1).map((fd) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      return { resolve, kept: limiter.whileBusy("192.0.2.1", 40_000 + fd, promise) };
    });
    await clock.advance(1000);
    expect(table.ended).toEqual(fds.slice(0, 1));
    for (const { resolve, kept } of waiting.slice(1)) {
      resolve("done");
      expect(await kept).toBe("done");
    }
    await clock.advance(1000);
    expect(table.ended).toHaveLength(3);
    expect(table.ended).not.toContain(fds[1]);
  });

  test("one of two requests that end on the same connection", async () => {
    const { clock, table, limiter } = limiting({ connections: 1, connectionsPerAddress: 0 });
    const [fd = 0] = table.open("2001:db8::1", 1);
    table.open("192.0.2.1", 1);
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    // The runtime spells addresses out, the kernel does not.
    const kept = [first, second].map(({ promise }) => limiter.whileBusy("2001:db8:0:0:0:0:0:1", 40_000 + fd, promise));
    first.reject(new Error("a failure"));
    expect(await kept[0]?.catch((error: unknown) => error)).toEqual(new Error("a failure"));
    await clock.advance(1000);
    expect(table.ended).not.toContain(fd);
    expect(table.ended).toHaveLength(1);
    second.resolve();
    await kept[1];
  });

  test("those of trusted proxies, of this machine, and of other ports, or a socket that listens", async () => {
    const { clock, table } = limiting();
    table.open("198.51.100.9", 20);
    table.open("127.0.0.1", 20);
    table.open("::1", 20);
    table.open("192.0.2.1", 20, { localPort: 22 });
    table.open("0.0.0.0", 20, { isListening: true });
    await clock.advance(5000);
    expect(table.looks).toBe(5);
    expect(table.ended).toEqual([]);
  });

  test("any where there are no limits, or nobody but this machine can come", async () => {
    for (const { clock, table } of [
      limiting({ connections: 0, connectionsPerAddress: 0 }),
      limiting({}, "127.0.0.1"),
    ]) {
      table.open("127.0.0.1", 100);
      expect(clock.timers).toBe(0);
      await clock.advance(5000);
      expect(table.ended).toEqual([]);
    }
  });
});

test("this machine counts where that is asked for", async () => {
  const { clock, table } = limiting({ loopback: true }, "127.0.0.1");
  table.open("127.0.0.1", 6);
  await clock.advance(1000);
  expect(table.ended).toHaveLength(2);
});

test("no socket is looked at while there are few descriptors", async () => {
  const { clock, table } = limiting();
  table.open("192.0.2.1", 4);
  await clock.advance(5000);
  expect(table.looks).toBe(0);
});

test("other limits hold from now on, and none is a limit, too", async () => {
  const { clock, table, limiter } = limiting();
  table.open("192.0.2.1", 4);
  await clock.advance(1000);
  limiter.set({ ...usual, connectionsPerAddress: 1 });
  await clock.advance(1000);
  expect(table.ended).toHaveLength(3);
  limiter.set({ connections: 0, connectionsPerAddress: 0, loopback: false });
  expect(clock.timers).toBe(0);
  limiter.set(usual);
  expect(clock.timers).toBe(1);
});

test("a look that fails is told, ends none, and the next comes as ever", async () => {
  const { clock, table, told } = limiting();
  table.open("192.0.2.1", 6);
  table.failure = new Error("no /proc");
  await clock.advance(1000);
  expect(told).toEqual(["no /proc"]);
  table.failure = undefined;
  await clock.advance(1000);
  expect(table.ended).toHaveLength(2);
});

test("closing stops it, and gives back what it uses", async () => {
  const { clock, table, limiter } = limiting();
  limiter.close();
  limiter.set(usual);
  expect(clock.timers).toBe(0);
  expect(table.isClosed).toBe(true);
});

const connection = (fd: number, holder: string, isBusy = false) => ({ fd, inode: `${fd}`, holder, isBusy });

test("the excess is what is beyond an address's share, and then whoever has most", () => {
  const connections = [
    connection(1, "a", true),
    connection(2, "b"),
    connection(3, "a"),
    connection(4, "a"),
    connection(5, "b"),
    connection(6, "c"),
  ];
  const fds = (connectionsInAll: number, connectionsPerAddress: number) =>
    excessOf(connections, { connections: connectionsInAll, connectionsPerAddress }).map(({ fd }) => fd);
  expect(fds(0, 0)).toEqual([]);
  expect(fds(6, 3)).toEqual([]);
  expect(fds(0, 2)).toEqual([4]);
  expect(fds(4, 0)).toEqual([4, 5]);
  expect(fds(3, 2)).toEqual([4, 5, 3]);
  // Those with a request under way stay, whatever the limits are.
  expect(fds(1, 1)).toEqual([4, 5, 3, 6, 2]);
});
