import { describe, expect, test } from "bun:test";
import { SerialPort, type SerialPortLike } from "bun-serialport";
import { createFakePort, openPty } from "bun-serialport/testing";
import { settle } from "../support/manual-clock.ts";
import { codeOf, LineTap, pattern } from "./line-tap.ts";

/** A port, the device at its other end, and how to pull the plug. */
interface Bench {
  readonly port: SerialPortLike;
  readonly device: Pick<SerialPortLike, "path" | "subscribe" | "write" | "flush" | "close">;
  readonly unplug: () => unknown;
  readonly end: () => Promise<unknown>;
}

async function realBench(): Promise<Bench> {
  const pty = openPty();
  const port = await SerialPort.open(pty.path, { baudRate: 9600 });
  return { port, device: pty.port, unplug: () => pty.hangUp(), end: () => Promise.all([port.close(), pty.close()]) };
}

async function fakeBench(): Promise<Bench> {
  const { port, peer } = createFakePort();
  return { port, device: peer, unplug: () => peer.unplug(), end: () => port.close() };
}

// The fake is of use only where it behaves as the real one: the same expectations for both.
describe.each([
  ["a port at a pseudo terminal", realBench],
  ["a fake port", fakeBench],
])("%s", (_name, makeBench) => {
  test("carries bytes both ways, and nothing before subscribe has returned", async () => {
    const { port, device, end } = await makeBench();
    await device.write(Uint8Array.of(1, 2));
    let hasReturned = false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const leave = port.subscribe({ data: () => resolve(hasReturned), lost: () => undefined });
    hasReturned = true;
    expect(await promise).toBe(true);
    leave();
    const atDevice = new LineTap(device);
    await port.write(Uint8Array.of(3, 4));
    await port.write(new Uint8Array(0));
    expect([...(await atDevice.until(2))]).toEqual([3, 4]);
    expect([port.isOpen, port.path]).toEqual([true, device.path]);
    await end();
  });

  test("is iterated, portion by portion", async () => {
    const { port, device, end } = await makeBench();
    await device.write(Uint8Array.of(1));
    const seen: number[] = [];
    for await (const bytes of port) {
      seen.push(...bytes);
      if (seen.length === 3) break;
      await device.write(Uint8Array.of(2, 3));
    }
    expect(seen).toEqual([1, 2, 3]);
    await end();
  });

  test("has one listener, and refuses a second one", async () => {
    const { port, end } = await makeBench();
    const tap = new LineTap(port);
    expect(await codeOf(() => new LineTap(port))).toBe("already-subscribed");
    tap.leave();
    new LineTap(port).leave();
    await end();
  });

  test("flushes what has arrived", async () => {
    const { port, device, end } = await makeBench();
    await device.write(pattern(3000));
    await settle();
    port.flush("input");
    const tap = new LineTap(port);
    await device.write(Uint8Array.of(9));
    expect([...(await tap.until(1))]).toEqual([9]);
    await end();
  });

  test("drains, breaks, and changes its rate", async () => {
    const { port, device, end } = await makeBench();
    const tap = new LineTap(device);
    void port.write(pattern(100));
    await port.drain();
    await port.sendBreak(1);
    await port.setBaudRate(19_200);
    expect(await codeOf(() => port.setBaudRate(0))).toBe("unsupported-rate");
    expect(await codeOf(() => port.sendBreak(-1))).toBe("unsupported-setting");
    await tap.until(100);
    await end();
  });

  test("is lost once, and then refuses everything", async () => {
    const { port, unplug, end } = await makeBench();
    const tap = new LineTap(port);
    await unplug();
    expect(await tap.lost).toMatchObject({ code: "unplugged", path: port.path });
    const operations = [
      () => port.write(Uint8Array.of(1)),
      () => port.drain(),
      () => port.flush("both"),
      () => port.getModemLines(),
      () => port.setModemLines({ dtr: true }),
      () => port.sendBreak(1),
      () => port.setBaudRate(9600),
      () => port[Symbol.asyncIterator]().next(),
    ];
    const expected = operations.map(() => "unplugged");
    expect(await Promise.all(operations.map((operation) => codeOf(operation)))).toEqual(expected);
    expect([port.isOpen, tap.losses.length]).toEqual([false, 1]);
    await end();
  });

  test("is closed as often as asked, and then refuses everything", async () => {
    const { port, unplug, end } = await makeBench();
    const next = port[Symbol.asyncIterator]().next();
    await port[Symbol.asyncDispose]();
    await port.close();
    expect(await next).toEqual({ done: true, value: undefined });
    const operations = [
      () => port.write(Uint8Array.of(1)),
      () => port.drain(),
      () => port.flush("both"),
      () => port.getModemLines(),
      () => new LineTap(port),
    ];
    const expected = operations.map(() => "closed");
    expect(await Promise.all(operations.map((operation) => codeOf(operation)))).toEqual(expected);
    expect(port.isOpen).toBe(false);
    await unplug();
    await end();
  });
});

test("the peer sees what the port has set, and sets what the port sees", async () => {
  const { port, peer } = createFakePort({ path: "/dev/ttyTEST", baudRate: 115_200, modemLines: { dcd: true } });
  expect(peer.baudRate).toBe(115_200);
  await port.setBaudRate(19_200);
  await port.sendBreak(250);
  expect(await port.setModemLines({ rts: true })).toBe(true);
  peer.setModemLines({ cts: true, dcd: false });
  const lines = { cts: true, dsr: false, dcd: false, ri: false, rts: true, dtr: false };
  expect([port.getModemLines(), peer.modemLines]).toEqual([lines, lines]);
  expect([peer.baudRate, peer.breaksMs, port.path]).toEqual([19_200, [250], "/dev/ttyTEST"]);
});

test("a device without modem lines", async () => {
  const { port } = createFakePort({ modemLines: null });
  expect(port.getModemLines()).toBeUndefined();
  expect(await port.setModemLines({ rts: true })).toBe(false);
});

test("a device that pauses fills the queue; when it goes on, everything arrives in order", async () => {
  const { port, peer } = createFakePort({ writeQueueBytes: 10 });
  const tap = new LineTap(peer);
  peer.pause();
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const first = port.write(bytes);
  const second = port.write(Uint8Array.of(7, 8));
  expect(await codeOf(() => port.write(new Uint8Array(3)))).toBe("queue-full");
  let isDrained = false;
  const drained = port.drain().then(() => (isDrained = true));
  await settle();
  expect([tap.length, isDrained]).toEqual([0, false]);
  peer.resume();
  await Promise.all([first, second, drained]);
  expect([...(await tap.until(8))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test("what waits for a paused device ends with flush, close and unplug", async () => {
  const ends = {
    flushed: (bench: ReturnType<typeof createFakePort>) => bench.port.flush("output"),
    closed: (bench: ReturnType<typeof createFakePort>) => bench.port.close(),
    unplugged: (bench: ReturnType<typeof createFakePort>) => bench.peer.unplug(),
  };
  for (const [code, end] of Object.entries(ends)) {
    const bench = createFakePort();
    bench.peer.pause();
    const write = codeOf(() => bench.port.write(Uint8Array.of(1)));
    await settle();
    await end(bench);
    expect(await write).toBe(code);
    bench.peer.resume();
  }
});

test("a writer may change its bytes once the write has resolved", async () => {
  const { port, peer } = createFakePort();
  const bytes = Uint8Array.of(1);
  await port.write(bytes);
  bytes[0] = 2;
  expect([...(await new LineTap(peer).until(1))]).toEqual([1]);
});

test("what is written to a peer that has closed is gone", async () => {
  const { port, peer } = createFakePort();
  await peer.close();
  await port.write(Uint8Array.of(1));
  expect(port.isOpen).toBe(true);
});
