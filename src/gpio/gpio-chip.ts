import { constants } from "node:os";
import { errnoName, GpioError, type GpioErrorCode, type GpioErrorDetail } from "./errors.ts";
import { GpioLine, type LinePlace } from "./gpio-line.ts";
import { gpioSystem, type GpioSystem } from "./libc.ts";
import { CHIP_INFO, type IoctlName, OPEN } from "./linux-gpio.ts";
import { permissionAdviceFor } from "./permission.ts";
import {
  type ChipInfo,
  decodeChipInfo,
  decodeLineInfo,
  descriptorIn,
  encodeLineInfo,
  encodeLineRequest,
  type LineInfo,
  type LineMode,
} from "./wire-forms.ts";

const { EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENOTDIR, ENOTTY, ENXIO, EPERM } = constants.errno;

const isAny = (errno: number, ...others: readonly number[]): boolean => others.includes(errno);

/** How a line is asked for. */
export interface LineRequest {
  /** Who asks, for others who look; at most 31 bytes of it are kept. */
  readonly consumer: string;
  readonly mode: LineMode;
}

/** A chip with GPIO lines, open. */
export class GpioChip {
  /** Its device file. */
  readonly path: string;
  readonly info: ChipInfo;
  readonly #system: GpioSystem;
  readonly #fd: number;
  #isClosed = false;

  private constructor(system: GpioSystem, fd: number, path: string) {
    this.#system = system;
    this.#fd = fd;
    this.path = path;
    const bytes = new Uint8Array(CHIP_INFO.size);
    const errno = -system.ioctl(fd, "GPIO_GET_CHIPINFO", bytes);
    if (errno > 0) {
      system.close(fd);
      throw openError(path, errno, "ioctl GPIO_GET_CHIPINFO");
    }
    this.info = decodeChipInfo(bytes);
  }

  /** Opens the device file of a chip. @throws GpioError `gpio-not-found`, `gpio-permission-denied`, `gpio-unsupported`, `gpio-io` */
  static open(path: string, system: GpioSystem = gpioSystem()): GpioChip {
    const fd = system.open(path, OPEN.readWrite | OPEN.closeOnExec);
    if (fd < 0) throw openError(path, -fd, "open");
    return new GpioChip(system, fd, path);
  }

  /** What the chip says of the line at `offset`. @throws GpioError `gpio-not-found`, `gpio-released`, `gpio-io` */
  lineInfo(offset: number): LineInfo {
    const bytes = encodeLineInfo(offset);
    const errno = -this.#ioctl("GPIO_V2_GET_LINEINFO", bytes);
    if (errno > 0) throw this.#lineError(errno, offset, "GPIO_V2_GET_LINEINFO", `line ${offset} of ${this.path}`);
    return decodeLineInfo(bytes);
  }

  /** The offset of the line with this name. @throws GpioError `gpio-not-found`, `gpio-released`, `gpio-io` */
  offsetOf(name: string): number {
    for (let offset = 0; offset < this.info.lines; offset++) if (this.lineInfo(offset).name === name) return offset;
    const { label, lines } = this.info;
    const message = `${this.path} (${label}) has no line that is called ${name} among its ${lines}: gpioinfo lists them`;
    throw new GpioError("gpio-not-found", message, { path: this.path });
  }

  /** Takes the line at `offset`. @throws GpioError `gpio-not-found`, `gpio-busy`, `gpio-unsupported`, `gpio-released`, `gpio-io` */
  request(offset: number, { consumer, mode }: LineRequest): GpioLine {
    const { path } = this;
    const info = this.lineInfo(offset);
    const spelling = `line ${offset}${info.name === "" ? "" : ` (${info.name})`} of ${path}`;
    const place: LinePlace = { path, offset, spelling };
    const bytes = encodeLineRequest(offset, consumer, mode);
    const errno = -this.#ioctl("GPIO_V2_GET_LINE", bytes);
    if (errno > 0) throw this.#lineError(errno, offset, "GPIO_V2_GET_LINE", spelling);
    return new GpioLine(this.#system, descriptorIn(bytes), place, mode);
  }

  /** Gives the chip back; lines that were taken stay. May be called again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#system.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ioctl(request: IoctlName, bytes: Uint8Array): number {
    if (this.#isClosed) throw new GpioError("gpio-released", `${this.path} was closed before`, { path: this.path });
    return this.#system.ioctl(this.#fd, request, bytes);
  }

  #lineError(errno: number, offset: number, request: IoctlName, spelling: string): GpioError {
    const { path } = this;
    const detail = { path, offset, errno, syscall: `ioctl ${request}` };
    const how = `${detail.syscall}: ${errnoName(errno)}`;
    if (errno === EBUSY) {
      const { consumer } = this.lineInfo(offset);
      const who = consumer === "" ? "someone who gave no name" : JSON.stringify(consumer);
      return new GpioError("gpio-busy", `${spelling} is in use by ${who} (${how})`, { ...detail, consumer });
    }
    if (errno === EINVAL && offset >= this.info.lines) {
      const message = `${path} (${this.info.label}) has no line ${offset}: its lines are 0 to ${this.info.lines - 1} (${how})`;
      return new GpioError("gpio-not-found", message, detail);
    }
    if (errno === ENOTTY) return kernelTooOld(path, detail);
    if (errno === EPERM) return new GpioError("gpio-busy", `the kernel gives ${spelling} to nobody (${how})`, detail);
    return new GpioError("gpio-io", `the system refuses ${spelling} (${how})`, detail);
  }
}

const kernelTooOld = (path: string, detail: GpioErrorDetail): GpioError =>
  new GpioError(
    "gpio-unsupported",
    `${path} has no second version of the GPIO interface: Linux 5.10 or later is needed`,
    detail,
  );

function openError(path: string, errno: number, syscall: string): GpioError {
  const detail = { path, errno, syscall };
  const [code, what] = reasonOf(path, errno);
  return new GpioError(code, `${path}: ${what} (${syscall}: ${errnoName(errno)})`, detail);
}

function reasonOf(path: string, errno: number): readonly [GpioErrorCode, string] {
  if (isAny(errno, ENOENT, ENOTDIR, ENODEV, ENXIO)) return ["gpio-not-found", "there is no such GPIO chip"];
  if (isAny(errno, EACCES, EPERM)) return ["gpio-permission-denied", permissionAdviceFor(path)];
  if (isAny(errno, ENOTTY, EINVAL)) return ["gpio-not-found", "this is no GPIO chip"];
  return ["gpio-io", "the system refuses"];
}
