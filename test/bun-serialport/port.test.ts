import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SerialPort, SerialPortError, type SerialPortOptions } from "bun-serialport";
import { openPty, type Pty } from "bun-serialport/testing";
import * as fc from "fast-check";
import { settle } from "../support/manual-clock.ts";
import { codeOf, eventually, LineTap, lookForInput, pattern } from "./line-tap.ts";

const opened: AsyncDisposable[] = [];

afterEach(async () => {
  for (const line of opened.splice(0)) await line[Symbol.asyncDispose]();
});

async function openPair(options: Partial<SerialPortOptions> = {}): Promise<{ port: SerialPort; pty: Pty }> {
  const pty = openPty();
  opened.push(pty);
  const port = await SerialPort.open(pty.path, { baudRate: 115_200, ...options });
  opened.unshift(port);
  return { port, pty };
}

const openFiles = (): number => readdirSync("/proc/self/fd").length;

test("every byte value passes unchanged, both ways", async () => {
  const { port, pty } = await openPair();
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  const atPort = new LineTap(port);
  const atDevice = new LineTap(pty.port);
  await port.write(all);
  await pty.port.write(all);
  expect(await atDevice.until(256)).toEqual(Buffer.from(all));
  expect(await atPort.until(256)).toEqual(Buffer.from(all));
  expect(port.path).toBe(pty.path);
});

test("portions of any size arrive as one stream", async () => {
  const { port, pty } = await openPair();
  const tap = new LineTap(pty.port);
  const sent: Uint8Array[] = [];
  const portions = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(portions, async (chunks) => {
      sent.push(...chunks);
      await Promise.all(chunks.map((chunk) => port.write(chunk)));
      const expected = Buffer.concat(sent);
      expect(await tap.until(expected.length)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test("a mebibyte each way at once, more than the queues hold, arrives whole", async () => {
  const { port, pty } = await openPair();
  const size = 1024 * 1024;
  const send = async (line: Pick<SerialPort, "write">, bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < size; at += 50_000) await line.write(bytes.subarray(at, at + 50_000));
  };
  const [up, down] = [pattern(size, 1), pattern(size, 2)];
  const atPort = new LineTap(port);
  const atDevice = new LineTap(pty.port);
  await Promise.all([send(port, up), send(pty.port, down)]);
  expect(Buffer.compare(await atDevice.until(size), up)).toBe(0);
  expect(Buffer.compare(await atPort.until(size), down)).toBe(0);
});

test("while nobody listens, the sender is held back; then everything arrives", async () => {
  const { port, pty } = await openPair();
  const bytes = pattern(300_000);
  let written = 0;
  const sending = (async () => {
    for (let at = 0; at < bytes.length; at += 1000) {
      await pty.port.write(bytes.subarray(at, at + 1000));
      written = at + 1000;
    }
  })();
  const early = new LineTap(port);
  await early.until(1);
  early.leave();
  const before = Buffer.from(early.bytes);
  // The next one to listen gets what comes after; meanwhile the sender cannot have got rid of all.
  await eventually(() => written > 5000);
  expect(written).toBeLessThan(bytes.length);
  const late = new LineTap(port);
  await late.until(bytes.length - before.length);
  await sending;
  expect(Buffer.compare(Buffer.concat([before, late.bytes]), bytes)).toBe(0);
});

test("a write that does not fit is refused as a whole, and the rest is not harmed", async () => {
  const { port, pty } = await openPair({ writeQueueBytes: 4096 });
  // The system takes so much, with nobody reading at the other end, and then the queue fills.
  const accepted: Promise<void>[] = [];
  const refusals: unknown[] = [];
  for (let round = 0; refusals.length === 0; round++) {
    const write = port.write(pattern(1000, round));
    write.catch((error: unknown) => refusals.push(error));
    await settle();
    if (refusals.length === 0) accepted.push(write);
  }
  expect(refusals).toMatchObject([{ code: "queue-full", path: pty.path }]);
  expect(accepted.length).toBeGreaterThan(4);
  const tap = new LineTap(pty.port);
  await Promise.all(accepted);
  const expected = Buffer.concat(accepted.map((_, round) => pattern(1000, round)));
  expect(await tap.until(expected.length)).toEqual(expected);
  expect(await codeOf(() => port.write(new Uint8Array(4097)))).toBe("queue-full");
});

test("one listener at a time, and none who has left is called", async () => {
  const { port, pty } = await openPair();
  const first = new LineTap(port);
  expect(await codeOf(() => new LineTap(port))).toBe("already-subscribed");
  await pty.port.write(Uint8Array.of(1));
  await first.until(1);
  first.leave();
  first.leave();
  const second = new LineTap(port);
  first.leave();
  await pty.port.write(Uint8Array.of(2));
  expect([...(await second.until(1))]).toEqual([2]);
  expect(first.length).toBe(1);
});

test("a listener may leave and another come from within data", async () => {
  const { port, pty } = await openPair();
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const leave = port.subscribe({
    data() {
      leave();
      port.subscribe({ data: resolve, lost: () => undefined });
      void pty.port.write(Uint8Array.of(2));
    },
    lost: () => undefined,
  });
  await pty.port.write(Uint8Array.of(1));
  expect([...(await promise)]).toEqual([2]);
});

test("a listener may leave and another come right after", async () => {
  const { port, pty } = await openPair();
  for (let round = 0; round < 10; round++) {
    void pty.port.write(Uint8Array.of(round));
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const leave = port.subscribe({
      data(bytes) {
        leave();
        resolve(bytes);
      },
      lost: () => undefined,
    });
    expect([...(await promise)]).toEqual([round]);
  }
});

test("what arrives after the listener has left is kept for the next one", async () => {
  const { port, pty } = await openPair();
  const first = new LineTap(port);
  // By now a read is under way.
  await settle();
  first.leave();
  await pty.port.write(Uint8Array.of(1, 2));
  await lookForInput();
  expect(first.length).toBe(0);
  const second = new LineTap(port);
  expect([...(await second.until(2))]).toEqual([1, 2]);
});

test("a for-await loop gets what arrives, and ends when the port is closed", async () => {
  const { port, pty } = await openPair();
  const arrived: number[] = [];
  void pty.port.write(Uint8Array.of(1, 2, 3));
  for await (const bytes of port) {
    arrived.push(...bytes);
    if (arrived.length === 3) break;
  }
  // After the loop the port is free for the next one.
  void pty.port.write(Uint8Array.of(4));
  for await (const bytes of port) {
    arrived.push(...bytes);
    void port.close();
  }
  expect(arrived).toEqual([1, 2, 3, 4]);
  expect(port.isOpen).toBe(false);
  const waiting = pty.port[Symbol.asyncIterator]().next();
  await pty.close();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test("flushing the input throws away what nobody has got", async () => {
  const { port, pty } = await openPair();
  const tap = new LineTap(port);
  await pty.port.write(Uint8Array.of(1));
  await tap.until(1);
  tap.leave();
  // These wait: some in the driver, which reads ahead, and some in the system.
  for (let round = 0; round < 5; round++) await pty.port.write(pattern(3000, round));
  await lookForInput();
  port.flush("input");
  const next = new LineTap(port);
  await pty.port.write(Uint8Array.of(7, 8, 9));
  expect([...(await next.until(3))]).toEqual([7, 8, 9]);
});

test("flushing the input from within data keeps what comes after", async () => {
  const { port, pty } = await openPair();
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen: number[] = [];
  port.subscribe({
    data(bytes) {
      seen.push(...bytes);
      if (seen.length === 1) {
        port.flush("input");
        void pty.port.write(Uint8Array.of(2));
      } else resolve();
    },
    lost: () => undefined,
  });
  await pty.port.write(Uint8Array.of(1));
  await promise;
  expect(seen).toEqual([1, 2]);
});

test("flushing the output rejects what waits, and draining then ends", async () => {
  const { port } = await openPair();
  const full = Promise.all([port.write(pattern(60_000)), port.write(pattern(10))].map((write) => codeOf(() => write)));
  const drained = port.drain();
  port.flush("output");
  expect(await full).toEqual(["flushed", "flushed"]);
  await drained;
  port.flush("both");
});

test("draining waits for the queue and for the device", async () => {
  const { port, pty } = await openPair();
  const bytes = pattern(60_000);
  let isWritten = false;
  void port.write(bytes).then(() => (isWritten = true));
  const drained = port.drain().then(() => isWritten);
  const tap = new LineTap(pty.port);
  expect(await drained).toBe(true);
  expect(await tap.until(bytes.length)).toEqual(Buffer.from(bytes));
});

test("a pseudo terminal has no modem lines, which is no error", async () => {
  const { port } = await openPair();
  expect(port.getModemLines()).toBeUndefined();
  expect(await port.setModemLines({ rts: true, dtr: false })).toBe(false);
});

test("a break ends, alone or overlapping, and is refused without a length", async () => {
  const { port } = await openPair();
  await Promise.all([port.sendBreak(1), port.sendBreak(2), port.sendBreak(0)]);
  expect(await codeOf(() => port.sendBreak(Number.NaN))).toBe("unsupported-setting");
  expect(await codeOf(() => port.sendBreak(-1))).toBe("unsupported-setting");
});

test("closing ends everything that waits, whatever it is, at once and for good", async () => {
  const { port } = await openPair();
  const iterator = port[Symbol.asyncIterator]();
  const ends = [iterator.next(), port.write(pattern(60_000)), port.drain(), port.sendBreak(1_000_000)];
  const codes = Promise.all(ends.map((end) => codeOf(() => end)));
  await Promise.all([port.close(), port.close()]);
  expect(await codes).toEqual(["none", "closed", "closed", "closed"]);
  await port.close();
  expect(port.isOpen).toBe(false);
  const late = [
    () => port.write(Uint8Array.of(1)),
    () => port.drain(),
    () => port.flush("both"),
    () => port.getModemLines(),
    () => port.setModemLines({ rts: true }),
    () => port.sendBreak(1),
    () => port.setBaudRate(9600),
    () => port.subscribe({ data: () => undefined, lost: () => undefined }),
  ];
  expect(await Promise.all(late.map((operation) => codeOf(operation)))).toEqual(late.map(() => "closed"));
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

test("closing does not throw away what the other end has yet to read", async () => {
  const { port, pty } = await openPair();
  await port.write(pattern(4000));
  await port.close();
  const tap = new LineTap(pty.port);
  expect(await tap.until(4000)).toEqual(Buffer.from(pattern(4000)));
});

test("a listener that throws is reported, and reading goes on", async () => {
  const code = `
    const { SerialPort } = await import("bun-serialport");
    const { openPty } = await import("bun-serialport/testing");
    const pty = openPty();
    const port = await SerialPort.open(pty.path, { baudRate: 9600 });
    const seen = [];
    process.on("unhandledRejection", (error) => seen.push(error.message));
    let count = 0;
    port.subscribe({
      data() {
        count++;
        if (count === 1) setTimeout(() => pty.port.write(Uint8Array.of(2)), 1);
        if (count === 2) setTimeout(() => pty.hangUp(), 1);
        throw new Error("data " + count);
      },
      lost() {
        setTimeout(() => { console.log(JSON.stringify(seen)); process.exit(); }, 1);
        throw new Error("lost");
      },
    });
    await pty.port.write(Uint8Array.of(1));
  `;
  const child = Bun.spawn([process.execPath, "-e", code], { cwd: `${import.meta.dir}/../..`, stderr: "inherit" });
  expect(await child.stdout.json()).toEqual(["data 1", "data 2", "lost"]);
});

test("two hundred openings and closings leak no descriptor and no lock", async () => {
  const pty = openPty();
  opened.push(pty);
  const before = openFiles();
  for (let round = 0; round < 200; round++) {
    const port = await SerialPort.open(pty.path, { baudRate: 115_200 });
    if (round % 2 === 0) port.subscribe({ data: () => undefined, lost: () => undefined });
    await port.close();
  }
  // The runtime closes its own copies a little later.
  await eventually(() => openFiles() <= before);
});

/** The code of what opening meets. */
const open = (path: string, options: Partial<SerialPortOptions> = {}) =>
  codeOf(() => SerialPort.open(path, { baudRate: 9600, ...options }));

/** Options as they come from a program without types. */
const isOptions = (value: unknown): value is SerialPortOptions => typeof value === "object";

test("a failed opening leaks no descriptor", async () => {
  const pty = openPty();
  opened.push(pty);
  const before = openFiles();
  const folder = mkdtempSync(join(tmpdir(), "not-a-tty-"));
  const regular = join(folder, "file");
  writeFileSync(regular, "text");
  expect(await open("/dev/ttyNONE0")).toBe("not-found");
  expect(await open(`${regular}/tty`)).toBe("not-found");
  expect(await open(`${pty.path}\0x`)).toBe("not-found");
  expect(await open(folder)).toBe("not-a-tty");
  expect(await open(regular)).toBe("not-a-tty");
  expect(await open("/dev/null")).toBe("not-a-tty");
  expect(await open(pty.path, { baudRate: 0 })).toBe("unsupported-rate");
  expect(await open(pty.path, { baudRate: 9600.5 })).toBe("unsupported-rate");
  expect(await open(pty.path, { writeQueueBytes: 0 })).toBe("unsupported-setting");
  const wrong: unknown = { baudRate: 9600, parity: "Even" };
  if (!isOptions(wrong)) throw new TypeError("not reached");
  const error = await SerialPort.open(pty.path, wrong).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SerialPortError);
  expect(error).toMatchObject({
    code: "unsupported-setting",
    path: pty.path,
    message: `${pty.path}: parity is "Even", expected "none", "even", "odd", "mark", "space"`,
  });
  await eventually(() => openFiles() <= before);
  rmSync(folder, { recursive: true });
});

test("errors of the system name the call and its error number", async () => {
  const error = await SerialPort.open("/dev/ttyNONE0", { baudRate: 9600 }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "not-found", errno: 2, syscall: "open", path: "/dev/ttyNONE0" });
  expect(String(error)).toBe("SerialPortError: /dev/ttyNONE0: there is no such device (open: ENOENT)");
});
