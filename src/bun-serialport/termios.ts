import type { FlowControl, LineSettings, Parity } from "./line-settings.ts";
import { CONTROL_CHARACTER, CONTROL_FLAG, INPUT_FLAG, LOCAL_FLAG, OPOST, STANDARD_RATES } from "./linux.ts";

/**
 * The kernel's `struct termios2`: four words of flags, the line discipline, 19 control characters, two rates.
 * `struct termios`, which the older requests take, is the same without the rates.
 * @see Linux include/uapi/asm-generic/termbits.h
 */
export interface Termios {
  readonly inputFlags: number;
  readonly outputFlags: number;
  readonly controlFlags: number;
  readonly localFlags: number;
  readonly discipline: number;
  /** 19 bytes. */
  readonly controlCharacters: Uint8Array;
  /** In baud. */
  readonly inputRate: number;
  /** In baud. */
  readonly outputRate: number;
}

/** Bytes that `struct termios` takes. */
export const TERMIOS_BYTES = 36;
/** Bytes that `struct termios2` takes. */
export const TERMIOS2_BYTES = 44;

const OFFSET = {
  input: 0,
  output: 4,
  control: 8,
  local: 12,
  discipline: 16,
  characters: 17,
  inputRate: 36,
  outputRate: 40,
};

/** Bytes are written as the machine has them; both architectures are little-endian. */
const LITTLE_ENDIAN = true;

/** Everything that a terminal does to what it receives. */
const COOKING_INPUT =
  INPUT_FLAG.IGNBRK |
  INPUT_FLAG.BRKINT |
  INPUT_FLAG.IGNPAR |
  INPUT_FLAG.PARMRK |
  INPUT_FLAG.INPCK |
  INPUT_FLAG.ISTRIP |
  INPUT_FLAG.INLCR |
  INPUT_FLAG.IGNCR |
  INPUT_FLAG.ICRNL |
  INPUT_FLAG.IUCLC |
  INPUT_FLAG.IXON |
  INPUT_FLAG.IXANY |
  INPUT_FLAG.IXOFF;

const COOKING_LOCAL = LOCAL_FLAG.ISIG | LOCAL_FLAG.ICANON | LOCAL_FLAG.ECHO | LOCAL_FLAG.ECHONL | LOCAL_FLAG.IEXTEN;

const { BOTHER, CBAUD, CIBAUD, CLOCAL, CMSPAR, CREAD, CRTSCTS, CSIZE, CSTOPB, PARENB, PARODD } = CONTROL_FLAG;

const DATA_BITS_FLAG = { 5: 0, 6: 0o20, 7: 0o40, 8: 0o60 } as const;
const PARITY_FLAG: Readonly<Record<Parity, number>> = {
  none: 0,
  even: PARENB,
  odd: PARENB | PARODD,
  mark: PARENB | PARODD | CMSPAR,
  space: PARENB | CMSPAR,
};
const STOP_BITS_FLAG = { 1: 0, 2: CSTOPB } as const;
const FLOW_CONTROL_FLAG: Readonly<Record<FlowControl, { readonly control: number; readonly input: number }>> = {
  none: { control: 0, input: 0 },
  rtscts: { control: CRTSCTS, input: 0 },
  xonxoff: { control: 0, input: INPUT_FLAG.IXON | INPUT_FLAG.IXOFF },
};

/** Where the flags of LineSettings are, the rate aside. */
const FRAMING_MASK = CSIZE | CSTOPB | PARENB | PARODD | CMSPAR | CRTSCTS;

const XON = 0x11;
const XOFF = 0x13;

/** `word` without the bits of `mask` and with those of `bits`; JavaScript's bit operations are signed, a flag word is not. */
const replaceBits = (word: number, mask: number, bits: number): number => ((word & ~mask) | bits) >>> 0;

/** The line in raw mode: nothing is interpreted, echoed or changed, a read returns as soon as there is a byte, carrier is ignored. */
export function makeRaw(current: Termios): Termios {
  const controlCharacters = current.controlCharacters.slice();
  // With VMIN 0 a read that finds nothing would look like a hang-up.
  controlCharacters[CONTROL_CHARACTER.VMIN] = 1;
  controlCharacters[CONTROL_CHARACTER.VTIME] = 0;
  return {
    ...current,
    inputFlags: replaceBits(current.inputFlags, COOKING_INPUT, 0),
    outputFlags: replaceBits(current.outputFlags, OPOST, 0),
    controlFlags: replaceBits(current.controlFlags, 0, CREAD | CLOCAL),
    localFlags: replaceBits(current.localFlags, COOKING_LOCAL, 0),
    controlCharacters,
  };
}

/** The line at another speed, in baud: by its Bxxx constant where there is one, as other programs expect it, else as a number. */
export function withBaudRate(current: Termios, baudRate: number): Termios {
  const constant = STANDARD_RATES.get(baudRate) ?? BOTHER;
  return {
    ...current,
    // No rate given for input means that of output.
    controlFlags: replaceBits(current.controlFlags, CBAUD | CIBAUD, constant),
    inputRate: baudRate,
    outputRate: baudRate,
  };
}

/** The line in raw mode with `settings`; what they do not speak of stays as it was. */
export function withSettings(current: Termios, settings: LineSettings): Termios {
  const raw = withBaudRate(makeRaw(current), settings.baudRate);
  const flow = FLOW_CONTROL_FLAG[settings.flowControl];
  const framing =
    DATA_BITS_FLAG[settings.dataBits] | PARITY_FLAG[settings.parity] | STOP_BITS_FLAG[settings.stopBits] | flow.control;
  const controlCharacters = raw.controlCharacters;
  controlCharacters[CONTROL_CHARACTER.VSTART] = XON;
  controlCharacters[CONTROL_CHARACTER.VSTOP] = XOFF;
  return {
    ...raw,
    inputFlags: replaceBits(raw.inputFlags, 0, flow.input),
    controlFlags: replaceBits(raw.controlFlags, FRAMING_MASK, framing),
    controlCharacters,
  };
}

/** The framing that was asked for and that the device did not take, by name; empty where it took all. */
export function framingNotTaken(asked: Termios, taken: Termios): readonly (keyof LineSettings)[] {
  const differing = (asked.controlFlags ^ taken.controlFlags) >>> 0;
  const names: (keyof LineSettings)[] = [];
  if (differing & CSIZE) names.push("dataBits");
  if (differing & (PARENB | PARODD | CMSPAR)) names.push("parity");
  if (differing & CSTOPB) names.push("stopBits");
  if (differing & CRTSCTS) names.push("flowControl");
  return names;
}

/** Reads `struct termios2` (44 bytes) or `struct termios` (36 bytes, the rates then from the Bxxx constant, 0 if it is none). */
export function decodeTermios(bytes: Uint8Array): Termios {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(at, LITTLE_ENDIAN);
  const controlFlags = word(OFFSET.control);
  const hasRates = bytes.length >= TERMIOS2_BYTES;
  const rate = hasRates ? word(OFFSET.outputRate) : standardRate(controlFlags);
  return {
    inputFlags: word(OFFSET.input),
    outputFlags: word(OFFSET.output),
    controlFlags,
    localFlags: word(OFFSET.local),
    discipline: view.getUint8(OFFSET.discipline),
    controlCharacters: bytes.slice(OFFSET.characters, TERMIOS_BYTES),
    inputRate: hasRates ? word(OFFSET.inputRate) : rate,
    outputRate: rate,
  };
}

/** Writes `struct termios2`, or `struct termios`, which has no place for the rates, where `size` is TERMIOS_BYTES. */
export function encodeTermios(termios: Termios, size: typeof TERMIOS_BYTES | typeof TERMIOS2_BYTES): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(OFFSET.input, termios.inputFlags, LITTLE_ENDIAN);
  view.setUint32(OFFSET.output, termios.outputFlags, LITTLE_ENDIAN);
  view.setUint32(OFFSET.control, termios.controlFlags, LITTLE_ENDIAN);
  view.setUint32(OFFSET.local, termios.localFlags, LITTLE_ENDIAN);
  view.setUint8(OFFSET.discipline, termios.discipline);
  bytes.set(termios.controlCharacters, OFFSET.characters);
  if (size === TERMIOS2_BYTES) {
    view.setUint32(OFFSET.inputRate, termios.inputRate, LITTLE_ENDIAN);
    view.setUint32(OFFSET.outputRate, termios.outputRate, LITTLE_ENDIAN);
  }
  return bytes;
}

function standardRate(controlFlags: number): number {
  const constant = controlFlags & CBAUD;
  for (const [rate, value] of STANDARD_RATES) if (value === constant) return rate;
  return 0;
}
