import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SerialPort, type SerialPortOptions } from "bun-serialport";
import { openPty } from "bun-serialport/testing";
import { libc } from "../../src/bun-serialport/libc.ts";
import { Tty } from "../../src/bun-serialport/tty.ts";
import { codeOf } from "./line-tap.ts";

/** Opens a port with `options` and returns what `look` makes of its path meanwhile. */
async function whileOpen<T>(
  options: SerialPortOptions,
  look: (path: string, port: SerialPort) => T,
): Promise<Awaited<T>> {
  await using pty = openPty();
  await using port = await SerialPort.open(pty.path, { exclusive: false, ...options });
  return await look(pty.path, port);
}

const stty = (path: string): Promise<string> => Bun.spawn(["stty", "-F", path, "-a"]).stdout.text();

describe.skipIf(!Bun.which("stty"))("as stty sees them (needs stty)", () => {
  test("the rate, and that of a rate changed later", async () => {
    await whileOpen({ baudRate: 19_200 }, async (path, port) => {
      expect(await stty(path)).toContain("speed 19200 baud");
      await port.setBaudRate(115_200);
      expect(await stty(path)).toContain("speed 115200 baud");
      expect(port.baudRate).toBe(115_200);
    });
  });

  test("raw mode, eight bits, no parity, one stop bit, no flow control", async () => {
    const shown = await whileOpen({ baudRate: 9600 }, stty);
    const expected =
      "-parenb -cmspar cs8 -cstopb cread clocal -crtscts -ignbrk -brkint -parmrk -inpck -istrip -inlcr -igncr -icrnl -ixon -ixoff -ixany -opost -isig -icanon -iexten -echo -echonl";
    const words = new Set(shown.split(/[\s;]+/));
    for (const word of expected.split(" ")) expect(words).toContain(word);
    expect(shown).toMatch(/min = 1; time = 0/);
  });

  test.each([
    ["two stop bits", { stopBits: 2 } as const, ["cstopb"]],
    ["RTS and CTS", { flowControl: "rtscts" } as const, ["crtscts", "-ixon", "-ixoff"]],
    ["XON and XOFF", { flowControl: "xonxoff" } as const, ["ixon", "ixoff", "-crtscts", "-ixany"]],
  ])("%s", async (_name, options, expected) => {
    const shown = await whileOpen({ baudRate: 9600, ...options }, stty);
    const words = shown.split(/[\s;]+/);
    for (const word of expected) expect(words).toContain(word);
  });
});

/** Whether strace can watch a program here. */
const canTrace = Bun.which("strace") !== null && Bun.spawnSync(["strace", "-o", "/dev/null", "true"]).success;

/** The control flags that a program asks the kernel for when it opens a port with `options`, as strace names them. */
async function requestedFlags(options: SerialPortOptions): Promise<string> {
  await using pty = openPty();
  const folder = mkdtempSync(join(tmpdir(), "strace-"));
  const trace = join(folder, "trace");
  const code = `const { SerialPort } = await import("bun-serialport");
    await SerialPort.open(${JSON.stringify(pty.path)}, ${JSON.stringify(options)});
    process.exit();`;
  const command = ["strace", "-f", "-o", trace, "-e", "trace=ioctl", process.execPath, "-e", code];
  const child = Bun.spawn(command, { cwd: `${import.meta.dir}/../..`, stderr: "inherit" });
  await child.exited;
  const asked = /TCSETS2?, \{.*?c_cflag=([^,]*),/.exec(readFileSync(trace, "utf8"))?.[1] ?? "nothing";
  rmSync(folder, { recursive: true });
  return asked;
}

// A pseudo terminal stays at 8N1 whatever it is asked for, so that only the request itself can be seen here.
describe.skipIf(!canTrace)("as strace names what is asked of the kernel (needs strace)", () => {
  test.each([
    ["7E1", { dataBits: 7, parity: "even" } as const, ["CS7", "PARENB"]],
    ["5O2", { dataBits: 5, parity: "odd", stopBits: 2 } as const, ["CS5", "CSTOPB", "PARENB", "PARODD"]],
    ["8M1", { parity: "mark" } as const, ["CMSPAR", "CS8", "PARENB", "PARODD"]],
    ["6S1", { dataBits: 6, parity: "space" } as const, ["CMSPAR", "CS6", "PARENB"]],
  ])("%s", async (_name, options, expected) => {
    const flags = (await requestedFlags({ baudRate: 9600, ...options })).split("|");
    const framing = flags.filter((flag) => /^(CS|PAR|CMSPAR)/.test(flag));
    expect(framing.toSorted()).toEqual(expected);
    expect(flags).toContain("B9600");
  });
});

/** Whether the kernel knows struct termios2; qemu's user mode does not. */
async function knowsTermios2(): Promise<boolean> {
  await using pty = openPty();
  const tty = Tty.open(pty.path, false);
  const result = libc().ioctl(tty.fd, "TCGETS2", new Uint8Array(44));
  tty.release();
  return result === 0;
}

describe.skipIf(!(await knowsTermios2()))("rates that no standard names (needs a kernel with termios2)", () => {
  test.each([250_000, 12_345, 31_250, 7_812_500])("%d", async (baudRate) => {
    const rate = await whileOpen({ baudRate }, (path) => {
      const tty = Tty.open(path, false);
      const bytes = new Uint8Array(44);
      libc().ioctl(tty.fd, "TCGETS2", bytes);
      tty.release();
      return new DataView(bytes.buffer).getUint32(40, true);
    });
    expect(rate).toBe(baudRate);
  });
});

test("a rate that is none is refused and leaves the old one", async () => {
  await whileOpen({ baudRate: 9600 }, async (_path, port) => {
    for (const rate of [0, -1, 1.5, Number.NaN, 2 ** 32]) {
      expect(await codeOf(() => port.setBaudRate(rate))).toBe("unsupported-rate");
    }
    expect(port.baudRate).toBe(9600);
  });
});
