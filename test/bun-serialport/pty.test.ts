import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { SerialPort } from "bun-serialport";
import { openPty } from "bun-serialport/testing";
import { codeOf, eventually, LineTap, pattern } from "./line-tap.ts";

test("clients come and go, and the master end stays", async () => {
  await using pty = openPty();
  const tap = new LineTap(pty.port);
  for (let round = 1; round <= 5; round++) {
    await using client = await SerialPort.open(pty.path, { baudRate: 9600 });
    await client.write(Uint8Array.of(round));
    await tap.until(round);
  }
  expect([...tap.bytes]).toEqual([1, 2, 3, 4, 5]);
  expect(tap.losses).toEqual([]);
});

test("nothing is echoed before the first client comes", async () => {
  await using pty = openPty();
  const tap = new LineTap(pty.port);
  await pty.port.write(Uint8Array.of(1, 3, 4, 13, 10));
  await using client = await SerialPort.open(pty.path, { baudRate: 9600 });
  const received = new LineTap(client);
  await client.write(Uint8Array.of(9));
  expect([...(await received.until(5))]).toEqual([1, 3, 4, 13, 10]);
  expect([...(await tap.until(1))]).toEqual([9]);
});

test.skipIf(!Bun.which("stty"))("the window has the size asked for (needs stty)", async () => {
  await using pty = openPty({ size: { columns: 132, rows: 43 } });
  const stty = Bun.spawn(["stty", "-F", pty.path, "size"]);
  expect(await stty.stdout.text()).toBe("43 132\n");
});

test("a write queue of its own size, and none of no size", async () => {
  await using pty = openPty({ writeQueueBytes: 100 });
  expect(await codeOf(() => pty.port.write(pattern(101)))).toBe("queue-full");
  expect(await codeOf(() => openPty({ writeQueueBytes: -1 }))).toBe("unsupported-setting");
});

test("flushing the master end throws away what the client has sent", async () => {
  await using pty = openPty();
  await using client = await SerialPort.open(pty.path, { baudRate: 9600 });
  await client.write(Uint8Array.of(1, 2, 3));
  await client.drain();
  pty.port.flush("input");
  const tap = new LineTap(pty.port);
  await client.write(Uint8Array.of(4));
  expect([...(await tap.until(1))]).toEqual([4]);
});

test("closing the master end closes all, as often as it is asked", async () => {
  const before = readdirSync("/proc/self/fd").length;
  const pty = openPty();
  await Promise.all([pty.port.close(), pty.close()]);
  await pty.hangUp();
  expect(await codeOf(() => pty.port.write(Uint8Array.of(1)))).toBe("closed");
  await eventually(() => readdirSync("/proc/self/fd").length <= before);
});

test.skipIf(!Bun.which("socat"))("a pair of socat carries a mebibyte both ways (needs socat)", async () => {
  const socat = Bun.spawn(["socat", "-d", "-d", "pty,raw,echo=0", "pty,raw,echo=0"], { stderr: "pipe" });
  let said = "";
  for await (const bytes of socat.stderr) {
    said += Buffer.from(bytes).toString();
    if (said.includes("starting data transfer loop")) break;
  }
  const [left, right] = [...said.matchAll(/PTY is (\S+)/g)].map(([, path]) => path);
  if (left === undefined || right === undefined) throw new TypeError(`socat named no pair: ${said}`);
  const a = await SerialPort.open(left, { baudRate: 921_600 });
  const b = await SerialPort.open(right, { baudRate: 921_600 });
  const bytes = pattern(1024 * 1024);
  const taps = [new LineTap(a), new LineTap(b)] as const;
  const send = async (port: SerialPort): Promise<void> => {
    for (let at = 0; at < bytes.length; at += 7777) await port.write(bytes.subarray(at, at + 7777));
  };
  await Promise.all([send(a), send(b)]);
  for (const tap of taps) expect(Buffer.compare(await tap.until(bytes.length), bytes)).toBe(0);
  socat.kill("SIGKILL");
  expect((await Promise.all(taps.map((tap) => tap.lost))).map((error) => error.code)).toEqual([
    "unplugged",
    "unplugged",
  ]);
  await Promise.all([a.close(), b.close()]);
});
