import { fstatSync } from "node:fs";
import { constants } from "node:os";
import { SerialPortError, systemError } from "./errors.ts";
import { type Libc, libc } from "./libc.ts";
import type { LineSettings } from "./line-settings.ts";
import { type IoctlName, LOCK, MODEM_BIT, OPEN, STANDARD_RATES, TIOCSER_TEMT } from "./linux.ts";
import { permissionAdviceFor } from "./permission.ts";
import type { FlushDirection, ModemLines, ModemOutputs } from "./serial-port-like.ts";
import {
  decodeTermios,
  encodeTermios,
  framingNotTaken,
  makeRaw,
  type Termios,
  TERMIOS2_BYTES,
  TERMIOS_BYTES,
  withBaudRate,
  withSettings,
} from "./termios.ts";

const { EACCES, EAGAIN, EBUSY, EINTR, EINVAL, EIO, EISDIR, ENODEV, ENOENT, ENOSYS, ENOTDIR, ENOTTY, ENXIO, EPERM } =
  constants.errno;

/** How far the rate that a device has chosen may be from the one asked for; beyond about this, receivers lose the bits of a byte. */
const RATE_TOLERANCE = 0.03;

/** Device numbers of the slave ends of pseudo terminals: Linux Documentation/admin-guide/devices.txt. */
const PTY_SLAVE_MAJOR = { first: 136, last: 143 };

const isAny = (errno: number, ...expected: readonly number[]): boolean => expected.includes(errno);

/** Opens `path`, not as the controlling terminal, without waiting for a carrier; the descriptor is not handed to child processes. */
function openDevice(system: Libc, path: string): number {
  if (path.includes("\0")) throw new SerialPortError("not-found", `${path}: no path has a zero byte`, { path });
  const fd = system.open(path, OPEN.readWrite | OPEN.noControllingTty | OPEN.nonBlocking | OPEN.closeOnExec);
  if (fd >= 0) return fd;
  const detail = { path, errno: -fd, syscall: "open" };
  if (isAny(-fd, ENOENT, ENOTDIR)) throw systemError("not-found", "there is no such device", detail);
  if (isAny(-fd, ENXIO, ENODEV, EIO)) throw systemError("not-found", "there is nothing behind this device", detail);
  if (isAny(-fd, EACCES, EPERM)) throw systemError("permission-denied", permissionAdviceFor(path), detail);
  if (isAny(-fd, EBUSY)) throw systemError("busy", "another program has it for itself", detail);
  if (isAny(-fd, EISDIR)) throw systemError("not-a-tty", "this is a folder, expected a serial device", detail);
  throw systemError("io", "cannot be opened", detail);
}

/** An open terminal and what the system can be asked to do with it. Nothing waits here. Errors are SerialPortError. */
export class Tty {
  readonly path: string;
  readonly fd: number;
  readonly #system: Libc;
  #isExclusive = false;
  #isInBreak = false;
  #hasTermios2 = true;

  private constructor(system: Libc, path: string) {
    this.#system = system;
    this.path = path;
    this.fd = openDevice(system, path);
  }

  /** Opens `path` and, where `exclusive`, claims it: `not-found`, `permission-denied`, `busy`, `not-a-tty`, `io`. */
  static open(path: string, exclusive: boolean, system: Libc = libc()): Tty {
    const tty = new Tty(system, path);
    return tty.#orRelease(() => {
      tty.#checkIsTerminal();
      if (exclusive) tty.#claim();
    });
  }

  /** Opens the master end of a new pseudo terminal and unlocks its slave. */
  static openMaster(): { readonly master: Tty; readonly slavePath: string } {
    const path = "/dev/ptmx";
    const master = new Tty(libc(), path);
    const number = new Int32Array(1);
    master.#orRelease(() => {
      master.#ioctl("TIOCSPTLCK", new Int32Array([0]));
      master.#ioctl("TIOCGPTN", number);
    });
    return { master, slavePath: `/dev/pts/${number[0]}` };
  }

  /** Puts the line into raw mode with `settings`: `unsupported-rate`, `unsupported-setting` where the device does not take them. */
  configure(settings: LineSettings): void {
    const asked = withSettings(this.readTermios(), settings);
    const taken = this.#apply(asked);
    // A pseudo terminal has no wire: it is always 8N1, and carries whole bytes whatever is asked for.
    const refused = this.#isPtySlave() ? [] : framingNotTaken(asked, taken);
    if (refused.length > 0) {
      const shown = refused.map((name) => `${name} ${String(settings[name])}`).join(", ");
      throw new SerialPortError("unsupported-setting", `${this.path}: the device does not take ${shown}`, {
        path: this.path,
      });
    }
  }

  /** Puts the line into raw mode and changes nothing else. */
  makeRaw(): void {
    this.#writeTermios(makeRaw(this.readTermios()));
  }

  setBaudRate(baudRate: number): void {
    this.#apply(withBaudRate(this.readTermios(), baudRate));
  }

  /** The size of the window, which full-screen programs ask a terminal for. */
  setWindowSize(columns: number, rows: number): void {
    this.#ioctl("TIOCSWINSZ", new Uint16Array([rows, columns, 0, 0]));
  }

  readTermios(): Termios {
    if (this.#hasTermios2) {
      const bytes = new Uint8Array(TERMIOS2_BYTES);
      const errno = -this.#system.ioctl(this.fd, "TCGETS2", bytes);
      if (errno <= 0) return decodeTermios(bytes);
      // qemu-user, and what is no terminal, do not know this request.
      if (!isAny(errno, ENOTTY, ENOSYS, EINVAL)) throw this.#failure("ioctl TCGETS2", errno);
      this.#hasTermios2 = false;
    }
    const bytes = new Uint8Array(TERMIOS_BYTES);
    this.#ioctl("TCGETS", bytes);
    return decodeTermios(bytes);
  }

  /** Sends as many of `bytes`, at least one, as the system takes at once; returns how many, 0 where it takes none now. */
  write(bytes: Uint8Array): number {
    const written = this.#system.write(this.fd, bytes);
    if (written >= 0) return written;
    if (isAny(-written, EAGAIN, EINTR)) return 0;
    throw this.#failure("write", -written);
  }

  /** Throws away what the system holds. */
  flush(direction: FlushDirection): void {
    const errno = -this.#system.tcflush(this.fd, direction);
    if (errno > 0) throw this.#failure("tcflush", errno);
  }

  /** Bytes that the system has taken and the device has not; 0 where it does not tell. */
  unsentBytes(): number {
    const count = new Int32Array(1);
    return this.#ioctlWhereKnown("TIOCOUTQ", count) ? (count[0] ?? 0) : 0;
  }

  /** Whether the last bit is out of the device; true where it does not tell. */
  isTransmitterEmpty(): boolean {
    const status = new Int32Array(1);
    return !this.#ioctlWhereKnown("TIOCSERGETLSR", status) || ((status[0] ?? 0) & TIOCSER_TEMT) !== 0;
  }

  modemLines(): ModemLines | undefined {
    const word = new Int32Array(1);
    if (!this.#ioctlWhereKnown("TIOCMGET", word)) return undefined;
    const has = (bit: number): boolean => ((word[0] ?? 0) & bit) !== 0;
    const { cts, dcd, dsr, dtr, ri, rts } = MODEM_BIT;
    return { cts: has(cts), dsr: has(dsr), dcd: has(dcd), ri: has(ri), rts: has(rts), dtr: has(dtr) };
  }

  /** Returns false where the device has no modem lines. */
  setModemLines(outputs: ModemOutputs): boolean {
    const bits = (level: boolean): Int32Array =>
      new Int32Array([(outputs.rts === level ? MODEM_BIT.rts : 0) | (outputs.dtr === level ? MODEM_BIT.dtr : 0)]);
    return this.#ioctlWhereKnown("TIOCMBIS", bits(true)) && this.#ioctlWhereKnown("TIOCMBIC", bits(false));
  }

  /** Begins or ends the break condition; nothing happens on a device that has none. */
  setBreak(isOn: boolean): void {
    this.#isInBreak = isOn;
    this.#ioctlWhereKnown(isOn ? "TIOCSBRK" : "TIOCCBRK");
  }

  /** Gives the descriptor back; nothing may be asked afterwards. */
  release(): void {
    // A line left in the break condition would stay in it for the next user.
    if (this.#isInBreak) this.#system.ioctl(this.fd, "TIOCCBRK");
    // By hand: the reader's own copy of the descriptor is closed a little later, by another thread, and would hold both until then.
    if (this.#isExclusive) {
      this.#system.flock(this.fd, LOCK.unlock);
      this.#system.ioctl(this.fd, "TIOCNXCL");
    }
    this.#system.close(this.fd);
  }

  #checkIsTerminal(): void {
    try {
      this.readTermios();
    } catch (cause) {
      if (!(cause instanceof SerialPortError) || cause.errno === undefined) throw cause;
      const detail = { path: this.path, errno: cause.errno, syscall: cause.syscall ?? "ioctl TCGETS" };
      if (isAny(cause.errno, ENOTTY, EINVAL)) throw systemError("not-a-tty", "this is no serial device", detail);
      // What Linux answers for the placeholders ttyS0 to ttyS3 of a machine that has no such hardware.
      if (isAny(cause.errno, EIO)) throw systemError("not-found", "there is no hardware behind this device", detail);
      throw cause;
    }
  }

  /** Both locks are needed: flock is advice that only those hear who ask, and TIOCEXCL does not stop root. */
  #claim(): void {
    const errno = -this.#system.flock(this.fd, LOCK.exclusive | LOCK.nonBlocking);
    const detail = { path: this.path, errno, syscall: "flock" };
    if (isAny(errno, EAGAIN)) throw systemError("busy", "it is open already, here or in another program", detail);
    if (errno > 0) throw systemError("io", "cannot be claimed", detail);
    this.#isExclusive = true;
    // It lasts until nobody has the terminal open. That of a pseudo terminal is held open by its master's program as well, and a client
    // that crashes would close it to all others for good.
    if (!this.#isPtySlave()) this.#ioctl("TIOCEXCL");
  }

  /** Applies `asked` and returns what the device made of it; `unsupported-rate` where it runs at another speed. */
  #apply(asked: Termios): Termios {
    if (!this.#hasTermios2 && !STANDARD_RATES.has(asked.outputRate)) {
      const message = `${this.path}: ${asked.outputRate} baud is no standard rate, and this kernel knows no other`;
      throw new SerialPortError("unsupported-rate", message, { path: this.path });
    }
    this.#writeTermios(asked);
    const taken = this.readTermios();
    const { outputRate } = taken;
    if (Math.abs(outputRate - asked.outputRate) > asked.outputRate * RATE_TOLERANCE) {
      const message = `${this.path}: asked for ${asked.outputRate} baud, the device runs at ${outputRate}`;
      throw new SerialPortError("unsupported-rate", message, { path: this.path });
    }
    return taken;
  }

  #writeTermios(termios: Termios): void {
    if (this.#hasTermios2) this.#ioctl("TCSETS2", encodeTermios(termios, TERMIOS2_BYTES));
    else this.#ioctl("TCSETS", encodeTermios(termios, TERMIOS_BYTES));
  }

  #isPtySlave(): boolean {
    const { rdev } = fstatSync(this.fd);
    const major = Math.floor(rdev / 256) % 4096;
    return major >= PTY_SLAVE_MAJOR.first && major <= PTY_SLAVE_MAJOR.last;
  }

  #ioctl(request: IoctlName, argument?: Uint8Array | Int32Array | Uint16Array): void {
    const errno = -this.#system.ioctl(this.fd, request, argument);
    if (errno > 0) throw this.#failure(`ioctl ${request}`, errno);
  }

  /** Returns false where the device does not know the request. */
  #ioctlWhereKnown(request: IoctlName, argument?: Int32Array): boolean {
    const errno = -this.#system.ioctl(this.fd, request, argument);
    if (isAny(errno, ENOTTY, EINVAL, ENOSYS)) return false;
    if (errno > 0) throw this.#failure(`ioctl ${request}`, errno);
    return true;
  }

  #failure(syscall: string, errno: number): SerialPortError {
    const detail = { path: this.path, errno, syscall };
    if (isAny(errno, EIO, ENXIO, ENODEV)) return systemError("unplugged", "the device is gone", detail);
    return systemError("io", "the system refuses", detail);
  }

  #orRelease(prepare: () => void): this {
    try {
      prepare();
    } catch (error) {
      this.release();
      throw error;
    }
    return this;
  }
}
