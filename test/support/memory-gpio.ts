import { constants } from "node:os";
import type { GpioSystem } from "../../src/gpio/libc.ts";
import type { IoctlName } from "../../src/gpio/linux-gpio.ts";

const { EBADF, EBUSY, EINVAL, ENOENT, ENOTTY } = constants.errno;

// Places in the structs as the C compiler has them (test/gpio/linux-gpio.test.ts compares ours with it).
const INPUT = 4n;
const OUTPUT = 8n;

/** A line of a chip in memory. */
export interface MemoryGpioLine {
  name: string;
  consumer: string;
  flags: bigint;
  level: boolean;
}

interface MemoryChip {
  readonly label: string;
  readonly lines: readonly MemoryGpioLine[];
}

/** What a descriptor is of: a chip, or a line. */
type Opened = { readonly chip: MemoryChip } | { readonly line: MemoryGpioLine } | "other";

/** The kernel's side of GPIO, as far as one line at a time goes. */
export class MemoryGpio implements GpioSystem {
  readonly chips = new Map<string, MemoryChip>();
  /** Error numbers that requests end with, by their name. */
  readonly failing = new Map<IoctlName | "open", number>();
  readonly #opened = new Map<number, Opened>();
  #nextFd = 3;

  /** Descriptors that have not been closed. */
  get openCount(): number {
    return this.#opened.size;
  }

  addChip(path: string, label: string, names: readonly string[]): readonly MemoryGpioLine[] {
    const lines = names.map((name) => ({ name, consumer: "", flags: INPUT, level: false }));
    this.chips.set(path, { label, lines });
    return lines;
  }

  open(path: string): number {
    const errno = this.failing.get("open");
    if (errno !== undefined) return -errno;
    const chip = this.chips.get(path);
    if (chip) return this.#give({ chip });
    return path === "/dev/null" ? this.#give("other") : -ENOENT;
  }

  close(fd: number): number {
    const opened = this.#opened.get(fd);
    if (!opened) return -EBADF;
    this.#opened.delete(fd);
    if (opened !== "other" && "line" in opened) opened.line.consumer = "";
    if (opened !== "other" && "line" in opened) opened.line.flags &= ~1n;
    return 0;
  }

  ioctl(fd: number, request: IoctlName, bytes: Uint8Array): number {
    const errno = this.failing.get(request);
    if (errno !== undefined) return -errno;
    const opened = this.#opened.get(fd);
    if (!opened) return -EBADF;
    if (opened === "other") return -ENOTTY;
    return "chip" in opened ? this.#ofChip(opened.chip, request, bytes) : ofLine(opened.line, request, bytes);
  }

  #ofChip({ label, lines }: MemoryChip, request: IoctlName, bytes: Uint8Array): number {
    const view = viewOf(bytes);
    if (request === "GPIO_GET_CHIPINFO") {
      write(bytes, 0, "gpiochip");
      write(bytes, 32, label);
      view.setUint32(64, lines.length, true);
      return 0;
    }
    const isInfo = request === "GPIO_V2_GET_LINEINFO";
    const line = lines[view.getUint32(isInfo ? 64 : 0, true)];
    if (!line) return -EINVAL;
    if (isInfo) {
      write(bytes, 0, line.name);
      write(bytes, 32, line.consumer);
      view.setBigUint64(72, line.flags, true);
      return 0;
    }
    if (request !== "GPIO_V2_GET_LINE" || view.getUint32(560, true) !== 1) return -EINVAL;
    if ((line.flags & 1n) !== 0n) return -EBUSY;
    const errno = configure(line, bytes.subarray(288, 288 + 272));
    if (errno !== 0) return errno;
    const name = bytes.subarray(256, 256 + 32);
    line.consumer = new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
    view.setInt32(588, this.#give({ line }), true);
    return 0;
  }

  #give(opened: Opened): number {
    const fd = this.#nextFd++;
    this.#opened.set(fd, opened);
    return fd;
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const write = (bytes: Uint8Array, at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);

/** What the kernel does with `struct gpio_v2_line_config`: one direction, and values for outputs alone. */
function configure(line: MemoryGpioLine, config: Uint8Array): number {
  const view = viewOf(config);
  const flags = view.getBigUint64(0, true);
  const attributes = view.getUint32(8, true);
  const isInput = (flags & INPUT) !== 0n;
  if (isInput === ((flags & OUTPUT) !== 0n) || (isInput && attributes > 0)) return -EINVAL;
  if (attributes > 0) {
    // GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES, for the first line.
    if (view.getUint32(32, true) !== 2 || view.getBigUint64(48, true) !== 1n) return -EINVAL;
    line.level = view.getBigUint64(40, true) === 1n;
  }
  line.flags = flags | 1n;
  return 0;
}

function ofLine(line: MemoryGpioLine, request: IoctlName, bytes: Uint8Array): number {
  const view = viewOf(bytes);
  if (request === "GPIO_V2_LINE_SET_CONFIG") return configure(line, bytes);
  if (view.getBigUint64(8, true) !== 1n) return -EINVAL;
  if (request === "GPIO_V2_LINE_GET_VALUES") {
    view.setBigUint64(0, line.level ? 1n : 0n, true);
    return 0;
  }
  if ((line.flags & OUTPUT) === 0n) return -constants.errno.EPERM;
  line.level = view.getBigUint64(0, true) === 1n;
  return 0;
}
