import { constants } from "node:os";
import { errnoName, GpioError } from "./errors.ts";
import type { GpioSystem } from "./libc.ts";
import type { IoctlName } from "./linux-gpio.ts";
import { decodeValue, encodeConfig, encodeValues, type LineMode } from "./wire-forms.ts";

/** Where a line is, and what people know it by. */
export interface LinePlace {
  readonly path: string;
  readonly offset: number;
  /** "line 27 (GPIO27) of /dev/gpiochip0" */
  readonly spelling: string;
}

/** One line that is ours until it is released; when the process ends in whatever way, the kernel releases it. */
export class GpioLine {
  readonly place: LinePlace;
  readonly #system: GpioSystem;
  readonly #fd: number;
  #mode: LineMode;
  #isReleased = false;

  /** `fd` is what the chip gave for the line, and is this object's from now on. */
  constructor(system: GpioSystem, fd: number, place: LinePlace, mode: LineMode) {
    this.#system = system;
    this.#fd = fd;
    this.place = place;
    this.#mode = mode;
  }

  /** Whether the line is high now. @throws GpioError `gpio-released`, `gpio-io` */
  read(): boolean {
    const values = encodeValues(false);
    this.#ioctl("GPIO_V2_LINE_GET_VALUES", values);
    return decodeValue(values);
  }

  /** Drives the line, making an output of it where it is none yet. @throws GpioError `gpio-released`, `gpio-unsupported`, `gpio-io` */
  drive(isHigh: boolean): void {
    if (this.#mode.direction === "output") this.#ioctl("GPIO_V2_LINE_SET_VALUES", encodeValues(isHigh));
    else this.configure({ direction: "output", isHigh });
  }

  /** Lets go of the line: makes an input of it. @throws GpioError `gpio-released`, `gpio-unsupported`, `gpio-io` */
  float(): void {
    if (this.#mode.direction === "output") this.configure({ direction: "input" });
  }

  /** Changes what the line does. @throws GpioError `gpio-released`, `gpio-unsupported`, `gpio-io` */
  configure(mode: LineMode): void {
    this.#ioctl("GPIO_V2_LINE_SET_CONFIG", encodeConfig(mode));
    this.#mode = mode;
  }

  /** Gives the line back, as it is. May be called again. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#system.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #ioctl(request: IoctlName, argument: Uint8Array): void {
    const { path, offset, spelling } = this.place;
    if (this.#isReleased) throw new GpioError("gpio-released", `${spelling} was given back before`, { path, offset });
    const errno = -this.#system.ioctl(this.#fd, request, argument);
    if (errno <= 0) return;
    const detail = { path, offset, errno, syscall: `ioctl ${request}` };
    const what = `${spelling} (${detail.syscall}: ${errnoName(errno)})`;
    if (errno === constants.errno.ENOTSUP || errno === constants.errno.EINVAL)
      throw new GpioError("gpio-unsupported", `the chip cannot do this with ${what}`, detail);
    throw new GpioError("gpio-io", `the system refuses ${what}`, detail);
  }
}
