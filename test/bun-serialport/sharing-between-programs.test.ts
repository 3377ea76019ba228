import { readdirSync, readlinkSync } from "node:fs";
import { expect, test } from "bun:test";
import { SerialPort, SerialPortError } from "bun-serialport";
import { openPty } from "bun-serialport/testing";
import { codeOf, eventually, LineTap } from "./line-tap.ts";

const ROOT = `${import.meta.dir}/../..`;

/** Starts another program that runs `code` with the package at hand. */
const start = (code: string) =>
  Bun.spawn(
    [
      process.execPath,
      "-e",
      `const { SerialPort } = await import("bun-serialport");
       const { openPty } = await import("bun-serialport/testing");
       ${code}`,
    ],
    { cwd: ROOT, stdin: "pipe", stderr: "inherit" },
  );

/** The first line that a program says. */
async function firstLine(child: ReturnType<typeof start>): Promise<string> {
  let said = "";
  for await (const bytes of child.stdout) {
    said += Buffer.from(bytes).toString();
    if (said.includes("\n")) break;
  }
  return said.trim();
}

/** What this program's descriptors lead to. */
function openPaths(): string[] {
  const paths: string[] = [];
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      paths.push(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // The descriptor by which the folder itself was read.
    }
  }
  return paths;
}

const options = { baudRate: 9600 };

test("a port in exclusive use is busy for others here, until it is closed", async () => {
  await using pty = openPty();
  for (let round = 0; round < 20; round++) {
    const port = await SerialPort.open(pty.path, options);
    const error = await SerialPort.open(pty.path, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SerialPortError);
    expect(error).toMatchObject({ code: "busy", path: pty.path });
    await port.close();
  }
});

test("and for other programs", async () => {
  await using pty = openPty();
  const tryOpen = `console.log(await SerialPort.open(${JSON.stringify(pty.path)}, { baudRate: 9600 }).then(() => "open", (error) => error.code));
    process.exit();`;
  const port = await SerialPort.open(pty.path, options);
  expect(await firstLine(start(tryOpen))).toBe("busy");
  await port.close();
  expect(await firstLine(start(tryOpen))).toBe("open");
});

test("without exclusive use, several may open it", async () => {
  await using pty = openPty();
  await using first = await SerialPort.open(pty.path, { ...options, exclusive: false });
  await using second = await SerialPort.open(pty.path, { ...options, exclusive: false });
  expect([first.isOpen, second.isOpen]).toEqual([true, true]);
});

test("what a program held that was killed is free at once", async () => {
  await using pty = openPty();
  const child = start(`await SerialPort.open(${JSON.stringify(pty.path)}, { baudRate: 9600 });
    console.log("open");
    await new Promise((resolve) => setTimeout(resolve, 60_000));`);
  expect(await firstLine(child)).toBe("open");
  expect(await codeOf(() => SerialPort.open(pty.path, options))).toBe("busy");
  child.kill("SIGKILL");
  await child.exited;
  await using port = await SerialPort.open(pty.path, options);
  expect(port.isOpen).toBe(true);
});

test("a device whose program crashes is lost once, for whoever listens and for everything that waits", async () => {
  const child = start(`console.log(openPty().path); await new Promise((resolve) => setTimeout(resolve, 60_000));`);
  const path = await firstLine(child);
  const port = await SerialPort.open(path, options);
  const tap = new LineTap(port);
  const waiting = Promise.all(
    [port.write(new Uint8Array(60_000)), port.sendBreak(1_000_000)].map((end) => codeOf(() => end)),
  );
  child.kill("SIGKILL");
  const error = await tap.lost;
  expect(error).toBeInstanceOf(SerialPortError);
  expect(error).toMatchObject({ code: "unplugged", path });
  expect(await waiting).toEqual(["unplugged", "unplugged"]);
  expect(port.isOpen).toBe(false);
  expect(await codeOf(() => port.write(Uint8Array.of(1)))).toBe("unplugged");
  expect(await codeOf(() => port.flush("input"))).toBe("unplugged");
  await port.close();
  expect(tap.losses.length).toBe(1);
  expect(await codeOf(() => port.write(Uint8Array.of(1)))).toBe("closed");
});

test("a hang-up in the same program is seen by reader, writer and iterator", async () => {
  await using pty = openPty();
  const port = await SerialPort.open(pty.path, options);
  const portions = port[Symbol.asyncIterator]();
  const next = portions.next();
  await pty.hangUp();
  expect(await codeOf(() => next)).toBe("unplugged");
  // Who comes later is told as well, once.
  const late = new LineTap(port);
  expect(await late.lost).toMatchObject({ code: "unplugged" });
  const gone = new LineTap(port);
  gone.leave();
  await port.close();
  expect([late.losses.length, gone.losses.length]).toEqual([1, 0]);
  expect(await codeOf(() => SerialPort.open(pty.path, options))).toBe("not-found");
});

test("a device that is lost is given back at once, before the port is closed", async () => {
  await using pty = openPty();
  const holders = (): number => openPaths().filter((path) => path.replace(" (deleted)", "") === pty.path).length;
  const before = holders();
  const port = await SerialPort.open(pty.path, options);
  expect(holders()).toBeGreaterThan(before);
  const tap = new LineTap(port);
  await pty.hangUp();
  await tap.lost;
  await eventually(() => holders() === before);
  await port.close();
});

test("a hang-up that nobody listens for is found by the next operation", async () => {
  const operations = [
    (port: SerialPort) => port.write(Uint8Array.of(1)),
    (port: SerialPort) => port.getModemLines(),
    (port: SerialPort) => port.flush("output"),
    (port: SerialPort) => port.drain(),
    (port: SerialPort) => port.setBaudRate(19_200),
    (port: SerialPort) => port.sendBreak(1),
  ];
  for (const operation of operations) {
    await using pty = openPty();
    const port = await SerialPort.open(pty.path, options);
    await pty.hangUp();
    let code: unknown = "none";
    // The runtime closes its own copy of the master a little later.
    await eventually(() => {
      void codeOf(() => operation(port)).then((found) => (code = found));
      return code !== "none";
    });
    expect([operation.toString(), code]).toEqual([operation.toString(), "unplugged"]);
    expect(port.isOpen).toBe(false);
    await port.close();
  }
});

test("closing a port whose device has just gone ends", async () => {
  await using pty = openPty();
  const port = await SerialPort.open(pty.path, options);
  const write = codeOf(() => port.write(new Uint8Array(60_000)));
  await pty.hangUp();
  await port.close();
  expect(["closed", "unplugged"]).toContain(String(await write));
});
