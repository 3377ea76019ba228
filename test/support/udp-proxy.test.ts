import { createSocket, type Socket } from "node:dgram";
import { expect, test } from "bun:test";
import { ManualClock } from "./manual-clock.ts";
import { Fates, noFaultsYet, type UdpFaults } from "./udp-faults.ts";
import { startUdpProxy, type UdpProxySettings } from "./udp-proxy.ts";

/** Comes after everything else: what has not arrived by then never will. */
const END = 255;

interface Arrived {
  readonly bytes: Uint8Array;
  readonly port: number;
  readonly address: string;
}

async function open(address = "127.0.0.1"): Promise<Socket> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return socket;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

/** A peer that sends everything back, the proxy, and a client. */
async function network(settings: Omit<UdpProxySettings, "host" | "port">, address = "127.0.0.1") {
  const [peer, client] = [await open(address), await open(address)];
  const proxy = await startUdpProxy({ host: address, port: peer.address().port, ...settings });
  const [atPeer, atClient]: [Arrived[], Arrived[]] = [[], []];
  peer.on("message", (bytes, from) => {
    atPeer.push({ bytes, ...from });
    peer.send(bytes, from.port, from.address);
  });
  client.on("message", (bytes, from) => void atClient.push({ bytes, ...from }));
  const send = (...bytes: number[]) => client.send(Uint8Array.from(bytes), proxy.port, proxy.host);
  return {
    proxy,
    atPeer,
    atClient,
    send,
    /** Sends numbers, then waits until the last has come back with no more faults. */
    async run(count: number) {
      for (let number = 0; number < count; number++) {
        send(number);
        await until(() => proxy.counters.toBmc.received === number + 1);
      }
      await until(() => atPeer.length === proxy.counters.toBmc.delivered);
      await until(() => proxy.counters.toClient.received === atPeer.length);
      [proxy.toBmc, proxy.toClient] = [{}, {}];
      send(END);
      await until(() => atClient.some(({ bytes }) => bytes[0] === END));
      return atClient.map(({ bytes }) => bytes[0]);
    },
    async [Symbol.asyncDispose]() {
      peer.close();
      client.close();
      await proxy.close();
    },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

/** What comes back of 200 numbers. */
async function survivors(seed: number) {
  await using net = await network({ seed, toBmc: { loss: 0.2 } });
  return await net.run(200);
}

/** Which of 300 datagrams are lost. */
function losses(faults: UdpFaults): number[] {
  const fates = new Fates(5);
  return numbers(300).filter(() => fates.next(new Uint8Array(40), faults, noFaultsYet()).copies === 0);
}

test.each(["127.0.0.1", "::1"])("without faults everything passes both ways, over %s", async (address) => {
  await using net = await network({}, address);
  expect(await net.run(20)).toEqual([...numbers(20), END]);
  expect(net.proxy.counters.toBmc).toEqual({ ...noFaultsYet(), received: 21, delivered: 21 });
});

test("the same seed loses the same datagrams, another one others, and about as many as asked", async () => {
  const [first, again, other] = [await survivors(7), await survivors(7), await survivors(8)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(first.length).toBeWithin(140, 181);
});

test("duplicates come twice, and only those", async () => {
  await using net = await network({ toClient: { duplication: 0.3 } });
  const got = await net.run(100);
  const { duplicated } = net.proxy.counters.toClient;
  expect(duplicated).toBeWithin(15, 46);
  expect(got.length).toBe(101 + duplicated);
  expect([...new Set(got)]).toEqual([...numbers(100), END]);
});

test("reordering loses nothing", async () => {
  await using net = await network({ seed: 3, toBmc: { reordering: 0.3 } });
  const got = await net.run(50);
  const { reordered } = net.proxy.counters.toBmc;
  expect(reordered).toBeGreaterThan(5);
  expect(got).not.toEqual([...numbers(50), END]);
  expect(got.toSorted((a = 0, b = 0) => a - b)).toEqual([...numbers(50), END]);
});

test("one that nobody overtakes goes on after a while", async () => {
  const clock = new ManualClock();
  await using net = await network({ toBmc: { reordering: 1 }, holdMs: 30, clock });
  net.send(1);
  await until(() => clock.timers === 1);
  await clock.advance(29);
  expect(net.atPeer).toEqual([]);
  await clock.advance(1);
  await until(() => net.atClient.length === 1);
});

test("a delay is within its bounds", async () => {
  const clock = new ManualClock();
  await using net = await network({ toBmc: { delay: 1, delayMs: [10, 40] }, clock });
  for (const number of numbers(5)) net.send(number);
  await until(() => clock.timers === 5);
  await clock.advance(9);
  expect(net.atPeer).toEqual([]);
  await clock.advance(31);
  await until(() => net.atClient.length === 5);
  expect(clock.timers).toBe(0);
});

test("a reply from a wrong address comes from neither the BMC nor the proxy", async () => {
  await using net = await network({ toClient: { wrongSource: 1 } });
  await net.run(3);
  const strangers = net.atClient.filter(({ bytes }) => bytes[0] !== END);
  expect(strangers.map(({ address }) => address)).toEqual(["127.0.0.66", "127.0.0.66", "127.0.0.66"]);
  expect(net.proxy.counters.toClient).toMatchObject({ wrongSource: 3, delivered: 1 });
});

test("debris comes beside the datagrams, which stay whole", async () => {
  await using net = await network({ toClient: { truncation: 0.5, corruption: 0.5, garbage: 0.5 } });
  const sent = [6, 0, 0xff, 7, 6, 0xc0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  for (const _ of numbers(100)) net.send(...sent);
  await until(() => net.proxy.counters.toClient.received === 100);
  net.proxy.toClient = {};
  net.send(END);
  await until(() => net.atClient.at(-1)?.bytes[0] === END);
  const { truncated, corrupted, garbage } = net.proxy.counters.toClient;
  expect(Math.min(truncated, corrupted, garbage)).toBeGreaterThan(25);
  const whole = net.atClient.filter(({ bytes }) => Bun.deepEquals([...bytes], sent));
  expect(whole.length).toBe(100);
  expect(net.atClient.length).toBe(101 + truncated + corrupted + garbage);
});

test("a fault leaves the others where they were", () => {
  expect(losses({ loss: 0.2, garbage: 0.5, delay: 0.5, corruption: 1 })).toEqual(losses({ loss: 0.2 }));
});

test("an empty datagram has a fate too", () => {
  const fates = new Fates(1);
  const all = { truncation: 1, corruption: 1, garbage: 1, duplication: 1 };
  const { copies, debris } = fates.next(new Uint8Array(0), all, noFaultsYet());
  expect([copies, debris.length]).toEqual([2, 3]);
});

test("two clients have sockets of their own towards the BMC", async () => {
  await using net = await network({});
  const second = await open();
  second.send(Uint8Array.of(2), net.proxy.port, net.proxy.host);
  net.send(1);
  await until(() => net.atPeer.length === 2);
  second.close();
  expect(new Set(net.atPeer.map(({ port }) => port)).size).toBe(2);
});
