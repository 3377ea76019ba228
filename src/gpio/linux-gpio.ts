/**
 * The Linux GPIO character device, second version of its interface (Linux 5.10 and later): structs, requests and flags, the same on
 * x64 and arm64.
 * @see Linux include/uapi/linux/gpio.h
 */

/** Bytes of a name, a label and a consumer, the final NUL included: GPIO_MAX_NAME_SIZE. */
export const NAME_BYTES = 32;

/** `struct gpiochip_info`: where its fields are, in bytes. */
export const CHIP_INFO = { size: 68, name: 0, label: 32, lines: 64 } as const;

/** `struct gpio_v2_line_info`. */
export const LINE_INFO = { size: 256, name: 0, consumer: 32, offset: 64, flags: 72 } as const;

/** `struct gpio_v2_line_config`; the attributes follow, of which the first is enough here. */
export const LINE_CONFIG = { size: 272, flags: 0, attributeCount: 8, attributes: 32 } as const;

/** `struct gpio_v2_line_config_attribute`. */
export const CONFIG_ATTRIBUTE = { size: 24, id: 0, values: 8, mask: 16 } as const;

/** `struct gpio_v2_line_request`. */
export const LINE_REQUEST = { size: 592, offsets: 0, consumer: 256, config: 288, lineCount: 560, fd: 588 } as const;

/** `struct gpio_v2_line_values`. */
export const LINE_VALUES = { size: 16, bits: 0, mask: 8 } as const;

/** GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES. */
export const OUTPUT_VALUES_ID = 2;

/** GPIO_V2_LINE_FLAG_…; all of them lie in the lower half of the 64 bits. */
export const LINE_FLAG = {
  used: 1n << 0n,
  activeLow: 1n << 1n,
  input: 1n << 2n,
  output: 1n << 3n,
  openDrain: 1n << 6n,
  pullUp: 1n << 8n,
  pullDown: 1n << 9n,
} as const;

const READ = 2;
const READ_WRITE = 3;
/** `_IOC` of asm-generic/ioctl.h, of the type 0xB4 that GPIO has. */
const request = (direction: number, number: number, size: number): number =>
  direction * 2 ** 30 + size * 2 ** 16 + 0xb4 * 2 ** 8 + number;

/** `ioctl(2)` requests: the first three on a chip, the others on the descriptor of a line. */
export const IOCTL = {
  GPIO_GET_CHIPINFO: request(READ, 0x01, CHIP_INFO.size),
  GPIO_V2_GET_LINEINFO: request(READ_WRITE, 0x05, LINE_INFO.size),
  GPIO_V2_GET_LINE: request(READ_WRITE, 0x07, LINE_REQUEST.size),
  GPIO_V2_LINE_SET_CONFIG: request(READ_WRITE, 0x0d, LINE_CONFIG.size),
  GPIO_V2_LINE_GET_VALUES: request(READ_WRITE, 0x0e, LINE_VALUES.size),
  GPIO_V2_LINE_SET_VALUES: request(READ_WRITE, 0x0f, LINE_VALUES.size),
} as const;

export type IoctlName = keyof typeof IOCTL;

/** `open(2)`: asm-generic/fcntl.h. */
export const OPEN = { readWrite: 0o2, closeOnExec: 0o2000000 } as const;
