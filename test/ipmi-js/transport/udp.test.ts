import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "bun:test";
import type { Transport } from "../../../src/ipmi-js/transport/transport.ts";
import { openUdp } from "../../../src/ipmi-js/transport/udp.ts";

interface Bound extends AsyncDisposable {
  readonly socket: Socket;
  readonly port: number;
}

async function bind(address: string): Promise<Bound> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, address, resolve);
  });
  const close = () => new Promise<void>((resolve) => void socket.close(resolve));
  return { socket, port: socket.address().port, [Symbol.asyncDispose]: close };
}

/** Sends every datagram back, and tells where the first came from. */
function echoFrom({ socket }: Bound): Promise<RemoteInfo> {
  return new Promise((resolve) => {
    socket.on("message", (bytes, from) => {
      socket.send(bytes, from.port, from.address);
      resolve(from);
    });
  });
}

/** What a transport's listener hears, one thing after the other. */
function ears() {
  const heard: string[] = [];
  let waiting: (() => void) | undefined;
  const hear = (what: string) => {
    heard.push(what);
    waiting?.();
  };
  return {
    heard,
    listener: {
      received: (datagram: Uint8Array) => hear(new TextDecoder().decode(datagram)),
      strayed: () => hear("(strayed)"),
      failed: (error: Error) => hear(`(failed: ${error.message})`),
    },
    async until(count: number): Promise<readonly string[]> {
      while (heard.length < count) await new Promise<void>((resolve) => void (waiting = resolve));
      return heard;
    },
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);

async function echoed(host: string, listenOn: string): Promise<void> {
  await using peer = await bind(listenOn);
  void echoFrom(peer);
  const ear = ears();
  const transport = await openUdp({ host, port: peer.port }, ear.listener);
  transport.send(bytes("ping"));
  expect(await ear.until(1)).toEqual(["ping"]);
  transport.close();
}

/** Addresses that cannot be reached without a zone, where the machine has any. */
const linkLocal = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
  addresses
    .filter(({ address }) => address.startsWith("fe80:"))
    .map(({ address }) => `${address.split("%")[0]}%${name}`),
);

describe("UDP", () => {
  test("reaches IPv4 addresses", () => echoed("127.0.0.1", "127.0.0.1"));
  test("reaches IPv6 addresses, however they are spelled", async () => {
    await echoed("::1", "::1");
    await echoed("0:0:0:0:0:0:0:1", "::1");
  });
  test("reaches host names", () => echoed("localhost", "127.0.0.1"));
  test("takes the zone of IPv6 addresses for the interface", async () => {
    for (const host of linkLocal) await echoed(host, "::");
    const opening = openUdp({ host: "fe80::1%nosuch", port: 623 }, ears().listener);
    expect(
      await opening.then(
        () => "open",
        () => "refused",
      ),
    ).toBe("refused");
  });

  test("drops what comes from another address, or another port", async () => {
    await using peer = await bind("127.0.0.1");
    await using samePlace = await bind("127.0.0.1");
    await using elsewhere = await bind("127.0.0.2");
    const firstFrom = echoFrom(peer);
    const ear = ears();
    const transport = await openUdp({ host: "127.0.0.1", port: peer.port }, ear.listener);
    transport.send(bytes("first"));
    const { port, address } = await firstFrom;
    const send = ({ socket }: Bound) =>
      new Promise<void>((resolve) => {
        socket.send("stranger", port, address, () => resolve());
      });
    await send(samePlace);
    await send(elsewhere);
    transport.send(bytes("second"));
    await ear.until(2);
    expect(ear.heard.filter((what) => what !== "(strayed)")).toEqual(["first", "second"]);
    transport.close();
  });

  test("tells of a host that refuses, and goes on when it takes datagrams again", async () => {
    const gone = await bind("127.0.0.1");
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    const ear = ears();
    const transport = await openUdp({ host: "127.0.0.1", port }, ear.listener);
    transport.send(bytes("lost"));
    const [failure] = await ear.until(1);
    expect(failure).toContain("ECONNREFUSED");
    const back = createSocket("udp4");
    await new Promise<void>((resolve) => void back.bind(port, "127.0.0.1", resolve));
    back.on("message", (message, from) => back.send(message, from.port, from.address));
    transport.send(bytes("found"));
    const heard = await ear.until(2);
    expect(heard.at(-1)).toBe("found");
    transport.close();
    await new Promise<void>((resolve) => void back.close(resolve));
  });

  test("rejects names that are unknown", async () => {
    const opening = openUdp({ host: "no-such-host.invalid", port: 623 }, ears().listener);
    expect(await opening.then(String, (error: Error) => error.message)).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  test("says nothing more once closed, and sends nothing", async () => {
    await using peer = await bind("127.0.0.1");
    const ear = ears();
    const opened: Transport[] = [];
    for (let count = 0; count < 2; count++)
      opened.push(await openUdp({ host: "127.0.0.1", port: peer.port }, ear.listener));
    const [closed, open] = opened;
    const received: string[] = [];
    const arrived = new Promise<void>((resolve) => {
      peer.socket.on("message", (message) => {
        received.push(message.toString());
        resolve();
      });
    });
    closed?.close();
    closed?.close();
    closed?.send(bytes("after close"));
    open?.send(bytes("still open"));
    await arrived;
    open?.close();
    expect(received).toEqual(["still open"]);
    expect(ear.heard).toEqual([]);
  });
});
