import {
  CHIP_INFO,
  CONFIG_ATTRIBUTE,
  LINE_CONFIG,
  LINE_FLAG,
  LINE_INFO,
  LINE_REQUEST,
  LINE_VALUES,
  NAME_BYTES,
  OUTPUT_VALUES_ID,
} from "./linux-gpio.ts";

/** What a line does. */
export type LineMode =
  /** It is read, and driven by others; `bias` is a resistor inside the chip, where it has one. */
  | { readonly direction: "input"; readonly bias?: "pull-up" | "pull-down" }
  /** It is driven to `isHigh`; an open drain pulls low only, and lets go where it would be high. */
  | { readonly direction: "output"; readonly isHigh: boolean; readonly drive?: "open-drain" };

/** What a chip says of itself. */
export interface ChipInfo {
  /** The kernel's name: gpiochip0. */
  readonly name: string;
  /** What the driver calls it: pinctrl-bcm2711. */
  readonly label: string;
  /** How many lines it has. */
  readonly lines: number;
}

/** What a chip says of one of its lines. */
export interface LineInfo {
  readonly offset: number;
  /** Empty where it has none. */
  readonly name: string;
  /** Who has it; empty where they gave no name, and where nobody has it. */
  readonly consumer: string;
  readonly isUsed: boolean;
  readonly direction: "input" | "output";
}

/** Structs are written as the machine has them; both architectures are little-endian. */
const LITTLE_ENDIAN = true;
/** The only line of a request is the first. */
const ONLY_LINE = 1n;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function textAt(bytes: Uint8Array, at: number): string {
  const field = bytes.subarray(at, at + NAME_BYTES);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Reads `struct gpiochip_info`. */
export function decodeChipInfo(bytes: Uint8Array): ChipInfo {
  const { name, label, lines } = CHIP_INFO;
  return {
    name: textAt(bytes, name),
    label: textAt(bytes, label),
    lines: viewOf(bytes).getUint32(lines, LITTLE_ENDIAN),
  };
}

/** Writes the `struct gpio_v2_line_info` that asks for a line. */
export function encodeLineInfo(offset: number): Uint8Array {
  const bytes = new Uint8Array(LINE_INFO.size);
  viewOf(bytes).setUint32(LINE_INFO.offset, offset, LITTLE_ENDIAN);
  return bytes;
}

/** Reads `struct gpio_v2_line_info`. */
export function decodeLineInfo(bytes: Uint8Array): LineInfo {
  const view = viewOf(bytes);
  const flags = view.getBigUint64(LINE_INFO.flags, LITTLE_ENDIAN);
  return {
    offset: view.getUint32(LINE_INFO.offset, LITTLE_ENDIAN),
    name: textAt(bytes, LINE_INFO.name),
    consumer: textAt(bytes, LINE_INFO.consumer),
    isUsed: (flags & LINE_FLAG.used) !== 0n,
    direction: (flags & LINE_FLAG.output) === 0n ? "input" : "output",
  };
}

function flagsOf(mode: LineMode): bigint {
  if (mode.direction === "output") return LINE_FLAG.output | (mode.drive === "open-drain" ? LINE_FLAG.openDrain : 0n);
  if (mode.bias === undefined) return LINE_FLAG.input;
  return LINE_FLAG.input | (mode.bias === "pull-up" ? LINE_FLAG.pullUp : LINE_FLAG.pullDown);
}

/** Writes the `struct gpio_v2_line_config` of one line. An output's first value goes with it, so that it is never at another. */
export function encodeConfig(mode: LineMode): Uint8Array {
  const bytes = new Uint8Array(LINE_CONFIG.size);
  const view = viewOf(bytes);
  view.setBigUint64(LINE_CONFIG.flags, flagsOf(mode), LITTLE_ENDIAN);
  if (mode.direction === "input") return bytes;
  view.setUint32(LINE_CONFIG.attributeCount, 1, LITTLE_ENDIAN);
  const at = LINE_CONFIG.attributes;
  view.setUint32(at + CONFIG_ATTRIBUTE.id, OUTPUT_VALUES_ID, LITTLE_ENDIAN);
  view.setBigUint64(at + CONFIG_ATTRIBUTE.values, mode.isHigh ? ONLY_LINE : 0n, LITTLE_ENDIAN);
  view.setBigUint64(at + CONFIG_ATTRIBUTE.mask, ONLY_LINE, LITTLE_ENDIAN);
  return bytes;
}

/** Writes the `struct gpio_v2_line_request` of one line. A consumer's name that is too long is cut. */
export function encodeLineRequest(offset: number, consumer: string, mode: LineMode): Uint8Array {
  const bytes = new Uint8Array(LINE_REQUEST.size);
  const view = viewOf(bytes);
  view.setUint32(LINE_REQUEST.offsets, offset, LITTLE_ENDIAN);
  new TextEncoder().encodeInto(consumer, bytes.subarray(LINE_REQUEST.consumer, LINE_REQUEST.consumer + NAME_BYTES - 1));
  bytes.set(encodeConfig(mode), LINE_REQUEST.config);
  view.setUint32(LINE_REQUEST.lineCount, 1, LITTLE_ENDIAN);
  return bytes;
}

/** The descriptor that the kernel has written into the `struct gpio_v2_line_request`. */
export const descriptorIn = (bytes: Uint8Array): number => viewOf(bytes).getInt32(LINE_REQUEST.fd, LITTLE_ENDIAN);

/** Writes `struct gpio_v2_line_values` for the only line. */
export function encodeValues(isHigh: boolean): Uint8Array {
  const bytes = new Uint8Array(LINE_VALUES.size);
  const view = viewOf(bytes);
  view.setBigUint64(LINE_VALUES.bits, isHigh ? ONLY_LINE : 0n, LITTLE_ENDIAN);
  view.setBigUint64(LINE_VALUES.mask, ONLY_LINE, LITTLE_ENDIAN);
  return bytes;
}

/** Whether the only line is high, by `struct gpio_v2_line_values`. */
export const decodeValue = (bytes: Uint8Array): boolean =>
  (viewOf(bytes).getBigUint64(LINE_VALUES.bits, LITTLE_ENDIAN) & ONLY_LINE) !== 0n;
