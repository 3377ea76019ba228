import { constants } from "node:os";
import { describe, expect, test } from "bun:test";
import { openPty } from "bun-serialport/testing";
import { type Libc, libc } from "../../src/bun-serialport/libc.ts";
import type { LineSettings } from "../../src/bun-serialport/line-settings.ts";
import type { IoctlName } from "../../src/bun-serialport/linux.ts";
import { Tty } from "../../src/bun-serialport/tty.ts";
import { codeOf } from "./line-tap.ts";

const { EACCES, EBUSY, EIO, EMFILE, ENODEV, ENOLCK, ENOSYS, ENOTTY, ENXIO, EPERM, EWOULDBLOCK } = constants.errno;

type Answer = (argument: Uint8Array | Int32Array | Uint16Array | undefined) => number;

/**
 * A kernel with a UART, which a pseudo terminal is not: requests have the answers given, all others succeed. /dev/null lends the
 * descriptor. `calls` is what was asked, in order.
 */
function uart(answers: Partial<Record<IoctlName, Answer>>, calls: string[] = []): Libc {
  const real = libc();
  let termios = new Uint8Array(44);
  const builtIn: Partial<Record<IoctlName, Answer>> = {
    TCGETS2(argument) {
      argument?.set(termios);
      return 0;
    },
    TCSETS2(argument) {
      termios = Uint8Array.from(argument ?? []);
      return 0;
    },
  };
  return {
    ...real,
    open: () => real.open("/dev/null", 2),
    flock: (_fd, operation) => calls.push(`flock ${operation}`) && 0,
    ioctl(_fd, request, argument) {
      calls.push(argument instanceof Int32Array ? `${request} ${argument[0]}` : request);
      return (answers[request] ?? builtIn[request])?.(argument) ?? 0;
    },
  };
}

const settings: LineSettings = { baudRate: 9600, dataBits: 7, parity: "even", stopBits: 1, flowControl: "none" };

/** Puts `value` where the kernel would. */
const answer =
  (value: number): Answer =>
  (argument) => {
    if (argument) argument[0] = value;
    return 0;
  };

const never: Answer = () => -ENOTTY;

test("modem lines are read and set by their bits", () => {
  // TIOCM_DTR 0x002, RTS 0x004, CTS 0x020, CAR 0x040, RNG 0x080, DSR 0x100 of asm-generic/termios.h.
  const none = { dtr: false, rts: false, cts: false, dcd: false, ri: false, dsr: false };
  const bits = { dtr: 0x002, rts: 0x004, cts: 0x020, dcd: 0x040, ri: 0x080, dsr: 0x100 };
  for (const [line, bit] of Object.entries(bits)) {
    const tty = Tty.open("/dev/ttyS9", false, uart({ TIOCMGET: answer(bit) }));
    expect(tty.modemLines()).toEqual({ ...none, [line]: true });
    tty.release();
  }
  const calls: string[] = [];
  const tty = Tty.open("/dev/ttyS9", false, uart({}, calls));
  calls.length = 0;
  expect(tty.setModemLines({ rts: true, dtr: false })).toBe(true);
  expect(tty.setModemLines({ dtr: true })).toBe(true);
  expect(calls).toEqual(["TIOCMBIS 4", "TIOCMBIC 2", "TIOCMBIS 2", "TIOCMBIC 0"]);
  tty.release();
});

test("what the device still holds, and whether its last bit is out", () => {
  const full = Tty.open("/dev/ttyS9", false, uart({ TIOCOUTQ: answer(123), TIOCSERGETLSR: answer(0) }));
  expect([full.unsentBytes(), full.isTransmitterEmpty()]).toEqual([123, false]);
  const empty = Tty.open("/dev/ttyS9", false, uart({ TIOCSERGETLSR: answer(1) }));
  expect([empty.unsentBytes(), empty.isTransmitterEmpty()]).toEqual([0, true]);
  const silent = Tty.open("/dev/ttyS9", false, uart({ TIOCOUTQ: never, TIOCSERGETLSR: never }));
  expect([silent.unsentBytes(), silent.isTransmitterEmpty()]).toEqual([0, true]);
  for (const tty of [full, empty, silent]) tty.release();
});

test("what is claimed is given back before the descriptor, and a break is ended", () => {
  const calls: string[] = [];
  const tty = Tty.open("/dev/ttyS9", true, uart({}, calls));
  tty.setBreak(true);
  tty.release();
  expect(calls).toEqual(["TCGETS2", "flock 6", "TIOCEXCL", "TIOCSBRK", "TIOCCBRK", "flock 8", "TIOCNXCL"]);
});

/** A device that is at 9600 baud, 8N1, whatever it is told. */
const plain: Answer = (argument) => {
  if (!argument) return 0;
  argument[8] = 0o15 | 0o60;
  argument[9] = 0;
  new DataView(argument.buffer).setUint32(40, 9600, true);
  return 0;
};

/** A device that runs at `rate` whatever it is told. */
const atRate =
  (rate: number): Answer =>
  (argument) => {
    if (argument) new DataView(argument.buffer).setUint32(40, rate, true);
    return 0;
  };

describe("a device that does not do as it is told", () => {
  test("takes its settings where it can", () => {
    const tty = Tty.open("/dev/ttyS9", false, uart({}));
    tty.configure(settings);
    tty.release();
  });

  test("keeps eight bits and no parity", async () => {
    const tty = Tty.open("/dev/ttyS9", false, uart({ TCGETS2: plain }));
    expect(await codeOf(() => tty.configure(settings))).toBe("unsupported-setting");
    expect(() => tty.configure(settings)).toThrow("/dev/ttyS9: the device does not take dataBits 7, parity even");
    tty.release();
  });

  test("runs at another rate, unless that is near enough", async () => {
    const far = Tty.open("/dev/ttyS9", false, uart({ TCGETS2: atRate(9600) }));
    expect(await codeOf(() => far.setBaudRate(12_345))).toBe("unsupported-rate");
    expect(() => far.setBaudRate(12_345)).toThrow("/dev/ttyS9: asked for 12345 baud, the device runs at 9600");
    const near = Tty.open("/dev/ttyS9", false, uart({ TCGETS2: atRate(117_647) }));
    near.setBaudRate(115_200);
    far.release();
    near.release();
  });
});

test.each([
  ["ENODEV", ENODEV, "unplugged"],
  ["ENXIO", ENXIO, "unplugged"],
  ["EIO", EIO, "unplugged"],
  ["EPERM", EPERM, "io"],
])("%s while the port is open", async (name, errno, code) => {
  const fails = () => -errno;
  const system = uart({ TIOCMGET: fails, TCSETS2: fails });
  const tty = Tty.open("/dev/ttyS9", false, { ...system, write: fails, tcflush: fails });
  const operations = [
    () => tty.modemLines(),
    () => tty.setBaudRate(9600),
    () => tty.write(Uint8Array.of(1)),
    () => tty.flush("both"),
  ];
  for (const operation of operations) {
    expect(await codeOf(operation)).toBe(code);
    expect(operation).toThrow(name);
  }
  tty.release();
});

test.each([
  ["ENXIO", ENXIO, "not-found"],
  ["EACCES", EACCES, "permission-denied"],
  ["EBUSY", EBUSY, "busy"],
  ["EMFILE", EMFILE, "io"],
])("%s from open", async (_name, errno, code) => {
  expect(await codeOf(() => Tty.open("/dev/ttyS9", true, { ...uart({}), open: () => -errno }))).toBe(code);
});

test.each([
  ["a placeholder without hardware", { TCGETS2: () => -EIO }, "not-found"],
  ["a program that answers as it likes", { TCGETS2: () => -EPERM }, "io"],
  ["no terminal", { TCGETS2: never, TCGETS: never }, "not-a-tty"],
  ["a terminal that cannot be had alone", { TIOCEXCL: () => -EPERM }, "io"],
])("%s is not opened, and given back", async (_name, answers, code) => {
  const closed: number[] = [];
  const system = uart(answers);
  const close = (fd: number): number => {
    closed.push(fd);
    return libc().close(fd);
  };
  expect(await codeOf(() => Tty.open("/dev/ttyS9", true, { ...system, close }))).toBe(code);
  expect(closed.length).toBe(1);
});

test("a lock that another has is busy, one that cannot be had is not", async () => {
  expect(await codeOf(() => Tty.open("/dev/ttyS9", true, { ...uart({}), flock: () => -EWOULDBLOCK }))).toBe("busy");
  expect(await codeOf(() => Tty.open("/dev/ttyS9", true, { ...uart({}), flock: () => -ENOLCK }))).toBe("io");
});

test("where the kernel does not know struct termios2, standard rates go without, and others are refused", async () => {
  await using pty = openPty();
  const real = libc();
  const old: Libc = {
    ...real,
    ioctl: (fd, request, argument) => (request.endsWith("S2") ? -ENOSYS : real.ioctl(fd, request, argument)),
  };
  const tty = Tty.open(pty.path, false, old);
  tty.configure({ ...settings, baudRate: 38_400 });
  // Read by the newer request, at the same terminal.
  const witness = Tty.open(pty.path, false);
  expect(witness.readTermios().outputRate).toBe(38_400);
  expect(await codeOf(() => tty.setBaudRate(12_345))).toBe("unsupported-rate");
  expect(witness.readTermios().outputRate).toBe(38_400);
  expect(await codeOf(() => tty.setBaudRate(57_600))).toBe("none");
  witness.release();
  tty.release();
});
